# SPDX-License-Identifier: MIT
"""Autobahn's WebSocket protocol as wsecho uses it: a thin shell around a door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import txaio
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger

from wsecho.core.limits.rates import Meter
from wsecho.core.websocket.deflate import Packing
from wsecho.core.websocket.large import Buffers
from wsecho.core.wire.errors import (
    OUR_FAULT,
    OVER_RATE,
    STOPPING,
    CloseCode,
    OverRate,
)
from wsecho.doors.websocket.opened import QUIET, Agreed, opened_class
from wsecho.doors.websocket.outbound import Outbound
from wsecho.doors.websocket.sending import SendingProtocol

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime
    from twisted.python.failure import Failure

    from wsecho.config.config import Config
    from wsecho.core.rooms.callers import Caller
    from wsecho.doors.websocket.door import Door
    from wsecho.lane.lane import Lane
    from wsecho.server.state import ServerState

# txaio puts its functions in place at run time.
_txaio: Any = txaio


class WebSocketConnection(SendingProtocol):
    """One WebSocket whose request was found valid, and the door it leads to.

    It hands messages to the door, sends what the door says, and bounds what waits for the peer.

    Args:
        door: what the connection is for.
        caller: who is at its other end.
        agreed: what the opening handshake has come to.
    """

    factory: WebSocketFactory
    transport: Any
    _log = Logger()
    is_paced = True
    is_idle = False

    def __init__(self, door: Door, caller: Caller, agreed: Agreed) -> None:
        super().__init__()
        self.door = door
        self.caller = caller
        self._agreed = agreed
        if agreed.deflate is not None:
            self._packing = Packing(agreed.deflate.server_window)
        self._meter: Meter | None = None

    @property
    def peer_name(self) -> str:
        """The peer's address, for the log."""
        return self.caller.address

    def connectionMade(self) -> None:
        """Stand between Autobahn and the transport, and open."""
        # First: what is written by the reactor's way goes out a turn later.
        self._take_the_lane()
        self._outbound = Outbound(
            self.transport, self.factory.reactor, self.factory.send_queue, self._peer_is_full
        )
        if not (self.factory.rates.are_unbounded or self.door.keeps_rates):
            self._meter = Meter(self.factory.rates)
        if self.caller.expires is not None:
            self.expire_at(self.caller.expires)
        stats = self.factory.state.stats
        self.own_stats = stats.open(self.door.name, self.peer_name, self.caller.sub)
        self.factory.connections[self] = None
        if self._lane is not None:
            self._lane.echoes = self.door.echoes and self._meter is None
        self.begin(self._agreed)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the door; it hears of it once, whatever happened before."""
        if self._lane is not None:
            self._lane.leave()
        self._outbound.connection_lost()
        self.factory.forget(self)
        self._stop_expiry()
        self._connectionLost(reason)
        self.own_stats.who = self.own_stats.who or self.door.who
        self.own_stats.end(*self._how_it_ended())
        self.door.closed()

    def onOpen(self) -> None:
        """Let the door begin."""
        try:
            self.door.opened(self)
        except Exception:  # noqa: BLE001  # the boundary: a fault of ours ends this one connection
            self._our_fault()

    @property
    def most(self) -> int:
        """Octets of the longest message."""
        return self.factory.max_message_size

    @property
    def buffers(self) -> Buffers:
        """Where large messages go."""
        return self.factory.buffers

    def messages_received(self, messages: list[tuple[bytes, bool]]) -> None:
        """Hand messages that came at once to the door."""
        self.is_heard()
        if len(messages) == 1 or self._meter is not None:
            for payload, is_binary in messages:
                self._message_received(payload, is_binary=is_binary)
            return
        own_stats = self.own_stats
        own_stats.messages_in += len(messages)
        for payload, _ in messages:
            own_stats.bytes_in += len(payload)
        try:
            self.door.received_all(messages)
        except Exception:  # noqa: BLE001  # the boundary, as above
            self._our_fault()

    def _message_received(self, payload: bytes, *, is_binary: bool) -> None:
        """Hand a message to the door."""
        # After our Close frame nothing may be sent, so a late message has no answer
        # (RFC 6455 section 1.4 lets us discard it).
        if self.state != self.STATE_OPEN:
            return
        own_stats = self.own_stats
        own_stats.messages_in += 1
        own_stats.bytes_in += len(payload)
        try:
            meter = self._meter
            if meter is not None and self._is_over_rate(meter, payload, is_binary=is_binary):
                return
            self.door.received(payload, is_binary=is_binary)
        except Exception:  # noqa: BLE001  # the boundary, as above
            self._our_fault()

    def echoed(self, messages: int, octets: int) -> None:
        """Count messages that the lane has answered by itself."""
        self.is_heard()
        self.own_stats.messages_echoed += messages
        self.own_stats.bytes_echoed += octets

    def large_received(self, payload: memoryview, *, is_binary: bool) -> None:
        """Hand a large message to the door: without a copy, where it does not keep it."""
        whole = payload if self.door.takes_views else bytes(payload)
        self._message_received(whole, is_binary=is_binary)  # type: ignore[arg-type]  # as it says

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: FBT001, N803
        """Count a message that was too large; the rest is said when the connection is gone."""
        if self.localCloseCode == CloseCode.MESSAGE_TOO_BIG:
            self.factory.state.stats.limits["max-message-size"] += 1

    def onAutoPingTimeout(self) -> None:
        """Cut a peer that does not answer a ping."""
        self.factory.state.stats.limits["auto-ping-timeout"] += 1
        super().onAutoPingTimeout()

    def pause(self) -> None:
        """Read no more until `resume`; what was read already still comes."""
        self._is_held_back = True
        if self.transport is not None:
            self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        self._is_held_back = False
        if self.transport is not None:
            self.transport.resumeProducing()

    def drain(self, retry: float) -> None:
        """Say that the server stops, and begin the closing handshake."""
        if self.state == self.STATE_OPEN:
            self.door.closing(retry)
        self.close(STOPPING)

    def _take_the_lane(self) -> None:
        lane = self.factory.lane
        transport = None if lane is None else lane.take(self.transport, self)
        if transport is not None:
            self.transport = self._lane = transport

    def _peer_is_full(self, full: bool) -> None:  # noqa: FBT001
        if not full and self.state == self.STATE_OPEN:
            self.door.drained()
        if self.door.waits_for_reader:
            if full:
                self.pause()
            else:
                self.resume()

    def _is_over_rate(self, meter: Meter, payload: bytes, *, is_binary: bool) -> bool:
        wait = meter.count(len(payload), self.factory.reactor.seconds())
        if not wait:
            return False
        self.factory.state.stats.limits[meter.exceeded] += 1
        if self.factory.rates.policy == "close":
            self.close(OVER_RATE)
        else:
            error = OverRate("messages come faster than this server allows", wait)
            self.door.over_rate(error, payload, is_binary=is_binary)
        return True

    def _our_fault(self) -> None:
        self._log.failure("{door} {peer}: our own fault", door=self.door.name, peer=self.peer_name)
        if self.state == self.STATE_OPEN:
            self.close(OUR_FAULT)


class WebSocketFactory(WebSocketServerFactory):
    """What all WebSockets of this server have in common.

    Args:
        config: the limits that apply.
        reactor: the clock.
        state: what all doors share.
        lane: where the sockets of open WebSockets go; None for the reactor's own way.
    """

    log = QUIET
    kind = WebSocketConnection

    def __init__(
        self, config: Config, reactor: IReactorTime, state: ServerState, lane: Lane | None = None
    ) -> None:
        super().__init__(reactor=reactor, server="wsecho")
        self.state = state
        self.lane = lane
        self.send_queue = config.send_queue
        self.rates = config.rates
        self.max_message_size = config.max_message_size
        self.buffers = Buffers()
        self.connections: dict[WebSocketConnection, None] = {}
        # A batched timer of Autobahn's runs on a global reactor unless told otherwise.
        _txaio.config.loop = reactor
        self.setProtocolOptions(
            maxFramePayloadSize=config.max_message_size,
            maxMessagePayloadSize=config.max_message_size,
            versions=[13],
            webStatus=False,
            failByDrop=False,
            echoCloseCodeReason=True,
            # The front and this module keep these two times themselves.
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            autoPingInterval=config.auto_ping,
            autoPingTimeout=config.auto_ping_timeout,
        )
        self._opened = opened_class(self.kind, self)

    def forget(self, connection: WebSocketConnection) -> None:
        """Drop a connection that is gone."""
        self.connections.pop(connection, None)

    def build(self, door: Door, caller: Caller, agreed: Agreed) -> WebSocketConnection:
        """Make the protocol for a request that was found valid."""
        connection = self._opened(door, caller, agreed)
        connection.factory = self
        return connection
