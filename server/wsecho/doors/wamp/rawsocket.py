# SPDX-License-Identifier: MIT
"""WAMP over RawSocket, on the same port: a first octet 0x7F says so."""

from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from wsecho.config.config import Config
from wsecho.core.limits.backlog import TooSlowError
from wsecho.core.wire.rawsocket import (
    HANDSHAKE_LENGTH,
    SHORTEST_LIMIT,
    FrameReader,
    FrameType,
    RawSocketError,
    RawSocketRefusal,
    read_hello,
    write_frame,
    write_hello,
    write_refusal,
)
from wsecho.doors.wamp.endings import returns_after_goodbye, told
from wsecho.doors.wamp.forms import RAWSOCKET_FORMS
from wsecho.doors.wamp.inbox import RateLimitedInbox
from wsecho.doors.wamp.objects import ObjectSerializer
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.doors.wamp.waiting import SendBacklog
from wsecho.doors.websocket.outbound import Outbound
from wsecho.router import CannotCarryError, Ending, Router, Session, TransportDetails
from wsecho.router.wire.errors import PAYLOAD_SIZE_EXCEEDED, SYSTEM_SHUTDOWN
from wsecho.router.wire.outgoing import OutgoingMessage
from wsecho.server.state import ServerState
from wsecho.server.stats import ConnectionStats

_CLOSE_TIMEOUT: Final = 10.0
_LONGEST: Final = (1 << 24) - 1
"""Octets of the longest message: its length has 24 bits."""


