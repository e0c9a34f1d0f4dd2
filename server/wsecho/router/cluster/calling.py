# SPDX-License-Identifier: MIT
"""Calls in a cluster: finding a callee on whatever node, and the way there and back."""

from __future__ import annotations

from collections import defaultdict, deque
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from wsecho.core.promise import settle
from wsecho.router.cluster import messages
from wsecho.router.cluster.network import check_network
from wsecho.router.cluster.registering import place_of
from wsecho.router.cluster.remote_sessions import FarCaller, RemoteSession
from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.uris import is_reserved

if TYPE_CHECKING:
    from wsecho.router.cluster.network import Network
    from wsecho.router.cluster.remote_nodes import RemoteNode
    from wsecho.router.model.calls import OngoingCall
    from wsecho.router.model.session import Session
    from wsecho.router.routing.realm import Realm
    from wsecho.router.wire.outgoing import OutgoingInterrupt, OutgoingInvocation


class Calling:
    """The calls of a realm that other nodes have to do with.

    Args:
        realm: the realm.
        network: leads to the other nodes.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self._postponed: defaultdict[Session, deque[OngoingCall]] = defaultdict(deque)
        self.next_number = count(1).__next__

    # -- calls of sessions here

    def call(self, session: Session, request: requests.Call) -> None:
        """CALL, the first of its id, of a procedure that somebody registered.

        Raises:
            WampError: no such procedure, or it cannot be called now.
        """
        network, dealer = self._network, self._realm.dealer
        if is_reserved(request.procedure):
            raise WampError(errors.NO_SUCH_PROCEDURE)
        check_network(network)
        registration = dealer.registrations.best(request.procedure)
        question: Any = None
        if not network.is_away:
            if registration is None:
                # It may be registered, and the news of it be on its way.
                question = network.catch_up()
            elif registration.invoke == "roundrobin" and len(registration.callees) > 1:
                question = network.take_turn(place_of(registration.uri, registration.match))
        if question is None and session not in self._postponed:
            dealer.invoke(session, request, dealer.procedure(request.procedure))
            return
        # "Ordering Guarantees": a later call does not overtake it.
        call = dealer.postpone(session, request)
        self._postponed[session].append(call)
        settle(question, partial(self._ready, session, call), partial(self._refused, session, call))

    def _ready(self, session: Session, call: OngoingCall, turn: int | None) -> None:
        call.is_ready, call.turn = True, turn
        postponed = self._postponed[session]
        while postponed and postponed[0].is_ready:
            self._realm.dealer.go_on(session, postponed.popleft())
        if not postponed:
            self._postponed.pop(session, None)

    def _refused(self, session: Session, call: OngoingCall, error: WampError) -> None:
        self._realm.dealer.ongoing.fail(call, error)
        self._ready(session, call, None)

    # -- to sessions of other nodes

    def send(self, node: str, notice: messages.Notice) -> None:
        """Tell a node what it need not know: if it cannot be reached, all it knows is void."""
        with suppress(WampError):
            self._network.send(node, notice)

    def invoke(self, remote_session: RemoteSession, msg: OutgoingInvocation) -> None:
        """Send INVOCATION.

        Raises:
            CannotCarryError: there is no form for it between nodes.
        """
        number = msg.request
        details = {name: value for name, value in msg.details.items() if name != "progress"}
        progress, more = "progress" in msg.details, number <= remote_session.last_begun
        remote_session.last_begun = max(remote_session.last_begun, number)
        fail = partial(self._not_invoked, remote_session, number)

        def went(is_there: bool) -> None:  # noqa: FBT001
            if not is_there:
                fail(WampError(errors.CANCELED, "the callee is gone"))

        notice = messages.Invoke(
            *(remote_session.id, number, more, progress),
            *(msg.registration, details, msg.args, msg.kwargs),
        )
        try:
            settle(self._network.send(remote_session.node, notice), went, fail)
        except WampError as error:
            fail(error)

    def _not_invoked(self, remote_session: RemoteSession, number: int, error: WampError) -> None:
        call = remote_session.invocations.get(number)
        if call is not None:
            self._realm.dealer.ongoing.fail(call, error)

    def interrupt(self, remote_session: RemoteSession, msg: OutgoingInterrupt) -> None:
        """Send INTERRUPT."""
        notice = messages.Interrupt(remote_session.id, msg.request, msg.mode, msg.reason)
        self.send(remote_session.node, notice)

    # -- what other nodes say

    def invoked(self, remote_node: RemoteNode, notice: messages.Invoke) -> None:
        """Invoke a session here for a caller there."""
        progress = notice.progress
        request = requests.Call(
            notice.call, "", notice.args, notice.kwargs, receive_progress=True, progress=progress
        )
        dealer = self._realm.dealer
        if notice.more:
            call = remote_node.calls.get(notice.call)
            if call is not None:
                dealer.call_on(call, request)
            return
        session = self._realm.sessions.get(notice.callee)
        if session is None or notice.registration not in session.registrations:
            # It has unregistered, or is gone, while this was on its way.
            gone = errors.NO_SUCH_PROCEDURE
            failed = messages.Failed(notice.callee, notice.call, gone, None, None)
            self.send(remote_node.node, failed)
            return
        caller = FarCaller(
            *(self._network, remote_node.node, notice.callee), remote_node.calls, remote_node.spent
        )
        dealer.invoke_for(caller, session, notice.registration, request, notice.details)

    def interrupted(self, remote_node: RemoteNode, notice: messages.Interrupt) -> None:
        """Let the callee end a call, or end it here: there it has ended."""
        call = remote_node.calls.get(notice.call)
        if call is None:
            return
        if notice.mode == "kill":
            self._realm.dealer.ongoing.cancel(call, "kill")
        else:
            self._realm.dealer.ongoing.abandon(call, notice.reason)

    def answered(
        self, remote_node: RemoteNode, notice: messages.ResultMessage | messages.Failed
    ) -> None:
        """Pass on what a callee there answered; ignored where the call is over."""
        remote_session = remote_node.remote_sessions.get(notice.callee)
        call = None if remote_session is None else remote_session.invocations.get(notice.call)
        if call is None:
            return
        dealer = self._realm.dealer
        if isinstance(notice, messages.ResultMessage):
            dealer.answer(call, notice)
        else:
            error = WampError(notice.error, args=notice.args, kwargs=notice.kwargs)
            dealer.ongoing.fail(call, error)

    def ended(self, notice: messages.End) -> None:
        """End a session here, as somebody there asked for."""
        session = self._realm.sessions.get(notice.session)
        if session is not None:
            session.close(notice.reason, notice.text)

    def lose(self, remote_node: RemoteNode, error: WampError) -> None:
        """End the calls to and from a node."""
        ongoing = self._realm.dealer.ongoing
        for remote_session in remote_node.remote_sessions.values():
            ongoing.lose_callee(remote_session, error)
        ongoing.lose_caller(remote_node.calls)
