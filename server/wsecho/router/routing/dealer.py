# SPDX-License-Identifier: MIT
"""The dealer: registrations, and the way of a call to a callee and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from wsecho.router.model.answers import Reply
from wsecho.router.model.calls import CallState, OngoingCall
from wsecho.router.model.procedures import ProcedureCall
from wsecho.router.model.registrations import Callee, Registrations
from wsecho.router.routing.ongoing import Ongoing
from wsecho.router.wire import errors, outgoing, requests
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.uris import is_reserved

if TYPE_CHECKING:
    from wsecho.router.model.calls import CallOrigin
    from wsecho.router.model.procedures import Procedure
    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.routing.context import Context
    from wsecho.router.wire.uris import Match


class Offer(Protocol):
    """What another node says that a session of its serves."""

    @property
    def uri(self) -> str:
        """The procedure or the pattern."""

    @property
    def match(self) -> Match:
        """The matching policy."""

    @property
    def invoke(self) -> requests.Invoke:
        """How a callee is chosen."""

    @property
    def rank(self) -> int:
        """Its place among the callees of all nodes."""

    @property
    def created(self) -> float:
        """When the registration was made there, Unix seconds."""

    @property
    def disclose_caller(self) -> bool:
        """Whether the session asked to be told who calls."""


class Yielded(Protocol):
    """What a callee yielded, here or on another node."""

    @property
    def args(self) -> list[Any] | None:
        """Positional results."""

    @property
    def kwargs(self) -> dict[str, Any] | None:
        """Keyword results."""

    @property
    def progress(self) -> bool:
        """Whether more is to come."""


class Dealer:
    """The dealer of one realm ("Remote Procedure Calls").

    Args:
        realm: whose clock, random and authorizer it uses.
    """

    def __init__(self, realm: Context) -> None:
        self._realm = realm
        self._own: dict[str, Procedure] = {}
        self.ongoing = Ongoing(realm.clock, realm.safely)
        self.registrations = Registrations()

    def provide(self, uri: str, procedure: Procedure) -> None:
        """Serve a procedure by the router itself; it wins over every registration."""
        self._own[uri] = procedure

    # -- registrations

    def register(self, session: Session, request: requests.Register) -> None:
        """REGISTER.

        Raises:
            WampError: a reserved URI, not authorized, or the procedure is taken.
        """
        uri, match, realm = request.procedure, request.match, self._realm
        if is_reserved(uri):
            raise WampError(errors.INVALID_URI, "procedures under wamp. are the router's own")
        realm.authorize(session, "register", uri, match)
        if match == "exact" and uri in self._own:
            raise WampError(errors.PROCEDURE_ALREADY_EXISTS)
        self.registrations.check(session, request)
        realm.others.register(session, request)

    def enter(
        self, session: Session, request: requests.Register, now: float, rank: int = 0
    ) -> None:
        """Let a session serve a procedure that it may serve, and tell it so."""
        registration, new = self.registrations.add(
            Callee(session, request.disclose_caller, rank),
            *(request.procedure, request.match, request.invoke),
            now,
            self._realm.others.new_id,
        )
        session.registrations[registration.id] = registration
        session.send(outgoing.registered(request.request, registration.id))
        self._tell_registered(session, registration, new=new)

    def enter_remote_session(self, remote_session: Registrant, offer: Offer) -> None:
        """Take note that a session of another node serves a procedure."""
        registration = self.registrations.find(offer.uri, offer.match)
        if registration is not None:
            if registration.serves(remote_session):
                return
            if offer.rank > registration.last_rank:
                self.make_way(registration, offer.invoke)
            elif not registration.may_share(offer.invoke):
                return  # its claim is over, which it does not know yet
        registration, new = self.registrations.add(
            Callee(remote_session, offer.disclose_caller, offer.rank),
            *(offer.uri, offer.match, offer.invoke),
            offer.created,
            self._realm.others.new_id,
        )
        remote_session.registrations[registration.id] = registration
        self._tell_registered(remote_session, registration, new=new)

    def make_way(self, registration: Registration, policy: requests.Invoke) -> None:
        """Drop callees that cannot be beside one to come, whose claim was granted among all nodes.

        Theirs is over then, and the news of that on its way.
        """
        if registration.may_share(policy):
            return
        for callee in list(registration.callees):
            if callee.session.is_here:
                self.revoke(callee.session, registration)
            else:
                self.remove(callee.session, registration)

    def _tell_registered(
        self, session: Registrant, registration: Registration, *, new: bool
    ) -> None:
        realm = self._realm
        if new:
            realm.announce("wamp.registration.on_create", session.id, registration.describe())
        realm.announce("wamp.registration.on_register", session.id, registration.id)

    def unregister(self, session: Session, request: requests.Unregister) -> None:
        """UNREGISTER; calls under way go on.

        Raises:
            WampError: the session has no such registration.
        """
        registration = session.registrations.get(request.registration)
        if registration is None:
            raise WampError(errors.NO_SUCH_REGISTRATION)
        session.send(outgoing.unregistered(request.request))
        self.remove(session, registration)

    def revoke(self, session: Registrant, registration: Registration) -> None:
        """Let a session serve a procedure no longer that others hold ("Registration Revocation").

        One that would not understand that is ended: it may come again, and learn why it cannot.
        """
        if registration.id not in session.registrations:
            return
        self.remove(session, registration)
        if session.peer.can_be_revoked:
            session.send(outgoing.revoked(registration.id, errors.PROCEDURE_ALREADY_EXISTS))
        else:
            session.close(errors.NETWORK_FAILURE, "another node serves what you had registered")

    def remove(self, session: Registrant, registration: Registration) -> None:
        """Let a session serve a procedure no longer; calls under way go on."""
        realm = self._realm
        if session.is_here:
            realm.others.unregistered(session, registration)
        session.registrations.pop(registration.id, None)
        last = self.registrations.discard(registration, session)
        realm.announce("wamp.registration.on_unregister", session.id, registration.id)
        if last:
            realm.announce("wamp.registration.on_delete", session.id, registration.id)

    # -- calls

    def call(self, session: Session, request: requests.Call) -> None:
        """CALL, the first of its id.

        Raises:
            WampError: no such procedure, not authorized, or a feature that the callee lacks.
            ProtocolViolationError: a progressive CALL of one who did not announce it.
        """
        if request.progress and not session.peer.sends_progressive:
            raise ProtocolViolationError("progressive call invocations were not announced")
        self._realm.authorize(session, "call", request.procedure, "exact")
        self._realm.counters.calls += 1
        own = self._own.get(request.procedure)
        if own is not None:
            self._call_own(session, request, own)
        else:
            self._realm.others.call(session, request)

    def procedure(self, uri: str) -> Registration:
        """The registration that a call of `uri` goes to.

        Raises:
            WampError: there is none.
        """
        registration = self.registrations.best(uri)
        if registration is None or is_reserved(uri):
            raise WampError(errors.NO_SUCH_PROCEDURE)
        return registration

    def invoke(self, session: Session, request: requests.Call, registration: Registration) -> None:
        """Invoke a callee for a call.

        Raises:
            WampError: a feature that the callee lacks.
        """
        call = _new_call(session, request)
        callee = self._choose(call, session, request, registration)
        call.callee, call.invocation = callee, callee.next_invocation()
        self.ongoing.begin(call)
        self.ongoing.send_invocation(call, request)

    def postpone(self, session: Session, request: requests.Call) -> OngoingCall:
        """Begin a call before it is known whom it goes to."""
        call = _new_call(session, request)
        call.postponed = [request]
        self.ongoing.begin(call)
        return call

    def go_on(self, session: Session, call: OngoingCall) -> None:
        """Invoke a callee for a call that was postponed, unless it has ended."""
        postponed, call.postponed = call.postponed or [], None
        if call.state is CallState.ENDED:
            return
        first = postponed[0]
        try:
            callee = self._choose(call, session, first, self.procedure(first.procedure))
        except WampError as error:
            self.ongoing.fail(call, error)
            return
        self.ongoing.go_on(call, callee)
        for request in postponed:
            self.ongoing.send_invocation(call, request)

    def invoke_for(
        self,
        caller: CallOrigin,
        session: Session,
        registration: int,
        request: requests.Call,
        details: dict[str, Any],
    ) -> None:
        """Invoke a session of this node for a caller of another, where that was decided."""
        call = _new_call(caller, request)
        call.callee, call.invocation = session, session.next_invocation()
        call.registration, call.details = registration, details
        self.ongoing.begin(call)
        self.ongoing.send_invocation(call, request)

    def _choose(
        self,
        call: OngoingCall,
        session: Session,
        request: requests.Call,
        registration: Registration,
    ) -> Registrant:
        chosen = registration.pick(self._realm.random, call.turn)
        callee = chosen.session
        if request.progress and not callee.peer.takes_progressive:
            raise WampError(errors.FEATURE_NOT_SUPPORTED, "the callee takes no progressive calls")
        call.registration = registration.id
        call.details = self._details(session, request, chosen, registration)
        return callee

    @staticmethod
    def _details(
        session: Session, request: requests.Call, chosen: Callee, registration: Registration
    ) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if registration.match != "exact":
            details["procedure"] = request.procedure
        if request.receive_progress and chosen.session.peer.yields_progress:
            details["receive_progress"] = True
        if request.disclose_me or chosen.disclose_caller:
            details["caller"] = session.id
            details["caller_authid"] = session.authid
            details["caller_authrole"] = session.authrole
        return details

    def call_on(self, call: OngoingCall, request: requests.Call) -> None:
        """A further CALL of a progressive call; all its options but `progress` are ignored."""
        if call.state is not CallState.UPLOADING:
            return
        if not request.progress:
            call.state = CallState.OPEN
        if call.postponed is not None:
            call.postponed.append(request)
        else:
            self.ongoing.send_invocation(call, request)

    def _call_own(self, session: Session, request: requests.Call, own: Procedure) -> None:
        if request.progress:
            raise WampError(errors.FEATURE_NOT_SUPPORTED, "the router takes no progressive calls")
        outcome = own(
            ProcedureCall(session, request.procedure, request.args or [], request.kwargs or {})
        )
        call = OngoingCall(session, request.request)
        if isinstance(outcome, Reply):
            self.ongoing.send_result(call, outcome.args, outcome.kwargs)
            return
        call.timeout = request.timeout
        self.ongoing.begin(call)
        outcome.then(partial(self._answered, call), partial(self.ongoing.fail, call))

    def _answered(self, call: OngoingCall, reply: Reply) -> None:
        self.ongoing.finish(call, reply.args, reply.kwargs)

    # -- answers

    def yield_(self, session: Session, answer: requests.Yield) -> None:
        """YIELD: passed on as RESULT; ignored where the call is over.

        Raises:
            ProtocolViolationError: the session was never invoked under that id.
        """
        call = self._invoked(session, answer.request)
        if call is not None:
            self.answer(call, answer)

    def answer(self, call: OngoingCall, answer: Yielded) -> None:
        """Pass on what a callee yielded."""
        if not answer.progress:
            self.ongoing.finish(call, answer.args, answer.kwargs)
        elif call.receive_progress:
            self.ongoing.progress(call, answer.args, answer.kwargs)

    def error(self, session: Session, answer: requests.Error) -> None:
        """ERROR of a callee: passed on; ignored where the call is over.

        Raises:
            ProtocolViolationError: the session was never invoked under that id.
        """
        call = self._invoked(session, answer.request)
        if call is not None:
            self.ongoing.fail(call, WampError(answer.error, args=answer.args, kwargs=answer.kwargs))

    @staticmethod
    def _invoked(session: Session, invocation: int) -> OngoingCall | None:
        call = session.invocations.get(invocation)
        if call is None and invocation > session.last_invocation:
            raise ProtocolViolationError("an answer to an INVOCATION that was never sent")
        return call

    def cancel(self, session: Session, request: requests.Cancel) -> None:
        """CANCEL; ignored where the call is over ("Call Canceling")."""
        call = session.calls.get(request.request)
        if call is not None:
            self.ongoing.cancel(call, request.mode)

    def reject(self, call: OngoingCall, error: WampError) -> None:
        """End a call over a further CALL of it that cannot be read."""
        self.ongoing.fail(call, error)
        self.ongoing.interrupt(call, "killnowait", errors.CANCELED)

    def lose_callee(self, callee: Registrant) -> None:
        """Fail the calls of a callee that is gone."""
        self.ongoing.lose_callee(callee, WampError(errors.CANCELED, "the callee is gone"))

    def forget(self, session: Session) -> None:
        """Drop all that a session registered, called and was invoked for."""
        for registration in list(session.registrations.values()):
            self.remove(session, registration)
        self.lose_callee(session)
        self.ongoing.lose_caller(session.calls)


def _new_call(caller: CallOrigin, request: requests.Call) -> OngoingCall:
    call = OngoingCall(caller, request.request)
    call.receive_progress = request.receive_progress
    call.timeout = request.timeout
    if request.progress:
        call.state = CallState.UPLOADING
    return call
