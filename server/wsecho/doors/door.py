# SPDX-License-Identifier: MIT
"""What stands behind an open WebSocket, and what a door may ask of the connection."""

from typing import Protocol

from wsecho.core.errors import CloseReason


class Connection(Protocol):
    """One open WebSocket, as its door sees it."""

    @property
    def peer_name(self) -> str:
        """The peer's address, for the log."""

    def send(self, payload: bytes, *, is_binary: bool) -> None:
        """Send one message, compressed where that was negotiated."""

    def send_frame(self, frame: bytes) -> bool:
        """Send bytes that are whole frames already.

        Returns:
            False where the peer's send queue has no room: nothing was added.
        """

    def close(self, why: CloseReason) -> None:
        """Begin the closing handshake; what was sent before goes first."""


class Door(Protocol):
    """One purpose of a WebSocket: echo, a room."""

    @property
    def name(self) -> str:
        """The door's name in logs."""

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the handshake's answer names."""

    @property
    def waits_for_reader(self) -> bool:
        """Whether a peer that does not read is not read from either."""

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """A whole message came."""

    def closed(self) -> None:
        """The connection is gone; nothing can be sent any more."""
