# SPDX-License-Identifier: MIT
"""What somebody may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.config.config import OPTIONS
from wsecho.config.near import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("listne", ["listen", "drain"], "listen"),
        ("LISTEN", ["listen", "drain"], "listen"),
        ("max_message_size", ["max-message-size", "max-members"], "max-message-size"),
        ("eddsa", ["EdDSA", "HS256"], "EdDSA"),
        ("xyz", ["listen", "drain"], None),
        ("", ["listen"], None),
        ("listen", [], None),
    ],
)
def test_the_nearest_word(word: str, known: list[str], meant: str | None) -> None:
    """Whatever its case, and with either dash; none where none is like it."""
    assert nearest(word, known) == meant
    assert did_you_mean(word, known) == ("" if meant is None else f": did you mean {meant}?")


def test_it_is_named_as_it_is_typed() -> None:
    """With the dashes of an option."""
    assert did_you_mean("drian", iter(OPTIONS), "--") == ": did you mean --drain?"


@given(st.sampled_from(sorted(OPTIONS)), st.data())
def test_one_slip_is_understood(name: str, data: st.DataObject) -> None:
    """Two letters the wrong way round, in a name that is not short, mean this name."""
    place = data.draw(st.integers(0, len(name) - 2))
    slip = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    if len(name) > 4 and slip not in OPTIONS:
        assert nearest(slip, [name, "an-other"]) == name
