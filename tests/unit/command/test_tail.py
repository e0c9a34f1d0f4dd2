# SPDX-License-Identifier: MIT
"""`wsecho tail`, of a room that is none."""

import json
from collections.abc import Callable
from typing import Any, Final, Self

import pytest
from attrs import define, field

from wsecho.client.errors import Gap, NotWsecho
from wsecho.client.model import Message, Sender
from wsecho.command.tail import tail
from wsecho.core.wire.positions import Position

URL: Final = "http://127.0.0.1:9/broadcast/a"


@define(eq=False)
class FakeRoom:
    """A room that has all its messages at once, and then is left."""

    events: list[Message | Exception]
    asked: dict[str, Any] = field(factory=dict)

    def connect(self, url: str, **asked: Any) -> Self:
        """Be entered."""
        self.asked = {"url": url, **asked}
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """Give what is next, or raise it."""
        if not self.events:
            raise StopAsyncIteration
        event = self.events.pop(0)
        if isinstance(event, Exception):
            raise event
        return event


def at(offset: int) -> Position:
    """A place in the room."""
    return Position("e", offset)


Entered = Callable[..., FakeRoom]


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> Entered:
    """Have `tail` enter a room of these events."""

    def enter(*events: Message | Exception) -> FakeRoom:
        room = FakeRoom(list(events))
        monkeypatch.setattr("wsecho.command.tail.connect", room.connect)
        return room

    return enter


def test_what_is_asked_for(entered: Entered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is what the command line says."""
    monkeypatch.delenv("WSECHO_TOKEN", raising=False)
    room = entered()
    assert tail([URL]) == 0
    assert room.asked == {"url": URL, "token": None, "after": None, "history": None}
    room = entered()
    assert tail([URL, "--after", "e:7", "--history", "10", "--token", "a.b.c"]) == 0
    assert room.asked.pop("token")() == "a.b.c"
    assert room.asked == {"url": URL, "after": at(7), "history": 10}


def test_messages_and_gaps(entered: Entered, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """As they are; what is missing is told of beside, and it goes on."""
    entered(Message("é\x1b", at(1)), Gap(at(1), at(5), "it is gone"), Message(b"\xff", at(6)))
    assert tail([URL]) == 0
    out, err = capfdbinary.readouterr()
    assert out == "é\x1b\n".encode() + b"\xff\n"
    assert err == b"wsecho tail: messages after e:1 up to e:5 are missing: it is gone\n"


def test_frames(entered: Entered, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With all that is known, each in a line, gaps among them."""
    entered(
        Message("a\nb", at(1), 5, Sender("id", "Ann")),
        Message(b"\xff", at(2), 6, Sender("id")),
        Gap(at(2), at(5), "it is gone"),
        Message("\ud800", at(6)),
    )
    assert tail([URL, "--json"]) == 0
    out, err = capfdbinary.readouterr()
    ann, binary, gap, half = map(json.loads, out.splitlines())
    common = {"type": "message"}
    who = {"id": "id", "name": "Ann"}
    assert ann == {**common, "position": "e:1", "time": 5, "from": who, "data": "a\nb"}
    assert binary == {
        **common,
        "position": "e:2",
        "time": 6,
        "from": {"id": "id"},
        "base64": "/w==",
    }
    assert gap == {"type": "gap", "after": "e:2", "position": "e:5", "reason": "it is gone"}
    assert half == {**common, "position": "e:6", "data": "\ud800"}
    assert err == b""


def test_a_terminal_is_safe(
    entered: Entered, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whatever strangers say; each message is one line there."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    entered(Message("\x1b[2Jé\n\u202e", at(1)), Message(b"\x07\xff", at(2)))
    tail([URL])
    assert capfdbinary.readouterr().out == "\\x1b[2Jé\\n\\u202e\n\\x07\\xff\n".encode()


def test_what_cannot_be_entered(entered: Entered) -> None:
    """Is told in one line."""
    entered(NotWsecho("it is no wsecho"))
    with pytest.raises(SystemExit) as caught:
        tail([URL])
    assert caught.value.code == "wsecho tail: it is no wsecho (not_wsecho)"


def test_a_pipe_that_nobody_reads_is_no_complaint(entered: Entered) -> None:
    """It is for the command to end by it."""
    entered(BrokenPipeError())
    with pytest.raises(BrokenPipeError):
        tail([URL])
