# SPDX-License-Identifier: MIT
"""How one option is given, and what is complained of."""

from typing import Any

import pytest

from wsecho.config.errors import ConfigError
from wsecho.config.settings.option import Option


def make(*, repeatable: bool = False, is_secret: bool = False) -> Option:
    """An option that takes whole numbers."""
    return Option("number", int, "A number.", "COUNT", "7", "1", repeatable, is_secret)


@pytest.mark.parametrize(
    ("repeatable", "given", "value"),
    [(False, "7", 7), (True, "7", (7,)), (True, ["7", 8], (7, 8)), (True, [], ())],
)
def test_what_was_given_becomes_a_value(repeatable: bool, given: Any, value: Any) -> None:
    """One that may stand again is a list, also where it stands once."""
    assert make(repeatable=repeatable).value(given) == value


@pytest.mark.parametrize("repeatable", [False, True])
def test_a_complaint_names_the_option_and_what_was_given(repeatable: bool) -> None:
    """And the reason."""
    with pytest.raises(ConfigError, match=r"^--number seven: invalid literal"):
        make(repeatable=repeatable).value("seven")


def test_a_secret_is_not_repeated() -> None:
    """The complaint stands in logs, and on screens."""
    option = Option("word", lambda _: int(""), "A word.", "WORD", "hush", "none", is_secret=True)
    with pytest.raises(ConfigError, match=r"^--word \(not shown\): ") as caught:
        option.value("hush")
    assert "hush" not in str(caught.value)