class RawSocket(Protocol):
    """One RawSocket connection and its session.

    Args:
        router: where the session lives.
        clock: times the handshake and the end.
        state: what all doors share.
        peer: the client's address.
        config: the limits that apply.
    """

    transport: Any
    is_paced = True

    def __init__(
        self,
        router: Router,
        clock: IReactorTime,
        state: ServerState,
        peer: str,
        *,
        config: Config,
    ) -> None:
        self._router = router
        self._clock = clock
        self._state = state
        self._config = config
        self._max_message_size = max(config.max_message_size, SHORTEST_LIMIT)
        self.details = TransportDetails(
            "rawsocket", peer, max_message_size=min(self._max_message_size, _LONGEST)
        )
        self._limited_inbox = RateLimitedInbox(config.rates, clock, state.stats)
        self._waiting = SendBacklog(config.send_queue, state.room_rules, state.stats)
        self._own_stats: ConnectionStats | None = None
        self._hello = b""
        self._session: Session | None = None
        self._finished = False

    def connectionMade(self) -> None:
        """Give the handshake its time."""
        self._outbound = Outbound(
            self.transport, self._clock, self._config.send_queue, self._peer_is_full
        )
        self._deadline = self._clock.callLater(self._config.open_timeout, self._too_late)

    def dataReceived(self, data: bytes) -> None:
        """Read the handshake, then frames."""
        if self._session is None and not self._finished:
            missing = HANDSHAKE_LENGTH - len(self._hello)
            self._hello, data = self._hello + data[:missing], data[missing:]
            if len(self._hello) == HANDSHAKE_LENGTH:
                self._shake_hands()
        if self._session is not None and data and not self._finished:
            self._read_frames(self._session, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session with its connection."""
        self._stop_deadline()
        self._finished = True
        self._outbound.connection_lost()
        if self._session is not None:
            self._session.flush()
            self._session.lost()
            self._end_own_stats(self._session)

    @property
    def is_idle(self) -> bool:
        """Whether all is said, and only the peer's end is awaited."""
        return self._finished and not self._outbound.queued

    def drain(self, retry: float) -> None:
        """Say GOODBYE; the connection ends behind its answer.

        A client that would not come back after one only sees the connection reset: AutobahnJS
        does not notice a mere FIN, and would wait for ever.
        """
        if self._session is None:
            self._outbound.abort()
        elif returns_after_goodbye(self._session):
            self._session.close(SYSTEM_SHUTDOWN)
        else:
            self._session.vanish(SYSTEM_SHUTDOWN)
            self._outbound.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self._outbound.abort()

    # What the session calls.

    def send(self, message: OutgoingMessage) -> None:
        """Send one message; a peer that reads too slowly is cut off.

        Raises:
            CannotCarryError: the form has no place for it, or the peer takes nothing so long.
        """
        frame = self._frame(message)
        if not self._waiting and self._offer(frame):
            return
        try:
            self._waiting.push(message, frame)
        except TooSlowError:
            self._outbound.abort()
            if self._session is not None:
                self._session.lost()

    def pause(self) -> None:
        """Read no more."""
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        self.transport.resumeProducing()

    def close(self, ending: Ending) -> None:
        """Close the connection behind what was sent."""
        self._waiting.flush_all(self._push, self._frame)
        self._finish()

    # The rest is our own.

    def _shake_hands(self) -> None:
        self._stop_deadline()
        hello = read_hello(self._hello)
        if isinstance(hello, RawSocketRefusal):
            self._refuse(hello)
        elif hello.serializer not in RAWSOCKET_FORMS:
            self._refuse(RawSocketRefusal.SERIALIZER)
        else:
            self._objects: ObjectSerializer = RAWSOCKET_FORMS[hello.serializer]
            self._longest = min(hello.max_length, _LONGEST)
            answer = write_hello(hello.serializer, self._max_message_size)
            self._reader = FrameReader(self._max_message_size)
            self.details.more["serializer"] = self._objects.NAME
            self._outbound.write(answer)
            self._own_stats = self._state.stats.open("rawsocket", self.details.peer)
            self._session = self._router.attach(self)

    def _refuse(self, refusal: RawSocketRefusal) -> None:
        self._outbound.write(write_refusal(refusal))
        self._finish()

    def _read_frames(self, session: Session, data: bytes) -> None:
        try:
            for kind, payload in self._reader.receive_data(data):
                if self._finished:
                    return
                if kind is FrameType.MESSAGE:
                    if self._own_stats is not None:
                        self._own_stats.messages_in += 1
                        self._own_stats.bytes_in += len(payload)
                    self._limited_inbox.take(
                        session, [self._objects.unserialize(payload)], len(payload)
                    )
                elif kind is FrameType.PING:
                    self._pong(payload)
        except (RawSocketError, MalformedError) as error:
            session.violate(str(error))

    def _pong(self, payload: bytes) -> None:
        # One that pings and never reads would have us keep all its pongs.
        if self._outbound.has_room(len(payload)):
            self._outbound.write(write_frame(FrameType.PONG, payload))
        else:
            self._state.stats.limits["send-queue"] += 1
            self._outbound.abort()

    def _frame(self, message: OutgoingMessage) -> bytes:
        octets = message.serialize(self._objects)
        if len(octets) > self._longest:
            raise CannotCarryError(PAYLOAD_SIZE_EXCEEDED)
        return write_frame(FrameType.MESSAGE, octets)

    def _offer(self, frame: bytes) -> bool:
        if self._outbound.is_full:
            return False
        self._push(frame)
        return True

    def _push(self, frame: bytes) -> None:
        if self._own_stats is not None:
            self._own_stats.messages_out += 1
            self._own_stats.bytes_out += len(frame)
        self._outbound.write(frame)

    def _peer_is_full(self, full: bool) -> None:  # noqa: FBT001
        if not full:
            self._waiting.flush(self._offer, self._frame)

    def _end_own_stats(self, session: Session) -> None:
        if self._own_stats is not None:
            self._own_stats.who = session.authid
            self._own_stats.end(*told(session.ending))

    def _too_late(self) -> None:
        self._state.stats.limits["open-timeout"] += 1
        self._outbound.abort()

    def _finish(self) -> None:
        self._finished = True
        self._outbound.finish(linger=True, within=_CLOSE_TIMEOUT)

    def _stop_deadline(self) -> None:
        if self._deadline.active():
            self._deadline.cancel()
