# SPDX-License-Identifier: MIT
"""The dealer: registrations, and the way of a call to a callee and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from autobahn.wamp import message

from wsecho.router import errors, requests
from wsecho.router.answers import Reply
from wsecho.router.calls import Call, CallState
from wsecho.router.errors import ProtocolViolationError, WampError
from wsecho.router.ongoing import Ongoing
from wsecho.router.registrations import Registrations
from wsecho.router.uris import is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.realm import Procedure, ProcedureCall, Realm
    from wsecho.router.registrations import Callee, Registration
    from wsecho.router.session import Session


class Dealer:
    """The dealer of one realm ("Remote Procedure Calls").

    Args:
        realm: whose clock, random and authorizer it uses.
        call: makes the object that the router's own procedures are given.
    """

    def __init__(self, realm: Realm, call: Callable[..., ProcedureCall]) -> None:
        self._realm = realm
        self._make_call = call
        self._own: dict[str, Procedure] = {}
        self._ongoing = Ongoing(realm.clock, realm.safely)
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
        registration, new = self.registrations.add(session, request, realm.clock.now())
        session.registrations[registration.id] = registration
        session.send(message.Registered(request.request, registration.id))
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
        session.send(message.Unregistered(request.request))
        self._remove(session, registration)

    def _remove(self, session: Session, registration: Registration) -> None:
        realm = self._realm
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
            return
        registration = self.registrations.best(request.procedure)
        if registration is None or is_reserved(request.procedure):
            raise WampError(errors.NO_SUCH_PROCEDURE)
        self._invoke(session, request, registration)

    def _invoke(self, session: Session, request: requests.Call, registration: Registration) -> None:
        chosen = registration.pick(self._realm.random)
        callee = chosen.session
        if request.progress and not callee.peer.takes_progressive:
            raise WampError(errors.FEATURE_NOT_SUPPORTED, "the callee takes no progressive calls")
        call = Call(session, request.request, callee, callee.next_invocation(), registration.id)
        call.details = self._details(session, request, chosen, registration)
        call.receive_progress = request.receive_progress
        call.timeout = request.timeout
        if request.progress:
            call.state = CallState.UPLOADING
        self._ongoing.begin(call)
        self._ongoing.send_invocation(call, request)

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

    def call_on(self, call: Call, request: requests.Call) -> None:
        """A further CALL of a progressive call; all its options but `progress` are ignored."""
        if call.state is not CallState.UPLOADING:
            return
        if not request.progress:
            call.state = CallState.OPEN
        self._ongoing.send_invocation(call, request)

    def _call_own(self, session: Session, request: requests.Call, own: Procedure) -> None:
        if request.progress:
            raise WampError(errors.FEATURE_NOT_SUPPORTED, "the router takes no progressive calls")
        outcome = own(
            self._make_call(session, request.procedure, request.args or [], request.kwargs or {})
        )
        call = Call(session, request.request)
        if isinstance(outcome, Reply):
            self._ongoing.send_result(call, outcome.args, outcome.kwargs)
            return
        call.timeout = request.timeout
        self._ongoing.begin(call)
        outcome.then(partial(self._answered, call), partial(self._ongoing.fail, call))

    def _answered(self, call: Call, reply: Reply) -> None:
        self._ongoing.finish(call, reply.args, reply.kwargs)

    # -- answers

    def yield_(self, session: Session, answer: requests.Yield) -> None:
        """YIELD: passed on as RESULT; ignored where the call is over.

        Raises:
            ProtocolViolationError: the session was never invoked under that id.
        """
        call = self._invoked(session, answer.request)
        if call is None:
            return
        if not answer.progress:
            self._ongoing.finish(call, answer.args, answer.kwargs)
        elif call.receive_progress:
            self._ongoing.progress(call, answer.args, answer.kwargs)

    def error(self, session: Session, answer: requests.Error) -> None:
        """ERROR of a callee: passed on; ignored where the call is over.

        Raises:
            ProtocolViolationError: the session was never invoked under that id.
        """
        call = self._invoked(session, answer.request)
        if call is not None:
            self._ongoing.fail(
                call, WampError(answer.error, args=answer.args, kwargs=answer.kwargs)
            )

    @staticmethod
    def _invoked(session: Session, invocation: int) -> Call | None:
        call = session.invocations.get(invocation)
        if call is None and invocation > session.last_invocation:
            raise ProtocolViolationError("an answer to an INVOCATION that was never sent")
        return call

    def cancel(self, session: Session, request: requests.Cancel) -> None:
        """CANCEL; ignored where the call is over ("Call Canceling")."""
        call = session.calls.get(request.request)
        if call is not None:
            self._ongoing.cancel(call, request.mode)

    def reject(self, call: Call, error: WampError) -> None:
        """End a call over a further CALL of it that cannot be read."""
        self._ongoing.fail(call, error)
        self._ongoing.interrupt(call, "killnowait", errors.CANCELED)

    def forget(self, session: Session) -> None:
        """Drop all that a session registered, called and was invoked for."""
        for registration in list(session.registrations.values()):
            self._remove(session, registration)
        self._ongoing.forget(session)
