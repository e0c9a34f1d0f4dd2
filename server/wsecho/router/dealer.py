# SPDX-License-Identifier: MIT
"""The dealer: registrations, and the way of a call to a callee and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from autobahn.wamp import message

from wsecho.router import errors, outgoing, requests
from wsecho.router.answers import Reply
from wsecho.router.calls import Call, CallState
from wsecho.router.errors import CannotCarryError, ProtocolViolationError, WampError
from wsecho.router.registrations import Registrations
from wsecho.router.uris import is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.realm import Procedure, ProcedureCall, Realm
    from wsecho.router.registrations import Callee, Registration
    from wsecho.router.session import Session

_PROGRESS: Final = {"progress": True}


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
        session.calls[call.request] = call
        callee.invocations[call.invocation] = call
        if call.timeout:
            self._start_timer(call)
        self._send_invocation(call, request)

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
        self._send_invocation(call, request)

    def _send_invocation(self, call: Call, request: requests.Call) -> None:
        details = call.details | _PROGRESS if request.progress else call.details
        invocation = outgoing.Invocation(
            call.invocation, call.registration, request.args, request.kwargs, details
        )
        assert call.callee is not None  # noqa: S101  # the router's own are not invoked
        try:
            call.callee.send(invocation)
        except CannotCarryError as error:
            self._fail(call, WampError(error.uri, "the callee's serializer cannot carry it"))

    def _call_own(self, session: Session, request: requests.Call, own: Procedure) -> None:
        if request.progress:
            raise WampError(errors.FEATURE_NOT_SUPPORTED, "the router takes no progressive calls")
        outcome = own(
            self._make_call(session, request.procedure, request.args or [], request.kwargs or {})
        )
        call = Call(session, request.request)
        if isinstance(outcome, Reply):
            self._send_result(call, outcome.args, outcome.kwargs)
            return
        call.timeout = request.timeout
        session.calls[call.request] = call
        if call.timeout:
            self._start_timer(call)
        outcome.then(partial(self._answered, call), partial(self._fail, call))

    def _answered(self, call: Call, reply: Reply) -> None:
        if call.state is not CallState.ENDED:
            self._end(call)
            self._send_result(call, reply.args, reply.kwargs)

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
            self._end(call)
            self._send_result(call, answer.args, answer.kwargs)
        elif call.receive_progress:
            self._restart_timer(call)
            self._send_progress(call, answer)

    def error(self, session: Session, answer: requests.Error) -> None:
        """ERROR of a callee: passed on; ignored where the call is over.

        Raises:
            ProtocolViolationError: the session was never invoked under that id.
        """
        call = self._invoked(session, answer.request)
        if call is not None:
            self._fail(call, WampError(answer.error, args=answer.args, kwargs=answer.kwargs))

    @staticmethod
    def _invoked(session: Session, invocation: int) -> Call | None:
        call = session.invocations.get(invocation)
        if call is None and invocation > session.last_invocation:
            raise ProtocolViolationError("an answer to an INVOCATION that was never sent")
        return call

    def _send_result(
        self, call: Call, args: list[Any] | None, kwargs: dict[str, Any] | None
    ) -> None:
        try:
            call.caller.send(outgoing.Result(call.request, args, kwargs))
        except CannotCarryError as error:
            reason = "your serializer cannot carry the result"
            call.caller.send(outgoing.error(requests.Call.TYPE, call.request, error.uri, [reason]))

    def _send_progress(self, call: Call, answer: requests.Yield) -> None:
        result = outgoing.Result(call.request, answer.args, answer.kwargs, progress=True)
        try:
            call.caller.send(result)
        except CannotCarryError as error:
            self._fail(call, WampError(error.uri, "your serializer cannot carry the result"))
            self._interrupt(call, "killnowait", errors.CANCELED)

    # -- ends before time

    def cancel(self, session: Session, request: requests.Cancel) -> None:
        """CANCEL; ignored where the call is over ("Call Canceling")."""
        call = session.calls.get(request.request)
        if call is None:
            return
        if (
            request.mode == "kill"
            and call.callee is not None
            and call.callee.peer.can_be_interrupted
        ):
            if call.state is not CallState.KILLING:
                self._note_upload(call)
                call.state = CallState.KILLING
                self._interrupt(call, "kill", errors.CANCELED)
            return
        self._fail(call, WampError(errors.CANCELED))
        if request.mode != "skip":
            self._interrupt(call, "killnowait", errors.CANCELED)

    def _timed_out(self, call: Call) -> None:
        call.timer = None
        self._fail(call, WampError(errors.TIMEOUT))
        self._interrupt(call, "killnowait", errors.TIMEOUT)

    def reject(self, call: Call, error: WampError) -> None:
        """End a call over a further CALL of it that cannot be read."""
        self._fail(call, error)
        self._interrupt(call, "killnowait", errors.CANCELED)

    def _fail(self, call: Call, error: WampError) -> None:
        if call.state is CallState.ENDED:
            return
        self._end(call)
        kind = requests.Call.TYPE
        try:
            call.caller.send(
                outgoing.error(kind, call.request, error.uri, error.payload, error.kwargs)
            )
        except CannotCarryError:
            call.caller.send(outgoing.error(kind, call.request, error.uri))

    def _interrupt(self, call: Call, mode: str, reason: str) -> None:
        callee = call.callee
        if callee is not None and callee.peer.can_be_interrupted:
            callee.send(message.Interrupt(call.invocation, mode=mode, reason=reason))

    def _note_upload(self, call: Call) -> None:
        if call.state is CallState.UPLOADING:
            call.caller.spent.add(call.request)

    def _end(self, call: Call) -> None:
        self._note_upload(call)
        call.state = CallState.ENDED
        call.caller.calls.pop(call.request, None)
        if call.callee is not None:
            call.callee.invocations.pop(call.invocation, None)
        if call.timer is not None:
            call.timer.cancel()
            call.timer = None

    def _start_timer(self, call: Call) -> None:
        expire = partial(self._realm.safely, partial(self._timed_out, call))
        call.timer = self._realm.clock.call_later(call.timeout / 1000, expire)

    def _restart_timer(self, call: Call) -> None:
        # "Timeouts" of progressive results: the limit is on the time between results.
        if call.timer is not None:
            call.timer.cancel()
            self._start_timer(call)

    def forget(self, session: Session) -> None:
        """Drop all that a session registered, called and was invoked for."""
        for registration in list(session.registrations.values()):
            self._remove(session, registration)
        for call in list(session.invocations.values()):
            self._fail(call, WampError(errors.CANCELED, "the callee is gone"))
        for call in list(session.calls.values()):
            self._end(call)
            self._interrupt(call, "killnowait", errors.CANCELED)
