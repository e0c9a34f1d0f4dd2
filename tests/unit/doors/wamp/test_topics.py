# SPDX-License-Identifier: MIT
"""Rooms and topics beside one another: each leads to the other, and what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.doors.wamp.topics import room_at, topic_of
from wsecho.router import WampError

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda name: name not in {".", ".."}
)


@given(NAMES)
def test_a_room_comes_back_from_its_topic(room: str) -> None:
    """Whatever its name, and however often it is asked."""
    for _ in range(2):
        assert room_at(topic_of(room)) == room


@pytest.mark.parametrize("name", ["", "%ff", "%00", "x" * 201])
def test_no_room_is_an_invalid_uri(name: str) -> None:
    """Each time."""
    for _ in range(2):
        with pytest.raises(WampError) as caught:
            room_at(f"wsecho.room.{name}")
        assert caught.value.uri == "wamp.error.invalid_uri"
