# SPDX-License-Identifier: MIT
"""Calls in a cluster: finding a callee on whatever node, and the way there and back."""

from __future__ import annotations

from collections import defaultdict, deque
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from wsecho.router import errors, requests
from wsecho.router.answers import settle
from wsecho.router.errors import WampError
from wsecho.router.others import notices
from wsecho.router.others.guests import FarCaller, Guest
from wsecho.router.others.network import check
from wsecho.router.others.registering import place_of
from wsecho.router.uris import is_reserved

if TYPE_CHECKING:
    from autobahn.wamp import message

    from wsecho.router import outgoing
    from wsecho.router.calls import Call
    from wsecho.router.others.neighbours import Neighbour
    from wsecho.router.others.network import Network
    from wsecho.router.realm import Realm
    from wsecho.router.session import Session


class Calling:
    """The calls of a realm that other nodes have to do with.

    Args:
        realm: the realm.
        network: leads to the other nodes.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self._postponed: defaultdict[Session, deque[Call]] = defaultdict(deque)
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
        check(network)
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

    def _ready(self, session: Session, call: Call, turn: int | None) -> None:
        call.is_ready, call.turn = True, turn
        postponed = self._postponed[session]
        while postponed and postponed[0].is_ready:
            self._realm.dealer.go_on(session, postponed.popleft())
        if not postponed:
            self._postponed.pop(session, None)

    def _refused(self, session: Session, call: Call, error: WampError) -> None:
        self._realm.dealer.ongoing.fail(call, error)
        self._ready(session, call, None)

    # -- to sessions of other nodes

    def send(self, node: str, notice: notices.Notice) -> None:
        """Tell a node what it need not know: if it cannot be reached, all it knows is void."""
        with suppress(WampError):
            self._network.send(node, notice)

    def invoke(self, guest: Guest, msg: outgoing.Invocation) -> None:
        """Send INVOCATION.

        Raises:
            CannotCarryError: there is no form for it between nodes.
        """
        number = msg.request
        details = {name: value for name, value in msg.details.items() if name != "progress"}
        progress, more = "progress" in msg.details, number <= guest.last_begun
        guest.last_begun = max(guest.last_begun, number)
        fail = partial(self._not_invoked, guest, number)

        def went(is_there: bool) -> None:  # noqa: FBT001
            if not is_there:
                fail(WampError(errors.CANCELED, "the callee is gone"))

        notice = notices.Invoke(
            *(guest.id, number, more, progress),
            *(msg.registration, details, msg.args, msg.kwargs),
        )
        try:
            settle(self._network.send(guest.node, notice), went, fail)
        except WampError as error:
            fail(error)

    def _not_invoked(self, guest: Guest, number: int, error: WampError) -> None:
        call = guest.invocations.get(number)
        if call is not None:
            self._realm.dealer.ongoing.fail(call, error)

    def interrupt(self, guest: Guest, msg: message.Interrupt) -> None:
        """Send INTERRUPT."""
        notice = notices.Interrupt(guest.id, msg.request, msg.mode, msg.reason or errors.CANCELED)
        self.send(guest.node, notice)

    # -- what other nodes say

    def invoked(self, neighbour: Neighbour, notice: notices.Invoke) -> None:
        """Invoke a session here for a caller there."""
        progress = notice.progress
        request = requests.Call(
            notice.call, "", notice.args, notice.kwargs, receive_progress=True, progress=progress
        )
        dealer = self._realm.dealer
        if notice.more:
            call = neighbour.calls.get(notice.call)
            if call is not None:
                dealer.call_on(call, request)
            return
        session = self._realm.sessions.get(notice.callee)
        if session is None or notice.registration not in session.registrations:
            # It has unregistered, or is gone, while this was on its way.
            gone = errors.NO_SUCH_PROCEDURE
            failed = notices.Failed(notice.callee, notice.call, gone, None, None)
            self.send(neighbour.node, failed)
            return
        caller = FarCaller(
            *(self._network, neighbour.node, notice.callee), neighbour.calls, neighbour.spent
        )
        dealer.invoke_for(caller, session, notice.registration, request, notice.details)

    def interrupted(self, neighbour: Neighbour, notice: notices.Interrupt) -> None:
        """Let the callee end a call, or end it here: there it has ended."""
        call = neighbour.calls.get(notice.call)
        if call is None:
            return
        if notice.mode == "kill":
            self._realm.dealer.ongoing.cancel(call, "kill")
        else:
            self._realm.dealer.ongoing.abandon(call, notice.reason)

    def answered(self, neighbour: Neighbour, notice: notices.Result | notices.Failed) -> None:
        """Pass on what a callee there answered; ignored where the call is over."""
        guest = neighbour.guests.get(notice.callee)
        call = None if guest is None else guest.invocations.get(notice.call)
        if call is None:
            return
        dealer = self._realm.dealer
        if isinstance(notice, notices.Result):
            dealer.answer(call, notice)
        else:
            error = WampError(notice.error, args=notice.args, kwargs=notice.kwargs)
            dealer.ongoing.fail(call, error)

    def ended(self, notice: notices.End) -> None:
        """End a session here, as somebody there asked for."""
        session = self._realm.sessions.get(notice.session)
        if session is not None:
            session.close(notice.reason, notice.text)

    def lose(self, neighbour: Neighbour, error: WampError) -> None:
        """End the calls to and from a node."""
        ongoing = self._realm.dealer.ongoing
        for guest in neighbour.guests.values():
            ongoing.lose_callee(guest, error)
        ongoing.lose_caller(neighbour.calls)
