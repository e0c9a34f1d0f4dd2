# SPDX-License-Identifier: MIT
"""WAMP over WebSocket (`ws /ws`; WAMP specification, "WebSocket Transport")."""

from typing import Final

from attrs import define, field
from autobahn.wamp.message import Message
from twisted.logger import Logger

from wsecho.core.backlog import Backlog, TooSlowError, Waiting
from wsecho.core.errors import (
    OUR_FAULT,
    STOPPING,
    TOKEN_EXPIRED,
    TOO_SLOW,
    BadRequest,
    CloseCode,
    CloseReason,
)
from wsecho.core.frames import Opcode, encode_frame
from wsecho.doors.door import Connection, PlainDoor
from wsecho.doors.wamp.forms import SUBPROTOCOLS, Form, make_form
from wsecho.doors.wamp.objects import MalformedError
from wsecho.router import Ending, Identity, Router, Session, TransportDetails
from wsecho.router import errors as uris

_VIOLATION: Final = CloseReason(CloseCode.PROTOCOL_ERROR, "not WAMP", reconnect=False)
_OVER: Final = CloseReason(CloseCode.NORMAL, "the session is over", reconnect=True)
_BY_BLAME: Final = {"violation": _VIOLATION, "fault": OUR_FAULT}
_BY_REASON: Final = {uris.SYSTEM_SHUTDOWN: STOPPING, uris.TOKEN_EXPIRED: TOKEN_EXPIRED}


@define(eq=False)
class WampPeer(PlainDoor):
    """One WAMP session on one WebSocket: a door to its connection, a transport to its session.

    Args:
        router: where the session lives.
        subprotocol: the form that was negotiated.
        peer: the client's address.
        bound: bytes that may wait for it.
        identity: who the peer is, where the handshake has shown it.
    """

    _router: Router
    subprotocol: str
    peer: str
    _bound: int
    _identity: Identity | None = None
    details: TransportDetails = field(init=False)
    _form: Form = field(init=False)
    _connection: Connection = field(init=False)
    _session: Session = field(init=False)
    _backlog: Backlog[bytes] | None = field(default=None, init=False)

    name = "wamp"
    waits_for_reader = False
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._form = make_form(self.subprotocol)
        more = {"serializer": self._form.objects.NAME}
        self.details = TransportDetails("websocket", self.peer, identity=self._identity, more=more)

    # What the connection calls.

    def opened(self, connection: Connection) -> None:
        """Begin the session."""
        self._connection = connection
        self._session = self._router.attach(self)

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Read what came and hand it to the session."""
        if is_binary is not self._form.objects.BINARY:
            self._session.violate("text where binary is spoken, or the reverse")
            return
        try:
            messages = self._form.read(payload)
        except MalformedError as error:
            self._session.violate(str(error))
            return
        for message in messages:
            self._session.receive(message)

    def drained(self) -> None:
        """Send more of what waits."""
        while self._backlog:
            waiting = self._backlog.pop()
            assert isinstance(waiting, Waiting)  # noqa: S101  # nothing is left out
            if not self._connection.offer(waiting.what):
                self._backlog.put_back(waiting)
                return

    def closed(self) -> None:
        """End the session with its connection, if it was begun."""
        if hasattr(self, "_session"):
            self._session.lost()

    # What the session calls.

    def send(self, message: Message) -> None:
        """Send one message; a peer that reads too slowly is closed instead.

        Raises:
            CannotCarryError: the form has no place for something in it.
        """
        opcode = Opcode.BINARY if self._form.objects.BINARY else Opcode.TEXT
        octets = self._form.join([self._form.write(message)])
        frame = encode_frame(opcode, octets)
        if not self._backlog and self._connection.offer(frame):
            return
        if self._backlog is None:
            self._backlog = Backlog(self._bound)
        try:
            self._backlog.push(Waiting(frame, len(frame)))
        except TooSlowError:
            self._backlog.clear()
            self._connection.close(TOO_SLOW)
            self._session.lost()

    def close(self, ending: Ending) -> None:
        """Close the WebSocket behind what was sent."""
        log_fault(self._log, self.peer, ending)
        while self._backlog:
            waiting = self._backlog.pop()
            if isinstance(waiting, Waiting):
                self._connection.append(waiting.what)
        why = _BY_BLAME.get(ending.by) or _BY_REASON.get(ending.uri, _OVER)
        self._connection.close(why)


def choose_form(offered: tuple[str, ...]) -> str:
    """Return the client's first subprotocol that is known.

    Raises:
        BadRequest: none is.
    """
    for name in offered:
        if name in SUBPROTOCOLS:
            return name
    raise BadRequest(f"offer one of the subprotocols {', '.join(SUBPROTOCOLS)}")


def log_fault(log: Logger, peer: str, ending: Ending) -> None:
    """Log the end of a session that was somebody's fault, in one line."""
    if ending.by in {"violation", "fault"}:
        log.info(
            "wamp {peer}: closed with {code}: {reason}",
            peer=peer,
            code=ending.uri,
            reason=ending.message or "",
        )
