# SPDX-License-Identifier: MIT
"""The first bytes of a connection decide who speaks on it: WebSocket, RawSocket or HTTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolNegotiationFactory,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.access.proxies import Proxies
from wsecho.core.http.handshake import wants_websocket
from wsecho.core.http.incoming import Incoming
from wsecho.core.http.requests import MAX_HEAD, RequestHead, find_end, skip_empty_lines
from wsecho.core.promise import Later, Promise, settle
from wsecho.core.wire.errors import BadRequest, OverLimit, TooMany, WireError
from wsecho.core.wire.rawsocket import MAGIC
from wsecho.doors.entry import Arrival, Entrance
from wsecho.doors.handshake import Handshake
from wsecho.doors.http.channel import HttpChannel
from wsecho.doors.http.site import EchoSite
from wsecho.doors.refusing import Refusing, head_of
from wsecho.lane.accepted import Accepted

if TYPE_CHECKING:
    from wsecho.doors.websocket.outbound import Outbound
    from wsecho.server.connections import Drainable

_RAWSOCKET: Final = bytes((MAGIC,))


class Front(Protocol):
    """Reads a connection's first request head, then gives the connection away.

    A WebSocket that goes through `Site` pays for a request object that nobody uses and
    loses what came in one segment with its head. Here the head and all that follows reach
    the WebSocket in one piece.

    The head is parsed once, by what parses each later one of an HTTP connection, too.
    """

    factory: "FrontFactory"
    transport: Any
    # From the moment on that the connection is made.
    _arrival: Arrival
    _log = Logger()

    def __init__(self) -> None:
        self._received = b""
        self._next: IProtocol | None = None
        self._tenant: Drainable | None = None
        self._outbound: Outbound | None = None
        self._deadline: IDelayedCall | None = None
        # The room that a handshake leads to is being asked for.
        self._asking: Promise[Any] | None = None
        self._is_paused = False
        self._has_ended = False

    @property
    def is_paced(self) -> bool:
        """As whoever took the connection."""
        return self._tenant is not None and self._tenant.is_paced

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: no request, or none but its first bytes."""
        return not self._received if self._tenant is None else self._tenant.is_idle

    def drain(self, retry: float) -> None:
        """Tell whoever took the connection."""
        if self._tenant is not None:
            self._tenant.drain(retry)

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abortConnection()

    def connectionMade(self) -> None:
        """Take a place; give the whole opening, not each byte of it, its time."""
        factory = self.factory
        factory.state.connections.add(self)
        self._arrival = Arrival(factory.entrance, self.transport)
        if isinstance(self.transport, Accepted):
            self._read_at_once()
        if self._next is None and self._outbound is None:
            self._deadline = factory.clock.callLater(factory.open_timeout, self._too_late)

    def dataReceived(self, data: bytes) -> None:
        """Collect the head; later bytes go straight to whoever took the connection."""
        if self._next is not None:
            self._next.dataReceived(data)
        elif self._asking is not None:
            self._hold(data)
        elif self._outbound is None:
            self._received = skip_empty_lines(self._received + data)
            self._read_head()

    def __conform__(self, interface: object) -> "Front | None":
        """Say whether a client may close its half: one of HTTP has said then all it had to say.

        Twisted asks when it reads the end. To whoever else speaks here that is the end of the
        connection.
        """
        if interface is not IHalfCloseableProtocol:
            return None
        channel = self._next
        is_http = channel is None or (isinstance(channel, HttpChannel) and channel.speaks_http)
        return self if is_http else None

    def readConnectionLost(self) -> None:
        """Answer what was asked, then end: the client has closed its half."""
        self._has_ended = True
        if isinstance(self._next, HttpChannel):
            self._next.readConnectionLost()
        elif self._outbound is None and self._received and self._asking is None:
            self._refuse(BadRequest("the request ends before it is whole"))
        elif self._asking is None:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Wait for the client to close its half, too."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell whoever took the connection, and free its place."""
        self._stop_clock()
        self.factory.state.connections.discard(self)
        if self._asking is not None:
            self._asking.cancel()
        self._arrival.leave()
        if self._outbound is not None:
            self._outbound.connection_lost()
        if self._next is not None:
            self._next.connectionLost(reason)

    def _read_at_once(self) -> None:
        try:
            self.transport.read_at_once()
        except Exception:  # noqa: BLE001  # the boundary: the port goes on to accept others
            self._log.failure("{peer}: our own fault", peer=self._arrival.peer)
            self.transport.abortConnection()

    def _read_head(self) -> None:
        if self._received[:1] == _RAWSOCKET:
            self._stop_clock()
            self._begin_rawsocket()
            return
        try:
            end = find_end(self._received)
        except WireError as error:
            self._refuse(error)
            return
        if end is not None:
            self._stop_clock()
            self._choose(end)

    def _begin_rawsocket(self) -> None:
        # Nothing can be said here before the handshake, and nothing of this kind in it.
        if self.factory.state.connections.is_stopping:
            self.transport.loseConnection()
            return
        try:
            self._arrival.belong_to_peer()
        except (OverLimit, TooMany):
            self.transport.loseConnection()
        else:
            self._hand_over(self.factory.rawsocket(self._arrival.peer))

    def _choose(self, end: int) -> None:
        if self._arrival.refusal is not None:
            self._refuse(self._arrival.refusal, head_of(self._received[:end]))
            return
        try:
            incoming = Incoming.of(RequestHead.parse(self._received[:end]))
            is_upgrade = wants_websocket(incoming.head)
            if is_upgrade:
                self._begin_websocket(incoming.head, end)
        except WireError as error:
            self._refuse(error)
        else:
            if not is_upgrade:
                self._begin_http(incoming, end)

    def _begin_websocket(self, head: RequestHead, end: int) -> None:
        handshake, arrival = self.factory.handshake, self._arrival
        sender = handshake.gate.sender(head, arrival.peer)
        outcome: Later[Any] = handshake.accept(head, sender, arrival.place)
        self._received = self._received[end:]
        if isinstance(outcome, Promise):
            self._asking = outcome
        settle(outcome, self._take_websocket, self._refuse_websocket)

    def _take_websocket(self, connection: Any) -> None:
        self._asked()
        self._hand_over(connection)
        if self._has_ended:
            self.transport.loseConnection()

    def _refuse_websocket(self, error: WireError) -> None:
        self._asked()
        self._refuse(error)

    def _hold(self, data: bytes) -> None:
        """Keep what a client sends that did not wait for the handshake's answer."""
        self._received += data
        if len(self._received) > MAX_HEAD and not self._is_paused:
            self._is_paused = True
            self.transport.pauseProducing()

    def _asked(self) -> None:
        self._asking = None
        if self._is_paused:
            self._is_paused = False
            self.transport.resumeProducing()

    def _begin_http(self, incoming: Incoming, end: int) -> None:
        rest, self._received = self._received[end:], b""
        channel = self.factory.site.buildProtocol(self.transport.getPeer())
        channel.place = self._arrival.place
        self._hand_over(channel)
        channel.begin(incoming, rest)

    def _hand_over(self, protocol: Any) -> None:
        received, self._received = self._received, b""
        self._next = self._tenant = protocol
        protocol.makeConnection(self.transport)
        # Twisted calls the attribute, so later bytes skip this class.
        self.dataReceived = protocol.dataReceived  # type: ignore[method-assign]
        if received:
            protocol.dataReceived(received)

    def _refuse(self, error: WireError, head: RequestHead | None = None) -> None:
        self._stop_clock()
        has_body = not self._received.startswith(b"HEAD ")
        self._received = b""
        self._outbound = self.factory.refusing.refuse(
            *(self.transport, self._arrival.peer, error, head),
            has_body=has_body,
            has_ended=self._has_ended,
        )

    def _stop_clock(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _too_late(self) -> None:
        self.factory.state.stats.limits["open-timeout"] += 1
        self.transport.abortConnection()


@implementer(IProtocolNegotiationFactory)
class FrontFactory(Factory):
    """Makes a `Front` for each connection.

    Args:
        site: speaks HTTP.
        rawsocket: makes the protocol that speaks WAMP's RawSocket with a peer.
        handshake: opens WebSockets.
        clock: times the opening.
        open_timeout: seconds that a first head may take, from the connection's start.
    """

    protocol = Front  # type: ignore[assignment]  # Twisted's variable has two owners
    noisy = False

    def __init__(
        self,
        site: EchoSite,
        handshake: Handshake,
        rawsocket: Callable[[str], IProtocol],
        clock: IReactorTime,
        open_timeout: float,
    ) -> None:
        self.site = site
        self.rawsocket = rawsocket
        self.handshake = handshake
        self.state = handshake.state
        proxies = Proxies.of(handshake.config.proxy)
        self.entrance = Entrance(handshake.state.admissions, proxies)
        self.refusing = Refusing(handshake.gate, handshake.state, clock)
        self.clock = clock
        self.open_timeout = open_timeout

    def acceptableProtocols(self) -> list[bytes]:
        """Name what is spoken under TLS that somebody else's endpoint puts around this (ALPN)."""
        return [b"http/1.1"]

    def doStart(self) -> None:
        """Start the site with the first port."""
        super().doStart()
        self.site.doStart()

    def doStop(self) -> None:
        """Stop the site with the last port."""
        self.site.doStop()
        super().doStop()
