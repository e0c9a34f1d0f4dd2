# SPDX-License-Identifier: MIT
"""The frames of `wsecho.v1`, from the client's side; the server's own writer is the other."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.model import Member, Presence, Sender
from wsecho.client.protocol import frames
from wsecho.client.protocol.frames import BadFrameError
from wsecho.core.rooms import vocabulary
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.wire.positions import Position

HERE = Position("a", 7)
CARD = Card("id", "name", "v1", 1_700_000_000.0)


AUTHORS = st.none() | st.builds(Author, st.text(), st.none() | st.text(min_size=1))


@given(st.binary() | st.text(), st.integers(1, 2**53 - 1), AUTHORS)
def test_a_message_is_read_as_the_server_writes_it(
    data: bytes | str, offset: int, author: Author | None
) -> None:
    """Text and binary, when it was said and by whom."""
    payload, is_binary = (data.encode(), False) if isinstance(data, str) else (data, True)
    written = vocabulary.write_message(
        Message(Position("a", offset), payload, is_binary, 1.5, 1, author)
    )
    message = frames.read_message(frames.read_frame(written.decode()))
    assert (message.data, message.position, message.time) == (data, Position("a", offset), 1_500)
    sender = None if author is None else Sender(author.id, author.name)
    assert message.sender == sender


def test_who_and_when_are_read_where_they_are_told() -> None:
    """A server of before tells neither; what it could not mean is left out."""
    plain: dict[str, Any] = {"type": "message", "position": "a:7", "data": "x"}
    message = frames.read_message(plain)
    assert (message.time, message.sender) == (None, None)
    told = frames.read_message({**plain, "time": 1_764_460_800_123, "from": {"id": "i"}})
    assert (told.time, told.sender) == (1_764_460_800_123, Sender("i"))
    named = frames.read_message({**plain, "from": {"id": "i", "name": "Ada"}})
    assert named.sender == Sender("i", "Ada")
    odd = frames.read_message({**plain, "time": "now", "from": {"name": "nobody"}})
    assert odd == message
    assert evolve(named, sender=None) == message


@given(st.binary() | st.text(st.characters(exclude_categories=["Cs"])), st.integers(1))
def test_the_server_reads_what_is_written(data: bytes | str, number: int) -> None:
    """As it was meant."""
    frame = vocabulary.read_frame(frames.write_publish(number, "key-1", data))
    assert isinstance(frame, vocabulary.PublishFrame)
    payload = data.encode() if isinstance(data, str) else data
    assert (frame.payload, frame.is_binary) == (payload, isinstance(data, bytes))
    assert (frame.id, frame.key) == (number, "key-1")
    assert vocabulary.read_frame(frames.write_fresh_token("t")) == vocabulary.TokenFrame("t")


def test_text_that_is_none_cannot_be_written() -> None:
    """Half a surrogate pair has no UTF-8."""
    with pytest.raises(UnicodeEncodeError):
        frames.write_publish(1, "key", "\ud800")


def test_joined_is_read_as_the_server_writes_it() -> None:
    """With members and without."""
    written = vocabulary.write_joined("room", "me", HERE, 9, recovered=False, members=[CARD])
    joined = frames.read_joined(frames.read_frame(written.decode()))
    assert (joined.member, joined.position, joined.recovered) == ("me", HERE, False)
    assert joined.members == (Member("id", "name", "v1", "2023-11-14T22:13:20.000Z"),)
    assert joined.max_message_size == 9
    plain = frames.read_frame(
        vocabulary.write_joined("room", "me", HERE, 9, recovered=None).decode()
    )
    joined = frames.read_joined(plain)
    assert (joined.recovered, joined.members) == (None, None)
    before = {name: value for name, value in plain.items() if name != "max_message_size"}
    assert frames.read_joined(before).max_message_size is None


def test_presence_is_read_as_the_server_writes_it() -> None:
    """Coming and going."""
    written = frames.read_frame(vocabulary.write_presence(Change("leave", CARD)).decode())
    member = Member("id", "name", "v1", "2023-11-14T22:13:20.000Z")
    assert frames.read_presence(written) == Presence("leave", member)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[]", "1", '"joined"', "{}", '{"type":1}', "[" * 100_000, '{"type":"x"}{}'],
    ids=range(10),
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    """Whatever else it is."""
    with pytest.raises(BadFrameError):
        frames.read_frame(text)


def test_spaces_around_a_frame_are_none_of_it() -> None:
    """As RFC 8259 section 2 has it."""
    assert frames.read_frame(' {"type":"x"}\r\n') == {"type": "x"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = (
    *("position", "data", "base64", "time", "from", "member", "members", "recovered", "action"),
    "max_message_size",
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.just("a:1")))
def test_a_frame_with_anything_in_it_is_read_or_refused(fields: dict[str, Any]) -> None:
    """And nothing else happens."""
    for read in (frames.read_message, frames.read_joined, frames.read_presence):
        try:
            read({"type": "x", **json.loads(json.dumps(fields))})
        except BadFrameError as error:
            assert str(error).startswith("the server sent")  # noqa: PT017  # it may be fine, too
