# SPDX-License-Identifier: MIT
"""Server-sent events, written by us and read as the HTML standard says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.support.events import EventReader
from wsecho.core.wire.events import HEARTBEAT, write_event


@given(st.text(), st.sampled_from([None, "joined"]), st.none() | st.integers(0, 9), st.booleans())
def test_an_event_is_read_as_it_was_written(
    text: str, name: str | None, identifier: int | None, at_once: bool
) -> None:
    """Whatever its data says, at once or byte by byte, between heartbeats."""
    data = json.dumps(text).encode()
    stream = HEARTBEAT + write_event(data, name=name, identifier=identifier, retry=7) + HEARTBEAT
    reader = EventReader()
    pieces = [stream] if at_once else [stream[i : i + 1] for i in range(len(stream))]
    [event] = [event for piece in pieces for event in reader.feed(piece)]
    assert json.loads(event.data) == text
    assert event.name == (name or "message")
    assert event.last_id == ("" if identifier is None else str(identifier))
    assert (reader.retry, reader.comments) == (7, 2)


@given(st.text(st.sampled_from('a\x85\u2028\u2029\xc2\u20a8"\\\U0002a028'), max_size=12))
def test_lines_end_where_unicode_ends_them_too(text: str) -> None:
    """Clients that split by Unicode (`str.splitlines`) read the same event."""
    event = write_event(json.dumps(text, ensure_ascii=False).encode(), identifier=1)
    first, second, *rest = event.decode().splitlines()
    assert (first, rest) == ("id: 1", [""])
    assert json.loads(second.removeprefix("data: ")) == text


def test_an_event_without_an_id_keeps_the_one_before() -> None:
    """So that a reader comes back to the last message, whatever came behind it."""
    reader = EventReader()
    reader.feed(write_event(b"1", identifier="e:1"))
    [event] = reader.feed(write_event(b"2", name="presence"))
    assert event.last_id == "e:1"
