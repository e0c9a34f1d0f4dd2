# SPDX-License-Identifier: MIT
"""What a client does wrong, whatever it was sent: what no client may do, and where that stands."""

from collections import deque
from typing import Final

from attrs import define, field, frozen

from wsecho.core.http.requests import RequestHead
from wsecho.core.lab.reading import CONTROL, FrameHead, ReceivedFrame
from wsecho.core.lab.values import MAX_CONTROL, is_sendable
from wsecho.core.websocket.frames import Opcode
from wsecho.core.websocket.reading import is_utf8
from wsecho.core.wire.errors import CloseCode

MAX_WRONG: Final = 100
"""Things that are noted of one connection."""

_RSV1: Final = 4
_MAX_PINGS: Final = 1000
_CODE: Final = 2
_KNOWN: Final = frozenset(Opcode)


@frozen
class Wrong:
    """Something that no client may do.

    Attributes:
        what: a sentence without its full stop.
        rfc: the section.
        code: the close code that fits, None where the connection can go on.
    """

    what: str
    rfc: str
    code: CloseCode | None = None


TOO_EARLY: Final = Wrong("a frame before the handshake was answered", "6455 4.1")


def amiss_in_request(head: RequestHead) -> list[Wrong]:
    """List what is wrong in a request that a WebSocket is opened for all the same."""
    names = head.tokens("sec-websocket-protocol")
    lines = head.all("sec-websocket-protocol")
    looks = (
        (len(set(names)) < len(names), "a subprotocol is offered twice", "6455 4.1"),
        (
            any(not line.strip(" \t,") for line in lines),
            "Sec-WebSocket-Protocol is empty",
            "6455 11.3.4",
        ),
        (
            bool(head.all("sec-websocket-accept")),
            "Sec-WebSocket-Accept is the server's to send",
            "6455 11.3.3",
        ),
        (len(head.all("origin")) > 1, "Origin stands more than once", "6454 7.3"),
    )
    return [Wrong(what, rfc) for is_wrong, what, rfc in looks if is_wrong]


@define(eq=False)
class ClientWatcher:
    """Looks at each frame of one client.

    Args:
        is_compressed: whether permessage-deflate is in force.
    """

    is_compressed: bool = False
    _pings: deque[bytes] = field(factory=lambda: deque(maxlen=_MAX_PINGS), init=False)
    _is_in_fragments: bool = field(default=False, init=False)
    _is_closed: bool = field(default=False, init=False)
    keys: dict[bytes, None] = field(factory=dict, init=False)
    """The first two different keys of frames with a payload."""
    _masked: int = field(default=0, init=False)

    def pinged(self, payload: bytes) -> None:
        """Take note of a ping that is sent."""
        self._pings.append(payload)

    def frame(self, frame: ReceivedFrame) -> list[Wrong]:
        """List what is wrong with a frame; the first that has a code ends the connection."""
        head = frame.head
        found = [*self._place(head), *self._head(head), *self._mask(head)]
        if not head.is_control:
            found += self._fragment(head)
        if frame.payload is not None and head.opcode in CONTROL:
            found += self._control(head.opcode, frame.payload)
        return found

    def _place(self, head: FrameHead) -> list[Wrong]:
        if self._is_closed:
            return [Wrong("a frame behind its Close", "6455 5.5.1")]
        return []

    def _head(self, head: FrameHead) -> list[Wrong]:
        found, code = [], CloseCode.PROTOCOL_ERROR
        may_be_compressed = self.is_compressed and head.opcode in {Opcode.TEXT, Opcode.BINARY}
        if head.rsv & ~(_RSV1 if may_be_compressed else 0):
            found.append(Wrong("a reserved bit that nothing negotiated", "6455 5.2", code))
        if head.opcode not in _KNOWN:
            found.append(Wrong(f"the reserved opcode {head.opcode:#x}", "6455 5.2", code))
        if not head.is_shortest:
            found.append(Wrong("a length that is not in its least form", "6455 5.2", code))
        if head.length >> 63:
            found.append(Wrong("a length with its top bit set", "6455 5.2", code))
        if head.is_control and not head.fin:
            found.append(Wrong("a control frame in fragments", "6455 5.5", code))
        if head.is_control and head.length > MAX_CONTROL:
            found.append(Wrong("a control frame of more than 125 octets", "6455 5.5", code))
        return found

    def _mask(self, head: FrameHead) -> list[Wrong]:
        if head.key is None:
            return [Wrong("a frame that is not masked", "6455 5.1", CloseCode.PROTOCOL_ERROR)]
        if not head.length:
            return []
        self._masked += 1
        if len(self.keys) < 2:  # noqa: PLR2004  # more tell nothing more
            self.keys[head.key] = None
        return []

    def at_end(self) -> list[Wrong]:
        """List what can be told once there are no more frames."""
        if self._masked > 1 and len(self.keys) == 1:
            return [Wrong(f"one masking key for all {self._masked} frames", "6455 5.3")]
        return []

    def _fragment(self, head: FrameHead) -> list[Wrong]:
        was_in_fragments, self._is_in_fragments = self._is_in_fragments, not head.fin
        if head.opcode == Opcode.CONTINUATION and not was_in_fragments:
            what = "a continuation of nothing"
        elif head.opcode != Opcode.CONTINUATION and was_in_fragments:
            what = "a new message within the fragments of another"
        else:
            return []
        return [Wrong(what, "6455 5.4", CloseCode.PROTOCOL_ERROR)]

    def _control(self, opcode: int, payload: bytes) -> list[Wrong]:
        if opcode == Opcode.CLOSE and not self._is_closed:
            self._is_closed = True
            return _wrong_in_close(payload)
        if opcode == Opcode.PONG:
            return self._pong(payload)
        return []

    def _pong(self, payload: bytes) -> list[Wrong]:
        # One pong may answer several pings: the latest (RFC 6455 section 5.5.3).
        if payload in self._pings:
            while self._pings.popleft() != payload:
                pass
            return []
        if self._pings:
            return [Wrong("a pong that differs from the ping", "6455 5.5.3")]
        return [Wrong("a pong that answers no ping", "6455 5.5.3")]


def _wrong_in_close(payload: bytes) -> list[Wrong]:
    if not payload:
        return []
    if len(payload) < _CODE:
        return [Wrong("a Close of one octet", "6455 5.5.1", CloseCode.PROTOCOL_ERROR)]
    found, code = [], int.from_bytes(payload[:_CODE])
    if not is_sendable(code):
        found.append(
            Wrong(
                f"a Close with the code {code}, which must not be sent",
                "6455 7.4",
                CloseCode.PROTOCOL_ERROR,
            )
        )
    if not is_utf8(payload[_CODE:]):
        found.append(
            Wrong("a Close whose reason is no UTF-8", "6455 5.5.1, 8.1", CloseCode.INVALID_PAYLOAD)
        )
    return found
