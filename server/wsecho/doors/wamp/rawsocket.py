# SPDX-License-Identifier: MIT
"""WAMP over RawSocket, on the same port: a first octet 0x7F says so."""

from typing import Any, Final

from autobahn.wamp.message import Message
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from wsecho.core.rawsocket import (
    HANDSHAKE_LENGTH,
    SHORTEST_LIMIT,
    FrameReader,
    FrameType,
    RawSocketError,
    Refusal,
    read_hello,
    write_frame,
    write_hello,
    write_refusal,
)
from wsecho.doors.outbound import Outbound
from wsecho.doors.wamp.forms import RAWSOCKET_FORMS
from wsecho.doors.wamp.objects import MalformedError, ObjectSerializer
from wsecho.doors.wamp.websocket import log_fault
from wsecho.router import CannotCarryError, Ending, Router, Session, TransportDetails
from wsecho.router.errors import PAYLOAD_SIZE_EXCEEDED

_CLOSE_TIMEOUT: Final = 10.0


class RawSocket(Protocol):
    """One RawSocket connection and its session.

    Args:
        router: where the session lives.
        clock: times the handshake and the end.
        peer: the client's address.
        max_message_size: octets of the longest message taken.
        send_queue: octets that may wait for the peer.
        open_timeout: seconds that the handshake may take.
    """

    transport: Any
    _log = Logger()

    def __init__(
        self,
        router: Router,
        clock: IReactorTime,
        peer: str,
        *,
        max_message_size: int,
        send_queue: int,
        open_timeout: float,
    ) -> None:
        self.details = TransportDetails("rawsocket", peer)
        self._router = router
        self._clock = clock
        self._max_message_size = max_message_size
        self._send_queue = send_queue
        self._open_timeout = open_timeout
        self._hello = b""
        self._session: Session | None = None
        self._finished = False

    def connectionMade(self) -> None:
        """Give the handshake its time."""
        self._outbound = Outbound(self.transport, self._clock, self._send_queue, _ignore)
        self._deadline = self._clock.callLater(self._open_timeout, self._outbound.abort)

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
            self._session.lost()

    # What the session calls.

    def send(self, message: Message) -> None:
        """Send one message; a peer that reads too slowly is cut off.

        Raises:
            CannotCarryError: the form has no place for it, or the peer takes nothing so long.
        """
        octets: bytes = message.serialize(self._objects)
        if len(octets) > self._longest:
            raise CannotCarryError(PAYLOAD_SIZE_EXCEEDED)
        self._write(FrameType.MESSAGE, octets)

    def close(self, ending: Ending) -> None:
        """Close the connection behind what was sent."""
        log_fault(self._log, self.details.peer, ending)
        self._finish()

    # The rest is our own.

    def _shake_hands(self) -> None:
        self._stop_deadline()
        hello = read_hello(self._hello)
        if isinstance(hello, Refusal):
            self._refuse(hello)
        elif hello.serializer not in RAWSOCKET_FORMS:
            self._refuse(Refusal.SERIALIZER)
        else:
            self._objects: ObjectSerializer = RAWSOCKET_FORMS[hello.serializer]
            # 24 bits of length cannot say 2**24.
            self._longest = min(hello.max_length, (1 << 24) - 1)
            answer = write_hello(hello.serializer, self._max_message_size)
            self._reader = FrameReader(max(self._max_message_size, SHORTEST_LIMIT))
            self.details.more["serializer"] = self._objects.NAME
            self._outbound.write(answer)
            self._session = self._router.attach(self)

    def _refuse(self, refusal: Refusal) -> None:
        self._outbound.write(write_refusal(refusal))
        self._finish()

    def _read_frames(self, session: Session, data: bytes) -> None:
        try:
            for kind, payload in self._reader.receive_data(data):
                if self._finished:
                    return
                if kind is FrameType.MESSAGE:
                    session.receive(self._objects.unserialize(payload))
                elif kind is FrameType.PING:
                    self._write(FrameType.PONG, payload)
        except (RawSocketError, MalformedError) as error:
            session.violate(str(error))

    def _write(self, kind: FrameType, payload: bytes) -> None:
        if self._outbound.has_room(len(payload)):
            self._outbound.write(write_frame(kind, payload))
        else:
            self._finished = True
            self._outbound.abort()

    def _finish(self) -> None:
        self._finished = True
        self._outbound.finish(linger=True, within=_CLOSE_TIMEOUT)

    def _stop_deadline(self) -> None:
        if self._deadline.active():
            self._deadline.cancel()


def _ignore(_full: bool) -> None:  # noqa: FBT001
    """A slow peer's session is cut at the bound; nothing has to hold back before."""
