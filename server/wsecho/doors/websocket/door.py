# SPDX-License-Identifier: MIT
"""What stands behind an open WebSocket, and what a door may ask of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wsecho.core.promise import Later
    from wsecho.core.websocket.deflate import Packing
    from wsecho.core.wire.errors import CloseReason, OverRate
    from wsecho.lane.transport import LaneTransport


class Connection(Protocol):
    """One open WebSocket, as its door sees it."""

    @property
    def peer_name(self) -> str:
        """The peer's address, for the log."""

    def send(self, payload: bytes | memoryview, *, is_binary: bool) -> None:
        """Send one message, compressed where that was negotiated."""

    def send_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Send messages behind one another, each a payload and whether it is binary."""

    @property
    def packing(self) -> Packing:
        """How messages are written that go to it and others."""

    def free_transport(self) -> LaneTransport | None:
        """Return what it is sent by, where many can be sent to at once, and it takes all now."""

    def was_sent(self, messages: int, octets: int) -> None:
        """Count whole frames that were sent by its transport."""

    def offer(self, frame: bytes) -> bool:
        """Send bytes that are whole frames already, if the peer takes any now.

        Returns:
            False where it does not: nothing was taken, and `Door.drained` says when it does again.
        """

    def push(self, frame: bytes) -> None:
        """Send bytes that are whole frames already, behind all that waits: the last words."""

    def pause(self) -> None:
        """Read no more until `resume`; what was read already still comes."""

    def resume(self) -> None:
        """Read again."""

    def expire_at(self, moment: float) -> None:
        """Close with 4401 at a time (Unix seconds), unless a later one is set before."""

    def close(self, why: CloseReason) -> None:
        """Begin the closing handshake; what was sent before goes first."""


class Door(Protocol):
    """One purpose of a WebSocket: echo, a room, WAMP."""

    @property
    def name(self) -> str:
        """The door's name in logs and metrics."""

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the handshake's answer names."""

    @property
    def waits_for_reader(self) -> bool:
        """Whether a peer that does not read is not read from either."""

    @property
    def keeps_window(self) -> bool:
        """Whether compressed messages may refer to earlier ones: each is for this peer alone."""

    @property
    def echoes(self) -> bool:
        """Whether all that it does with a message is to send it back."""

    @property
    def takes_views(self) -> bool:
        """Whether a large message may be a `memoryview`, being sent on and not kept."""

    @property
    def keeps_rates(self) -> bool:
        """Whether the door itself holds the peer to its rates, as it knows better what comes."""

    @property
    def who(self) -> str:
        """Who the peer has turned out to be, beside what its request said; empty for nobody."""

    def prepare(self) -> Later[None]:
        """Get what is behind the door ready, before `greet`; None where it is.

        Raises:
            WireError: it cannot be had.
        """

    def greet(self) -> dict[str, str]:
        """Take up the place behind the door; return further headers of the handshake's answer.

        Called once, right before the connection opens; `closed` follows in any case.

        Raises:
            WireError: there is no place.
        """

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """A whole message came."""

    def received_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Whole messages came at once, each a payload and whether it is binary."""

    def over_rate(self, error: OverRate, payload: bytes, *, is_binary: bool) -> None:
        """A whole message came faster than allowed, and is dropped."""

    def drained(self) -> None:
        """The connection takes frames again."""

    def closing(self, retry: float) -> None:
        """The server is about to stop; the client may come back after `retry` seconds."""

    def closed(self) -> None:
        """The connection is gone; nothing can be sent any more. May be called again."""


class PlainDoor:
    """What a door does that has nothing to say to most of it."""

    keeps_rates = False
    keeps_window = True

    def prepare(self) -> Later[None]:
        """Be ready at once."""
        return None

    @property
    def echoes(self) -> bool:
        """No: there is more to most."""
        return False

    @property
    def takes_views(self) -> bool:
        """No: most keep what they get."""
        return False

    @property
    def who(self) -> str:
        """Nobody that the request did not name."""
        return ""

    def greet(self) -> dict[str, str]:
        """Take up no place."""
        return {}

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Take a message.

        Args:
            payload: its octets; a text's are UTF-8.
            is_binary: whether it is no text.
        """
        raise NotImplementedError

    def received_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Take each by itself."""
        for payload, is_binary in messages:
            self.received(payload, is_binary=is_binary)

    def over_rate(self, error: OverRate, payload: bytes, *, is_binary: bool) -> None:
        """Drop the message without a word."""

    def drained(self) -> None:
        """Go on sending nothing."""

    def closing(self, retry: float) -> None:
        """Leave it to the Close frame."""

    def closed(self) -> None:
        """Leave nothing behind."""
