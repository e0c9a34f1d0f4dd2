# SPDX-License-Identifier: MIT
"""The frames of `wsecho.v1`: what a client may send, and what is written."""

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms import vocabulary
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.vocabulary import FrameError, PingFrame, PublishFrame, TokenFrame, read_frame
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.positions import Position

IDS = st.none() | st.text(max_size=20) | st.integers(-(2**53), 2**53)


@given(st.text(), IDS)
def test_a_publish_of_text_is_read(text: str, identifier: str | int | None) -> None:
    """As it stands, whatever is in it."""
    frame = json.dumps({"type": "publish", "data": text, "id": identifier, "more": 1})
    assert read_frame(frame.encode()) == PublishFrame(text.encode(), False, identifier, None)


@given(st.binary())
def test_a_publish_of_binary_is_read(octets: bytes) -> None:
    """In base64."""
    frame = {"type": "publish", "base64": b64encode(octets).decode(), "key": "k"}
    assert read_frame(json.dumps(frame).encode()) == PublishFrame(octets, True, None, "k")


def test_the_other_frames_are_read() -> None:
    """Both of them."""
    assert read_frame(b'{"type":"ping"}') == PingFrame()
    assert read_frame(b'{"type":"token","token":"x.y.z"}') == TokenFrame("x.y.z")


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "type"),
        ('{"type":["publish"]}', "type"),
        ('{"type":"publish"}', "data"),
        ('{"type":"publish","data":"x","base64":"eA=="}', "one of the two"),
        ('{"type":"publish","data":1}', "no string"),
        ('{"type":"publish","data":"\\ud800"}', "surrogate"),
        ('{"type":"publish","base64":"*"}', "base64"),
        ('{"type":"publish","base64":7}', "base64"),
        ('{"type":"publish","data":"x","id":true}', "id"),
        ('{"type":"publish","data":"x","id":1.5}', "id"),
        ('{"type":"publish","data":"x","key":"a b"}', "key"),
        ('{"type":"publish","data":"x","key":""}', "key"),
        ('{"type":"token","token":1}', "token"),
    ],
)
def test_a_bad_frame_is_named(frame: str, reason: str) -> None:
    """In one sentence."""
    with pytest.raises(FrameError, match=reason):
        read_frame(frame.encode())


def test_the_error_of_a_publish_carries_its_id() -> None:
    """So that the client knows which it was."""
    with pytest.raises(FrameError) as caught:
        read_frame(b'{"type":"publish","id":"i7","data":1}')
    assert caught.value.id == "i7"
    assert vocabulary.publish_id(b'{"type":"publish","id":"i7","data":1}') == "i7"
    assert vocabulary.publish_id(b'{"type":"publish","id":8,"data":"x"}') == 8
    assert vocabulary.publish_id(b'{"type":"ping"}') is None


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Never anything else."""
    try:
        read_frame(octets)
    except FrameError:
        return


@given(st.text(), st.integers(1, 2**53 - 1))
def test_a_text_message_is_written(text: str, offset: int) -> None:
    """And holds no line break, which server-sent events could not carry."""
    frame = vocabulary.write_message(Message(Position("e", offset), text.encode(), False, 0.0, 1))
    assert b"\n" not in frame
    assert b"\r" not in frame
    assert json.loads(frame) == {
        "type": "message",
        "position": f"e:{offset}",
        "time": 0,
        "data": text,
    }


def test_a_binary_message_is_written() -> None:
    """In base64."""
    frame = vocabulary.write_message(Message(Position("e", 1), b"\0\xff", True, 1.5, 1))
    assert json.loads(frame) == {
        "type": "message",
        "position": "e:1",
        "time": 1500,
        "base64": "AP8=",
    }


@given(st.text(max_size=200), st.text(), st.floats(0, 2**33))
def test_who_said_it_and_when_is_written(name: str, text: str, time: float) -> None:
    """Whatever the name is; the time is cut to milliseconds."""
    author = Author("id", name)
    message = Message(Position("e", 1), text.encode(), False, time, 1, author)
    for _ in range(2):
        frame = json.loads(vocabulary.write_message(message))
        assert frame.pop("time") == int(time * 1000)
        assert frame == {
            "type": "message",
            "position": "e:1",
            "from": {"id": "id", "name": name},
            "data": text,
        }


def test_one_author_is_written_once_for_many_messages() -> None:
    """And a name only where there is one."""
    author = Author("id")
    for offset in (1, 2):
        message = Message(Position("e", offset), b"x", False, 0.0, 1, author)
        assert json.loads(vocabulary.write_message(message))["from"] == {"id": "id"}
    assert author.written == '{"id":"id"}'


def test_joined_says_what_was_asked_for_and_no_more() -> None:
    """`recovered` and `members` stand only where they mean something."""
    position = Position("e", 3)
    plain = vocabulary.write_joined("r", "m", position, 9, recovered=None)
    assert json.loads(plain) == {
        "type": "joined",
        "room": "r",
        "member": "m",
        "position": "e:3",
        "max_message_size": 9,
    }
    full = vocabulary.write_joined(
        "r",
        "m",
        position,
        9,
        recovered=False,
        members=[Card("m", None, "raw", 0.0), Card("n", "Ann", "sse", 1.5)],
    )
    assert json.loads(full)["recovered"] is False
    assert json.loads(full)["members"] == [
        {"id": "m", "door": "raw", "since": "1970-01-01T00:00:00.000Z"},
        {"id": "n", "door": "sse", "since": "1970-01-01T00:00:01.500Z", "name": "Ann"},
    ]


def test_the_small_frames_are_written() -> None:
    """As wire.md has them."""
    card = Card("m", None, "raw", 0.0)
    member = {"id": "m", "door": "raw", "since": "1970-01-01T00:00:00.000Z"}
    written = [
        vocabulary.write_skipped("e", 3, 7),
        vocabulary.write_presence(Change("leave", card)),
        vocabulary.write_published("i", Position("e", 4)),
        vocabulary.write_token(99.0),
        vocabulary.write_closing(1.5),
        vocabulary.write_error(BadRequest("no"), 7),
        vocabulary.write_error(BadRequest("no")),
        vocabulary.PONG,
    ]
    assert [json.loads(frame) for frame in written] == [
        {"type": "skipped", "from": "e:3", "to": "e:7"},
        {"type": "presence", "action": "leave", "member": member},
        {"type": "published", "id": "i", "position": "e:4"},
        {"type": "token", "expires": 99},
        {"type": "closing", "retry": 1500},
        {"type": "error", "code": "bad_request", "reason": "no", "id": 7},
        {"type": "error", "code": "bad_request", "reason": "no"},
        {"type": "pong"},
    ]
