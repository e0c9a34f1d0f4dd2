# SPDX-License-Identifier: MIT
"""One peer's session, from its HELLO to its end; its states stand in `states`.

A message that the state has no use for is a protocol violation: ABORT, and the transport is
closed. While our GOODBYE waits for its answer, whatever is neither GOODBYE nor ABORT is ignored.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeAlias

from wsecho.core.limits.backpressure import FlowControlled
from wsecho.router.model.access import Challenge
from wsecho.router.model.calls import SpentCalls
from wsecho.router.model.peer import Peer
from wsecho.router.model.states import NEXT, Ending, SessionState
from wsecho.router.model.testaments import Testaments
from wsecho.router.wire import errors, outgoing, requests
from wsecho.router.wire.errors import CannotCarryError, ProtocolViolationError, WampError
from wsecho.router.wire.parsing import parse
from wsecho.router.wire.refusing import refusal_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.router.model.access import Authenticator, Authorizer, Identity
    from wsecho.router.model.calls import OngoingCall
    from wsecho.router.model.ports import Clock, Timer, Transport
    from wsecho.router.model.registrations import Registration
    from wsecho.router.model.states import By
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.wire.outgoing import OutgoingMessage
    from wsecho.router.wire.requests import Request

_OPEN: Final = SessionState.OPEN

Received: TypeAlias = "tuple[object, WampError | None]"
"""What `Session.receive` is given."""


class Serving(Protocol):
    """Serves the requests of one open session."""

    def take(self, request: Any) -> bool:
        """Serve a message, if it is one that asks for something; whether it was one.

        Raises:
            ProtocolViolationError: an id out of order, or one that was never given.
        """


class HomeRealm(Protocol):
    """What a session asks of the realm that it is in."""

    @property
    def authenticator(self) -> Authenticator:
        """Decides who a peer is."""

    @property
    def authorizer(self) -> Authorizer | None:
        """Decides what a session may do, None where all may do everything."""

    def serve(self, session: Session) -> Serving:
        """What serves the requests of a session that was let in."""

    def welcome(self, session: Session, *, features: bool = True) -> OutgoingMessage:
        """WELCOME for a session that was let in, with or without our features."""

    def join(self, session: Session) -> None:
        """Take in a session that has just been opened."""

    def leave(self, session: Session) -> None:
        """Clear up after a session that is over; it does no harm to say so twice."""


class SessionHost(Protocol):
    """What a session asks of its router: see `Router` for the attributes."""

    @property
    def clock(self) -> Clock:
        """The time, and calls at a later one."""

    @property
    def faults(self) -> Callable[[BaseException], None]:
        """Is given what is our own fault."""

    @property
    def pressure(self) -> Backpressure | None:
        """Holds back peers that say more than goes to other nodes; None where there are none."""

    @property
    def opening_wait(self) -> float:
        """Seconds from the transport's coming to WELCOME."""

    @property
    def goodbye_wait(self) -> float:
        """Seconds that a peer has to answer our GOODBYE."""

    def realm(self, name: str) -> HomeRealm:
        """The realm of that name.

        Raises:
            WampError: there is none.
        """

    def draw_session_id(self) -> int:
        """A random id that no session of any realm has."""

    def detach(self, session: Session) -> None:
        """Forget a session that is closed."""

    def safely(self, call: Callable[[], None]) -> None:
        """Call a neighbour, or clear something up, and go on whatever it raises."""


class AnySession(Protocol):
    """An open session of this node or another, as the meta API sees it."""

    @property
    def id(self) -> int:
        """The session id."""

    @property
    def authid(self) -> str:
        """The name that others see."""

    @property
    def authrole(self) -> str:
        """The role that others see."""

    def describe(self) -> dict[str, Any]:
        """What others may know of it: of its transport the kind, not the address."""

    def close(self, reason: str, text: str | None = None) -> None:
        """End it politely."""


