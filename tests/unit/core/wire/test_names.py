# SPDX-License-Identifier: MIT
"""Room names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.names import check_room, parse_room, room_segment

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda name: name not in {".", ".."}
)


@given(NAMES)
def test_every_allowed_name_survives_its_path_segment(name: str) -> None:
    """What a browser writes by encodeURIComponent is read back as the same name."""
    segment = room_segment(name)
    assert "/" not in segment
    assert segment.isascii()
    assert parse_room(segment) == name


def test_a_name_may_have_a_slash_percent_encoded() -> None:
    """A slash belongs to the name as %2F."""
    assert parse_room("a%2Fb") == "a/b"


def test_the_longest_name_is_200_characters_after_decoding() -> None:
    """The bound counts characters, not bytes, and is inclusive."""
    assert len(parse_room("%C3%A9" * 200)) == 200


@pytest.mark.parametrize(
    ("segment", "part"),
    [
        ("", "empty"),
        ("a" * 201, "201 characters"),
        (".", "'.'"),
        ("%2e%2e", "'..'"),
        ("a%00", "control"),
        ("a%0ab", "control"),
        ("a%C2%85", "control"),
        ("%ff", "UTF-8"),
        ("%ED%A0%80", "UTF-8"),
    ],
)
def test_a_bad_name_is_refused_with_its_reason(segment: str, part: str) -> None:
    """The reason names what is wrong."""
    with pytest.raises(BadRequest, match=part):
        parse_room(segment)


def test_a_lone_surrogate_is_refused() -> None:
    """JSON can carry one, but no path could."""
    with pytest.raises(BadRequest):
        check_room("a\ud800")
