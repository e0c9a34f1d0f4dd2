# SPDX-License-Identifier: MIT
"""The dealer: the way of a call to a callee and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from wsecho.router.model.calls import CallState, OngoingCall
from wsecho.router.model.procedures import ProcedureCall, Reply
from wsecho.router.routing.ongoing import Ongoing
from wsecho.router.routing.registrar import Registrar
from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import ProtocolViolationError, WampError
from wsecho.router.wire.uris import is_reserved

if TYPE_CHECKING:
    from wsecho.router.model.calls import CallOrigin
    from wsecho.router.model.procedures import Procedure
    from wsecho.router.model.registrations import Callee, Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.routing.context import Context


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

    Attributes:
        registrar: lets sessions serve procedures; `registrations`: who serves what.
        ongoing: the calls under way.
    """

    def __init__(self, realm: Context) -> None:
        self._realm = realm
        self._own: dict[str, Procedure] = {}
        self.ongoing = Ongoing(realm.clock, realm.safely)
        self.registrar = Registrar(realm, self._own)
        self.registrations = self.registrar.registrations

    def provide(self, uri: str, procedure: Procedure) -> None:
        """Serve a procedure by the router itself; it wins over every registration."""
        self._own[uri] = procedure

    # -- calls

    def call(self, session: Session, request: requests.Call) -> None:
        """CALL, the first of its id.

        Raises:
            WampError: no such procedure, not authorized, or a feature that the callee lacks.
            ProtocolViolationError: a progressive CALL of one who did not announce it.
        """
        # "Progressive Call Invocations": without a word of it a router may take it for an error.
        if request.progress and not session.peer.sends_progressive:
            raise ProtocolViolationError("progressive call invocations were not announced")
        self._realm.authorize(session, "call", request.procedure, "exact")
        self._realm.counters.calls += 1
        # Ours first: no pattern of a client's answers for the router ("Reserved URIs").
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
        # "Progressive Call Invocations": further ones under the first's id, to the same callee.
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
        if registration.match != "exact":  # "Pattern-based Registration"
            details["procedure"] = request.procedure
        # "Progressive Call Results": a callee that does not know of them must not be asked.
        if request.receive_progress and chosen.session.peer.yields_progress:
            details["receive_progress"] = True
        # "Caller Identification": the caller may offer it, and the callee may have asked for it.
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
        elif call.receive_progress:  # what nobody asked for is dropped
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
        # Ids count up ("IDs"): what is higher was never given, what is lower is over.
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
        # Registrations first: what fails below may be called again, and must not come here.
        self.registrar.forget(session)
        self.lose_callee(session)
        self.ongoing.lose_caller(session.calls)


def _new_call(caller: CallOrigin, request: requests.Call) -> OngoingCall:
    call = OngoingCall(caller, request.request)
    call.receive_progress = request.receive_progress
    call.timeout = request.timeout
    if request.progress:
        call.state = CallState.UPLOADING
    return call
