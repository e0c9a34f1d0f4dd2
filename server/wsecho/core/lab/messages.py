# SPDX-License-Identifier: MIT
"""A client's messages, put together from its frames, and what waits for an answer."""

import json
from collections import deque
from typing import Final

from attrs import define, field, frozen

from wsecho.core.lab.reading import ReceivedFrame
from wsecho.core.lab.rules import Message
from wsecho.core.lab.watching import Wrong
from wsecho.core.websocket.compression import Codec, InflatedTooLargeError, InflationError
from wsecho.core.websocket.frames import Opcode
from wsecho.core.websocket.gathering import MAX_FRAGMENTS
from wsecho.core.websocket.reading import is_utf8
from wsecho.core.wire.errors import CloseCode

WAITING_COST: Final = 256
"""Octets that a waiting message takes beside its payload, about."""

NO_TEXT = Wrong("a text that is no UTF-8", "6455 8.1", CloseCode.INVALID_PAYLOAD)
NO_DEFLATE = Wrong(
    "a compressed message that is no DEFLATE", "7692 7.2.2", CloseCode.INVALID_PAYLOAD
)


@frozen
class WaitingMessage:
    """A message, or a Close, that waits for its answer.

    Attributes:
        payload: its octets.
        opcode: what it is.
        fragments: the frames that it came in.
        is_compressed: whether it was.
        ms: when it was whole, milliseconds since the connection opened.
    """

    payload: bytes
    opcode: int
    fragments: int = 1
    is_compressed: bool = False
    ms: float = 0.0

    @property
    def is_close(self) -> bool:
        """Whether it is a Close."""
        return self.opcode == Opcode.CLOSE

    @property
    def message(self) -> Message:
        """It, to be sent back."""
        return self.payload, self.opcode == Opcode.BINARY

    def described(self) -> Message:
        """What it was, as a message."""
        told = {
            "opcode": "binary" if self.opcode == Opcode.BINARY else "text",
            "octets": len(self.payload),
            "fragments": self.fragments,
            "compressed": self.is_compressed,
            "ms": self.ms,
        }
        return json.dumps(told).encode(), False


@define(eq=False)
class LabInbox:
    """What waits to be answered, in order."""

    _waiting: deque[WaitingMessage] = field(factory=deque, init=False)
    size: int = field(default=0, init=False)
    """Octets that it takes."""

    def put(self, waiting: WaitingMessage) -> None:
        """Have something wait."""
        self._waiting.append(waiting)
        self.size += WAITING_COST + len(waiting.payload)

    def put_close(self, payload: bytes) -> None:
        """Have a Close wait."""
        self.put(WaitingMessage(payload, Opcode.CLOSE))

    def take(self) -> WaitingMessage:
        """Take what has waited longest."""
        waiting = self._waiting.popleft()
        self.size -= WAITING_COST + len(waiting.payload)
        return waiting

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self.size = 0

    @property
    def first(self) -> WaitingMessage | None:
        """What has waited longest, None for nothing."""
        return self._waiting[0] if self._waiting else None

    @property
    def has_message(self) -> bool:
        """Whether a message is next."""
        return self.first is not None and not self.first.is_close


@define(eq=False)
class _Gathered:
    opcode: int
    is_compressed: bool
    payload: bytearray = field(factory=bytearray)
    fragments: int = 0


@define(eq=False)
class MessageGatherer:
    """Puts messages together from data frames that follow each other rightly.

    Args:
        most: octets of the longest message.
        inflater: what inflates, None where nothing is compressed.
    """

    _most: int
    _inflater: Codec | None
    _gathered: _Gathered | None = field(default=None, init=False)

    @property
    def size(self) -> int:
        """Octets of a message that is not whole."""
        return 0 if self._gathered is None else len(self._gathered.payload)

    def frame(self, frame: ReceivedFrame, ms: float) -> WaitingMessage | Wrong | None:
        """Take a data frame.

        Args:
            frame: it, whose payload was read.
            ms: when it came, for whoever looks at the message.

        Returns:
            the message that is whole by it, None while there is none; or why it is not taken.
        """
        head, gathered = frame.head, self._gathered
        if gathered is None:
            gathered = self._gathered = _Gathered(head.opcode, bool(head.rsv))
        gathered.payload += frame.payload or b""
        gathered.fragments += 1
        if len(gathered.payload) > self._most:
            return too_large(self._most)
        if gathered.fragments > MAX_FRAGMENTS:
            what = f"a message of more than {MAX_FRAGMENTS} fragments"
            return Wrong(what, "6455 10.4", CloseCode.POLICY_VIOLATION)
        if not head.fin:
            return None
        self._gathered = None
        return self._whole(gathered, ms)

    def _whole(self, gathered: _Gathered, ms: float) -> WaitingMessage | Wrong:
        payload = bytes(gathered.payload)
        if gathered.is_compressed and self._inflater is not None:
            try:
                payload = self._inflater.inflate(payload, self._most)
            except InflatedTooLargeError:
                return too_large(self._most)
            except InflationError:
                return NO_DEFLATE
        if gathered.opcode == Opcode.TEXT and not is_utf8(payload):
            return NO_TEXT
        return WaitingMessage(
            payload, gathered.opcode, gathered.fragments, gathered.is_compressed, ms
        )


def too_large(most: int) -> Wrong:
    """Say that a message is larger than is taken, which is no fault of its form."""
    what = f"a message over --max-message-size, which is {most} here"
    return Wrong(what, "6455 10.4", CloseCode.MESSAGE_TOO_BIG)