class Session(FlowControlled[Received]):
    """A peer on a transport. Made by `Router.attach`.

    Attributes:
        id: the session id, 0 until it is open.
        state: where it stands; `ending` says how it came to CLOSED.
        realm: the realm that it named in its HELLO.
        hello: that HELLO, with `authextra`; `peer` is what it announced.
        identity: who it is.
        subscriptions, registrations: what it holds, by id; kept by broker and dealer.
        is_here: True, for it is of this node (see `Registrant`).
        calls, invocations: what is under way, by request id; `spent` calls ended before the caller
            had sent them all; kept by the dealer.
    """

    is_here: ClassVar = True

    def __init__(self, router: SessionHost, transport: Transport) -> None:
        self._router = router
        self.transport = transport
        self.state = SessionState.WAITING
        self.ending: Ending | None = None
        self.id = 0
        self.realm: HomeRealm | None = None
        self.hello: requests.Hello | None = None
        self.identity: Identity | None = None
        self.authid = self.authrole = ""
        self.subscriptions: dict[int, Subscription] = {}
        self.registrations: dict[int, Registration] = {}
        self.calls: dict[int, OngoingCall] = {}
        self.invocations: dict[int, OngoingCall] = {}
        self.testaments = Testaments()
        self.last_invocation = 0
        self.spent = SpentCalls()
        self.peer = Peer()
        self._serving: Serving | None = None
        self._challenge: Challenge | None = None
        self._timer: Timer | None = None
        self._expiry: Timer | None = None
        self._start_timer(router.opening_wait, self._too_late)

    # -- what the transport tells

    def receive(self, raw: object, refused: WampError | None = None) -> None:
        """Take one unserialized message, once those before it are served. Never raises.

        Args:
            raw: what the serializer made of the octets.
            refused: why it is not served, where it is one that may be refused: for a transport
                whose peer sends too fast, or what could be written again for nobody.
        """
        self.admit((raw, refused))

    def serve(self, message: Received) -> None:
        """Do what a message is for. Never raises."""
        if self.state is SessionState.CLOSED:
            return
        try:
            raw, refused = message
            request = parse(raw)
            if refused is not None:
                request = refusal_message(request, refused)
            if self.state is SessionState.CLOSING:
                self._take_closing(request)
            else:
                self._take(request)
        except ProtocolViolationError as error:
            self.abort(error.uri, error.reason, by="violation")
        except Exception as fault:  # noqa: BLE001  # the boundary: our fault must not spread
            self._router.faults(fault)
            self.abort(errors.RUNTIME_ERROR, "the router failed", by="fault")
        if self._router.pressure is not None:
            self._router.pressure.check(self)

    def violate(self, reason: str) -> None:
        """End the session over octets that are no message; for the transport's serializer."""
        self.abort(errors.PROTOCOL_VIOLATION, reason, by="violation")

    def pause_reading(self) -> None:
        """Have nothing more be read from the peer."""
        self._router.safely(self.transport.pause)

    def resume_reading(self) -> None:
        """Have the peer be read from again."""
        self._router.safely(self.transport.resume)

    def lost(self) -> None:
        """The transport is gone. May be called at any time, and again."""
        self.depart()
        self._finish(Ending(errors.TRANSPORT_LOST, by="transport"), close=False)

    # -- what the router does

    @property
    def is_open(self) -> bool:
        """Whether requests are served and events sent."""
        return self.state is _OPEN

    def send(self, msg: OutgoingMessage) -> None:
        """Send a message of an open session; otherwise it is dropped.

        Raises:
            CannotCarryError: the peer's serializer or size limit cannot take it.
        """
        if self.state is not _OPEN:
            return
        try:
            self.transport.send(msg)
        except CannotCarryError:
            raise
        except Exception as fault:  # noqa: BLE001  # one bad transport must not harm the others
            self._router.faults(fault)
            self._finish(Ending(errors.RUNTIME_ERROR, by="fault"))

    def close(self, reason: str = errors.CLOSE_NORMAL, text: str | None = None) -> None:
        """End the session politely: GOODBYE, and some time for the peer's own.

        The realm is left at once. A session that is not open yet gets ABORT instead.

        Args:
            reason: GOODBYE.Reason.
            text: GOODBYE.Details.message.
        """
        if self.state in (SessionState.WAITING, SessionState.CHALLENGING):
            self.abort(reason, text, by="router")
        elif self.state is _OPEN:
            ending = Ending(reason, text, "router")
            # Who ends others may give a reason that is too long for one of them.
            whole, plain = outgoing.goodbye(reason, text), outgoing.goodbye(reason)
            self._emit(whole, plain, outgoing.goodbye(errors.CLOSE_NORMAL))
            if self.is_open:
                self._enter(SessionState.CLOSING)
                self.ending = ending
                self._start_timer(self._router.goodbye_wait, lambda: self._finish(ending))
                self._leave()

    def vanish(self, reason: str) -> None:
        """End the session without a word, where its transport's end says all there is to say.

        The transport is left to whoever calls this.

        Args:
            reason: for the record, as of a GOODBYE.
        """
        self._finish(Ending(reason), close=False)

    def abort(
        self,
        uri: str,
        text: str | None = None,
        *,
        by: By = "router",
    ) -> None:
        """End the session at once: ABORT, then the transport is closed.

        Args:
            uri: ABORT.Reason.
            text: ABORT.Details.message.
            by: see `Ending`.
        """
        if self.state is not SessionState.CLOSED:
            self._emit(outgoing.abort(uri, text), outgoing.abort(uri))
            self._finish(Ending(uri, text, by))

    def refuse(self, request: Request, error: WampError) -> None:
        """Answer a request with ERROR, where it is one that waits for an answer."""
        identifier = getattr(request, "request", None)
        kind, silent = request.TYPE, False
        if isinstance(request, requests.Refused):
            kind, silent = request.request_type, request.silent
        elif isinstance(request, requests.Publish):
            silent = not request.acknowledge
        if identifier is None or silent:
            return
        if isinstance(request, (requests.Call, requests.Refused)) and request.progress:
            self.spent.add(identifier)
        answer = outgoing.OutgoingError(kind, identifier, error.uri, error.payload, error.kwargs)
        outgoing.send_error(self.send, answer)

    def next_invocation(self) -> int:
        """The next INVOCATION.Request for this callee."""
        self.last_invocation += 1
        return self.last_invocation

    def describe(self) -> dict[str, Any]:
        """What others may know of it: of its transport the kind, not the address."""
        identity = self.identity
        assert identity is not None  # noqa: S101  # it is or was open
        return {
            "session": self.id,
            "authid": identity.authid,
            "authrole": identity.authrole,
            "authmethod": identity.authmethod,
            "authprovider": identity.authprovider,
            "transport": {"type": self.transport.details.kind},
        }

    # -- messages, by state

    def _take(self, request: Request) -> None:
        if self._serving is not None and self._serving.take(request):
            return
        if isinstance(request, requests.Abort):
            self._finish(Ending(request.reason, by="peer"))
        elif not isinstance(request, requests.Goodbye):
            self._take_early(request)
        elif self.state is _OPEN:
            self._emit(outgoing.goodbye(errors.GOODBYE_AND_OUT))
            self._finish(Ending(request.reason, by="peer"))
        else:
            raise ProtocolViolationError("GOODBYE before the session was open")

    def _take_closing(self, request: Request) -> None:
        # "Received other / ignore"
        if isinstance(request, (requests.Abort, requests.Goodbye)):
            self._finish(Ending(request.reason, by="peer"))

    def _take_early(self, request: Request) -> None:
        try:
            if isinstance(request, requests.Hello) and self.state is SessionState.WAITING:
                self._take_hello(request)
            elif isinstance(request, requests.Authenticate) and self._challenge is not None:
                self._admit(self._challenge.verify(request.signature, request.extra))
            else:
                raise ProtocolViolationError(f"unexpected message while {self.state.value}")
        except WampError as error:
            self.abort(error.uri, error.reason, by="refusal")

    def _take_hello(self, hello: requests.Hello) -> None:
        self.realm = self._router.realm(hello.realm)
        self.hello, self.peer = hello, Peer.of(hello)
        self._admit(self.realm.authenticator.authenticate(hello, self.transport.details))

    def _admit(self, outcome: Identity | Challenge) -> None:
        if isinstance(outcome, Challenge):
            self._challenge = outcome
            self._enter(SessionState.CHALLENGING)
            self._emit(outgoing.challenge(outcome.method, outcome.extra))
            return
        assert self.realm is not None  # noqa: S101  # set by HELLO
        self._stop_timer()
        self.identity, self._challenge = outcome, None
        self.authid, self.authrole = outcome.authid, outcome.authrole
        self.id = self._router.draw_session_id()
        self._serving = self.realm.serve(self)
        self._enter(_OPEN)
        try:
            self._send_welcome(self.realm)
        except CannotCarryError as error:
            self.abort(error.uri, by="refusal")
        if self.is_open:
            self.realm.join(self)
        if self.is_open and outcome.expires is not None:
            self._expire_at(outcome.expires)

    def _send_welcome(self, realm: HomeRealm) -> None:
        try:
            self.send(realm.welcome(self))
        except CannotCarryError:
            # RawSocket's shortest limit, 512 octets, has no place for the features.
            self.send(realm.welcome(self, features=False))

    # -- the end

    def _enter(self, state: SessionState) -> None:
        """Change the state: the one place where that happens."""
        if state not in NEXT[self.state]:
            raise RuntimeError(f"no way from {self.state} to {state}")
        self.state = state

    def _finish(self, ending: Ending, *, close: bool = True) -> None:
        if self.state is SessionState.CLOSED:
            return
        self._stop_timer()
        if self.state is not SessionState.CLOSING or self.ending is None:
            self.ending = ending
        ending = self.ending
        was_open = self.is_open
        self._enter(SessionState.CLOSED)
        self._router.detach(self)
        if was_open:
            self._leave()
        if close:
            self._router.safely(lambda: self.transport.close(ending))

    def _leave(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self.realm is not None:
            self.realm.leave(self)

    def _emit(self, *forms: OutgoingMessage) -> None:
        """Send in whatever state: the first of those forms that can be carried."""
        for form in forms:
            try:
                self.transport.send(form)
            except CannotCarryError:
                continue
            except Exception as fault:  # noqa: BLE001  # as in `send`
                self._router.faults(fault)
                self._finish(Ending(errors.RUNTIME_ERROR, by="fault"))
            return

    def _too_late(self) -> None:
        self._timer = None
        self.abort(errors.TIMEOUT, "the session was not opened in time", by="refusal")

    def _expire_at(self, moment: float) -> None:
        def expire() -> None:
            self._expiry = None
            self._router.safely(partial(self.close, errors.TOKEN_EXPIRED, "the token has expired"))

        self._expiry = self._router.clock.call_at(moment, expire)

    def _start_timer(self, delay: float, call: Callable[[], None]) -> None:
        def fire() -> None:
            self._timer = None
            self._router.safely(call)

        self._timer = self._router.clock.call_later(delay, fire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
