# SPDX-License-Identifier: MIT
"""What is said of an option that cannot be used."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.config.errors import (
    NOT_SHOWN,
    CommandError,
    ConfigError,
    UsageError,
    printable,
    shown,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError("web", "/x", "no such folder"), 1),
        (UsageError("drain", "soon", "not a time"), 2),
        (CommandError("there is no option --x"), 2),
    ],
)
def test_the_status_tells_what_means_nothing_from_what_is_missing(
    error: ConfigError | CommandError, status: int
) -> None:
    """1 may be another tomorrow, 2 never is."""
    assert error.status == status


def test_it_names_option_value_and_reason() -> None:
    """For people as one line, for programs each by itself."""
    error = UsageError("drain", "very soon", "not a time")
    assert str(error) == "--drain 'very soon': not a time"
    assert (error.option, error.value, error.reason) == ("drain", "very soon", "not a time")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "''"),
        ("a", "a"),
        ("a b", "'a b'"),
        ("it's a", "'it'\"'\"'s a'"),
        (NOT_SHOWN, NOT_SHOWN),
        (2.5, "2.5"),
        (None, "None"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\ud800", "\\ud800"),
        ("\u202e", "\\u202e"),
        ("\u00e9", "\u00e9"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 120 + "\u2026"),
    ],
)
def test_a_value_is_shown_as_it_is_typed(value: object, text: str) -> None:
    """Not all of a long one, and nothing that a terminal would obey."""
    assert shown(value) == text


@given(st.text())
def test_any_text_is_one_line_that_can_be_printed(text: str) -> None:
    """What can be printed stays as it is; what is shown is one word to a shell."""
    told = printable(text)
    assert told.isprintable()
    assert (told == text) is text.isprintable()
    assert str(CommandError(text)) == told
    if " " in text and len(text) < 50:
        assert shlex.split(shown(text)) == [told]
