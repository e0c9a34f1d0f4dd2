# SPDX-License-Identifier: MIT
"""Messages from frames, and what waits for an answer."""

import json

import pytest

from tests.support.frames import Frame
from wsecho.core.lab import messages
from wsecho.core.lab.messages import (
    WAITING_COST,
    LabInbox,
    MessageGatherer,
    WaitingMessage,
    too_large,
)
from wsecho.core.lab.reading import LenientReader
from wsecho.core.lab.watching import Wrong
from wsecho.core.websocket.compression import Codec
from wsecho.core.websocket.deflate import Agreement
from wsecho.lane.octets import apply_mask


def gathered(
    *frames: tuple[int, bytes], inflater: Codec | None = None
) -> list[WaitingMessage | Wrong]:
    """What frames make."""
    gatherer = MessageGatherer(20, inflater)
    reader = LenientReader(100, apply_mask)
    data = b"".join(Frame(first, payload, None, 0).write() for first, payload in frames)
    found = (gatherer.frame(frame, 1.5) for frame in reader.feed(data))
    return [one for one in found if one is not None]


def test_fragments_make_a_message() -> None:
    """With what is told of it."""
    assert gathered((0x01, b"a"), (0x00, b""), (0x80, b"b"), (0x82, b"\xff")) == [
        WaitingMessage(b"ab", 1, 3, is_compressed=False, ms=1.5),
        WaitingMessage(b"\xff", 2, 1, is_compressed=False, ms=1.5),
    ]


def test_a_compressed_message_is_inflated() -> None:
    """Also in fragments; its window goes on."""
    inflater = Codec(Agreement(False, False, 12, 12))
    hello = bytes.fromhex("f248cdc9c90700")
    found = gathered((0xC1, hello), (0x41, hello[:2]), (0x80, hello[2:]), inflater=inflater)
    assert [one.payload for one in found if isinstance(one, WaitingMessage)] == [b"Hello"] * 2


def test_what_is_no_message() -> None:
    """Each for its reason."""
    inflater = Codec(Agreement(False, False, 12, 12))
    wrongs = [
        *gathered((0x81, b"\xff")),
        *gathered((0x82, b"x" * 21)),
        *gathered((0x02, b"x" * 20), (0x80, b"x")),
        *gathered((0xC1, b"\xff"), inflater=inflater),
    ]
    assert [one.code for one in wrongs if isinstance(one, Wrong)] == [1007, 1009, 1009, 1007]


def test_a_message_has_so_many_fragments_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short they are."""
    monkeypatch.setattr(messages, "MAX_FRAGMENTS", 9)
    first = gathered((0x01, b""), *[(0x00, b"")] * 9)
    assert [one.code for one in first if isinstance(one, Wrong)] == [1008]


def test_what_is_too_large_is_told_with_the_bound() -> None:
    """It is no fault of form."""
    assert too_large(5).what == "a message over --max-message-size, which is 5 here"


def test_an_inbox_keeps_the_order() -> None:
    """And counts octets; a Close is none of the messages."""
    inbox = LabInbox()
    inbox.put(WaitingMessage(b"ab", 1))
    inbox.put_close(b"\x03\xe8")
    assert (inbox.size - 2 * WAITING_COST, inbox.has_message) == (4, True)
    assert inbox.take().message == (b"ab", False)
    assert (inbox.size - WAITING_COST, inbox.has_message) == (2, False)
    assert inbox.first is not None
    assert inbox.first.is_close
    inbox.clear()
    assert (inbox.size, inbox.has_message) == (0, False)


def test_a_message_is_described() -> None:
    """As JSON."""
    payload, is_binary = WaitingMessage(b"ab", 2, 3, is_compressed=True, ms=1.5).described()
    assert not is_binary
    assert json.loads(payload) == {
        "opcode": "binary",
        "octets": 2,
        "fragments": 3,
        "compressed": True,
        "ms": 1.5,
    }
