# SPDX-License-Identifier: MIT
"""Rooms as WAMP topics."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.core.wire.test_names import NAMES
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.topics import ROOM_PREFIX, room_topic, topic_room
from wsecho.router.wire.uris import is_uri


@given(NAMES)
@example(".a")
@example("a.")
@example("a..b")
@example("...")
@example("a/b c#d")
def test_pattern_subscriber_has_one_topic_that_is_a_strict_uri(room: str) -> None:
    """And the topic names that room."""
    topic = room_topic(room)
    assert topic.startswith(ROOM_PREFIX)
    assert is_uri(topic)
    assert topic_room(topic) == room


@pytest.mark.parametrize(
    ("room", "topic"),
    [("a.b", "a.b"), (".a", "%2Ea"), ("a.", "a%2E"), ("a..b", "a.%2Eb"), ("é/!", "%C3%A9%2F!")],
)
def test_dots_stay_where_they_can(room: str, topic: str) -> None:
    """So that patterns work over dotted names."""
    assert room_topic(room) == ROOM_PREFIX + topic


@given(st.text(alphabet="ab.%2E", min_size=1, max_size=8))
def test_any_spelling_is_a_room_or_refused(spelling: str) -> None:
    """Whatever decodes to the same name is the same room."""
    try:
        room = topic_room(ROOM_PREFIX + spelling)
    except BadRequest:
        return
    assert topic_room(room_topic(room)) == room
