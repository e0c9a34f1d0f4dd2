# SPDX-License-Identifier: MIT
"""One peer's session, from its HELLO to its end; its states stand in `states`.

A message that the state has no use for is a protocol violation: ABORT, and the transport is
closed. While our GOODBYE waits for its answer, whatever is neither GOODBYE nor ABORT is ignored.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from wsecho.core.limits.backpressure import FlowControlled, hold_until
from wsecho.core.promise import Promise, settle
from wsecho.router.model.access import Challenge
from wsecho.router.model.calls import SpentCalls
from wsecho.router.model.deadline import Deadline
from wsecho.router.model.opening import Opening
from wsecho.router.model.peer import Peer
from wsecho.router.model.states import NEXT, Ending, SessionState
from wsecho.router.model.testaments import Testaments
from wsecho.router.wire import errors, outgoing, requests
from wsecho.router.wire.errors import CannotCarryError, ProtocolViolationError, WampError
from wsecho.router.wire.parsing import parse
from wsecho.router.wire.refusing import error_answer, refusal_message

if TYPE_CHECKING:
    from wsecho.router.model.access import Identity
    from wsecho.router.model.calls import OngoingCall
    from wsecho.router.model.hosts import HomeRealm, Serving, SessionHost
    from wsecho.router.model.ports import Transport
    from wsecho.router.model.registrations import Registration
    from wsecho.router.model.states import By
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.wire.outgoing import OutgoingMessage
    from wsecho.router.wire.requests import Request

_OPEN: Final = SessionState.OPEN

Received: TypeAlias = "tuple[object, WampError | None]"
"""What `Session.receive` is given."""


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

    def __init__(self, router: SessionHost[Session], transport: Transport) -> None:
        self._router = router
        self.transport = transport
        self.state = SessionState.WAITING
        self.ending: Ending | None = None
        self.id = 0
        self.realm: HomeRealm[Session] | None = None
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
        self._opening = Opening(router, transport.details)
        self._deadline = Deadline(router)
        self._deadline.set_after(router.opening_wait, self._too_late)

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

    @property
    def wants_stamps(self) -> bool:
        """Whether it asked for the stamps of events, by `authextra.stamps`."""
        return self.peer.wants_stamps

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
                self._deadline.set_after(self._router.goodbye_wait, lambda: self._finish(ending))
                self._leave()

    def renew(self, identity: Identity) -> None:
        """Go on as the same one, with other grants and until another time."""
        self.identity = identity
        self._end_with(identity)

    def vanish(self, reason: str) -> None:
        """End the session without a word, where its transport's end says all there is to say.

        The transport is left to whoever calls this.

        Args:
            reason: for the record, as of a GOODBYE.
        """
        self._finish(Ending(reason), close=False)

    def abort(self, uri: str, text: str | None = None, *, by: By = "router") -> None:
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
        answer = error_answer(request, error)
        if answer is None:
            return
        if isinstance(request, (requests.Call, requests.Refused)) and request.progress:
            self.spent.add(answer.request)
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
            outcome = self._opening.take(request, self.state)
            if isinstance(outcome, Challenge):
                self._enter(SessionState.CHALLENGING)
                self._emit(outgoing.challenge(outcome.method, outcome.extra))
            else:
                self._admit(outcome)
        except WampError as error:
            self._turn_away(error)

    def _admit(self, identity: Identity) -> None:
        realm = self._opening.realm
        assert realm is not None  # noqa: S101  # HELLO came first
        admitted = realm.admit(identity, self.transport.details)
        settle(admitted, self._let_in, self._turn_away)
        if isinstance(admitted, Promise):
            hold_until(self, admitted)

    def _turn_away(self, error: WampError) -> None:
        self.abort(error.uri, error.reason, by="refusal")

    def _let_in(self, identity: Identity) -> None:
        if self.state is SessionState.CLOSED:  # it went, or had no more time, meanwhile
            return
        hello, realm = self._opening.hello, self._opening.realm
        assert hello is not None and realm is not None  # noqa: S101, PT018  # HELLO came first
        self._deadline.cancel()
        self.realm, self.hello, self.peer = realm, hello, Peer.of(hello)
        self.identity, self.authid, self.authrole = identity, identity.authid, identity.authrole
        self.id = self._router.draw_session_id()
        self._serving = realm.serve(self)
        self._enter(_OPEN)
        try:
            self._send_welcome(realm)
        except CannotCarryError as error:
            self.abort(error.uri, by="refusal")
        if self.is_open:
            realm.join(self)
        self._end_with(identity)

    def _end_with(self, identity: Identity) -> None:
        if self.is_open and identity.expires is not None:
            expire = partial(self.close, errors.TOKEN_EXPIRED, "the token has expired")
            self._deadline.set_at(identity.expires, expire)

    def _send_welcome(self, realm: HomeRealm[Session]) -> None:
        try:
            self.send(realm.welcome(self))
        except CannotCarryError:
            # RawSocket's shortest limit, 512 octets, has no place for all we have to say of us.
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
        self._deadline.cancel()
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
        self.abort(errors.TIMEOUT, "the session was not opened in time", by="refusal")
