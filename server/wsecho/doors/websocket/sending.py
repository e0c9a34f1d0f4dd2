# SPDX-License-Identifier: MIT
"""What is said to a peer: framed, compressed where that was agreed, counted and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.core.websocket.deflate import Packing
from wsecho.core.websocket.frames import encode_message, encode_messages
from wsecho.doors.websocket.closing import ClosingProtocol

if TYPE_CHECKING:
    from wsecho.doors.websocket.door import Door
    from wsecho.lane.transport import LaneTransport
    from wsecho.server.stats import ConnectionStats


class SendingProtocol(ClosingProtocol):
    """Autobahn's protocol, which leaves sending to us.

    A message goes by `send` where it is for this peer alone. What goes to many comes as frames
    that are written already: by `offer` while the peer takes them, by `push` where they are the
    last words; or past all of this, by `free_transport`.

    Attributes:
        door: what the connection is for.
        own_stats: what is counted of it.
    """

    door: Door
    own_stats: ConnectionStats
    # It is no attribute of each object until it differs: it mostly never does.
    _packing = Packing()

    def send(self, payload: bytes | memoryview, *, is_binary: bool) -> None:
        """Send one message, compressed where that was negotiated."""
        if self.state != self.STATE_OPEN:
            return
        self.own_stats.messages_out += 1
        self.own_stats.bytes_out += len(payload)
        if self._perMessageCompress is not None:
            self.sendData(self._perMessageCompress.frame(payload, is_binary=is_binary))
        elif self._lane is not None and self._lane.is_clear:
            self._lane.send_message(payload, is_binary=is_binary)
        else:
            self.sendData(encode_message(payload, is_binary=is_binary))

    def send_all(self, messages: list[tuple[bytes, bool]]) -> None:
        """Send messages behind one another, each a payload and whether it is binary."""
        if self._perMessageCompress is not None:
            for payload, is_binary in messages:
                self.send(payload, is_binary=is_binary)
        elif self.state == self.STATE_OPEN:
            frames = encode_messages(messages)
            self.own_stats.messages_out += len(messages)
            self.own_stats.bytes_out += sum([len(payload) for payload, _ in messages])
            self.sendData(frames)

    @property
    def packing(self) -> Packing:
        """How messages are written that go to it and others."""
        return self._packing

    def free_transport(self) -> LaneTransport | None:
        """Return what it is sent by, where many can be sent to at once, and it takes all now."""
        lane = self._lane
        is_open = self.state == self.STATE_OPEN
        return lane if lane is not None and is_open and lane.is_clear else None

    def was_sent(self, messages: int, octets: int) -> None:
        """Count whole frames that were sent by its transport."""
        self.own_stats.messages_out += messages
        self.own_stats.bytes_out += octets

    def offer(self, frame: bytes) -> bool:
        """Send whole frames, if the transport takes any now."""
        if self._outbound.is_full:
            return False
        # As `push`, whose call each member of a room would pay for with each message.
        if self.state == self.STATE_OPEN:
            own_stats = self.own_stats
            own_stats.messages_out += 1
            own_stats.bytes_out += len(frame)
            self._outbound.write(frame)
        return True

    def push(self, frame: bytes) -> None:
        """Send whole frames behind all that waits."""
        if self.state == self.STATE_OPEN:
            self.own_stats.messages_out += 1
            self.own_stats.bytes_out += len(frame)
            self._outbound.write(frame)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: FBT001, FBT002
        """Write through the bounded queue: all that Autobahn sends comes through here.

        Where no door holds the peer back, one that sends pings and never reads is cut off.
        """
        outbound = self._outbound
        if outbound.is_full:
            if not self.door.waits_for_reader and not outbound.has_room(len(data)):
                self.factory.state.stats.limits["send-queue"] += 1
                outbound.abort()
                return
            outbound.write(data)
            self.factory.state.stats.queued(outbound.queued)
        else:
            outbound.transport.write(data)
