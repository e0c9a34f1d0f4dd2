# SPDX-License-Identifier: MIT
"""WAMP over WebSocket (`ws /ws`; WAMP specification, "WebSocket Transport")."""

from typing import Any

from attrs import define, field

from wsecho.core.limits.backlog import TooSlowError
from wsecho.core.wire.errors import TOO_SLOW, BadRequest
from wsecho.doors.wamp.asking import VISIT
from wsecho.doors.wamp.endings import close_reason
from wsecho.doors.wamp.forms import SUBPROTOCOLS, Form, make_form
from wsecho.doors.wamp.inbox import RateLimitedInbox
from wsecho.doors.wamp.unfit import MalformedError
from wsecho.doors.wamp.waiting import SendBacklog
from wsecho.doors.websocket.door import Connection, PlainDoor
from wsecho.hooks import Visit
from wsecho.router import Ending, Identity, Router, Session, TransportDetails
from wsecho.router.wire import errors as uris
from wsecho.router.wire.outgoing import OutgoingMessage


@define(eq=False)
class WampPeer(PlainDoor):
    """One WAMP session on one WebSocket: a door to its connection, a transport to its session.

    Args:
        router: where the session lives.
        subprotocol: the form that was negotiated.
        peer: the client's address.
        limited_inbox: holds it to its rates.
        waiting: what waits for it.
        max_message_size: bytes of the largest message that is taken from it.
        identity: who the peer is, where the handshake has shown it.
        visit: what an application is told of it, where one is asked.
    """

    _router: Router
    subprotocol: str
    peer: str
    _limited_inbox: RateLimitedInbox
    _waiting: SendBacklog
    _max_message_size: int
    _identity: Identity | None = None
    _visit: Visit | None = None
    details: TransportDetails = field(init=False)
    _form: Form = field(init=False)
    _connection: Connection = field(init=False)
    _session: Session | None = field(default=None, init=False)

    name = "wamp"
    waits_for_reader = False
    keeps_rates = True

    def __attrs_post_init__(self) -> None:
        self._form = make_form(self.subprotocol)
        more: dict[str, Any] = {"serializer": self._form.objects.NAME}
        if self._visit is not None:
            more[VISIT] = self._visit
        self.details = TransportDetails(
            *("websocket", self.peer),
            identity=self._identity,
            max_message_size=self._max_message_size,
            more=more,
        )

    @property
    def who(self) -> str:
        """The session's authid."""
        return "" if self._session is None else self._session.authid

    # What the connection calls.

    def opened(self, connection: Connection) -> None:
        """Begin the session."""
        self._connection = connection
        self._session = self._router.attach(self)

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Read what came and hand it to the session."""
        session = self._session
        assert session is not None  # noqa: S101  # `opened` came before
        if is_binary is not self._form.objects.BINARY:
            session.violate("text where binary is spoken, or the reverse")
            return
        try:
            messages = self._form.read(payload)
        except MalformedError as error:
            session.violate(str(error))
            return
        self._limited_inbox.take(session, messages, len(payload))

    def drained(self) -> None:
        """Send more of what waits."""
        self._waiting.flush(self._connection.offer, self._frame)

    def closing(self, retry: float) -> None:
        """Send what waits; the Close frame follows it, with 1001.

        There is no GOODBYE: AutobahnJS and wampy take one for the end, and do not come back.
        """
        if self._session is not None:
            self._session.vanish(uris.SYSTEM_SHUTDOWN)
            self._waiting.flush_all(self._connection.push, self._frame)

    def closed(self) -> None:
        """End the session with its connection, if it was begun."""
        if self._session is not None:
            self._session.flush()
            self._session.lost()

    # What the session calls.

    def send(self, message: OutgoingMessage) -> None:
        """Send one message; a peer that reads too slowly is closed instead.

        Raises:
            CannotCarryError: the form has no place for something in it.
        """
        frame = self._form.framing.frame(message)
        if self._waiting.is_empty and self._connection.offer(frame):
            return
        try:
            self._waiting.push(message, frame)
        except TooSlowError:
            self._connection.close(TOO_SLOW)
            if self._session is not None:
                self._session.lost()
            # It is not resumed any more, and the peer's Close frame is awaited.
            self._connection.resume()

    def pause(self) -> None:
        """Read no more."""
        self._connection.pause()

    def resume(self) -> None:
        """Read again."""
        self._connection.resume()

    def close(self, ending: Ending) -> None:
        """Close the WebSocket behind what was sent."""
        self._waiting.flush_all(self._connection.push, self._frame)
        self._connection.close(close_reason(ending))

    def _frame(self, message: OutgoingMessage) -> bytes:
        return self._form.framing.frame(message)


def choose_form(offered: tuple[str, ...]) -> str:
    """Return the client's first subprotocol that is known.

    Raises:
        BadRequest: none is.
    """
    for name in offered:
        if name in SUBPROTOCOLS:
            return name
    raise BadRequest(f"offer one of the subprotocols {', '.join(SUBPROTOCOLS)}")
