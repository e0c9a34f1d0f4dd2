# SPDX-License-Identifier: MIT
"""Calls under way: what goes to either end, the timers, and the ways in which a call ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wsecho.router.model.calls import CallState, OngoingCall
from wsecho.router.wire import errors, outgoing, requests
from wsecho.router.wire.errors import CannotCarryError, WampError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.model.calls import Invoked
    from wsecho.router.model.ports import Clock
    from wsecho.router.wire.requests import CancelMode

_CALL: Final = requests.Call.TYPE
_PROGRESS: Final = {"progress": True}

Args = list[Any] | None
Kwargs = dict[str, Any] | None


class Ongoing:
    """Keeps the tables of calls, which hang on the sessions at either end.

    Args:
        clock: for call timeouts.
        safely: calls what a timer fires.
    """

    def __init__(self, clock: Clock, safely: Callable[[Callable[[], None]], None]) -> None:
        self._clock = clock
        self._safely = safely

    def begin(self, call: OngoingCall) -> None:
        """Enter a call, and start its time."""
        call.caller.calls[call.request] = call
        if call.callee is not None:
            call.callee.invocations[call.invocation] = call
        if call.timeout:  # "Call Timeouts", by the dealer
            self._start_timer(call)

    def go_on(self, call: OngoingCall, callee: Invoked) -> None:
        """Enter the callee of a call that was postponed."""
        call.callee, call.invocation = callee, callee.next_invocation()
        callee.invocations[call.invocation] = call

    def send_invocation(self, call: OngoingCall, request: requests.Call) -> None:
        """Send INVOCATION, the first or a further one; the call fails where it does not fit."""
        if call.state is CallState.ENDED:
            return
        details = call.details | _PROGRESS if request.progress else call.details
        invocation = outgoing.OutgoingInvocation(
            call.invocation, call.registration, request.args, request.kwargs, details
        )
        assert call.callee is not None  # noqa: S101  # the router's own are not invoked
        try:
            call.callee.send(invocation)
        except CannotCarryError as error:
            self.fail(call, WampError(error.uri, "the callee's serializer cannot carry it"))

    def finish(self, call: OngoingCall, args: Args, kwargs: Kwargs) -> None:
        """End a call by its RESULT; nothing happens where it has ended."""
        if call.state is not CallState.ENDED:
            # Ended first: whatever sending leads to finds no call to end again.
            self._end(call)
            self.send_result(call, args, kwargs)

    def send_result(self, call: OngoingCall, args: Args, kwargs: Kwargs) -> None:
        """Send a final RESULT, or ERROR where that does not fit."""
        try:
            call.caller.send(outgoing.OutgoingResult(call.request, args, kwargs))
        except CannotCarryError as error:
            reason = "your serializer cannot carry the result"
            call.caller.send(outgoing.OutgoingError(_CALL, call.request, error.uri, [reason]))

    def progress(self, call: OngoingCall, args: Args, kwargs: Kwargs) -> None:
        """Send a progressive RESULT; the time for the next one begins."""
        self._restart_timer(call)
        try:
            call.caller.send(outgoing.OutgoingResult(call.request, args, kwargs, progress=True))
        except CannotCarryError as error:
            self.fail(call, WampError(error.uri, "your serializer cannot carry the result"))
            self.interrupt(call, "killnowait", errors.CANCELED)

    def fail(self, call: OngoingCall, error: WampError) -> None:
        """End a call by an ERROR; nothing happens where it has ended."""
        if call.state is CallState.ENDED:
            return
        self._end(call)
        answer = outgoing.OutgoingError(_CALL, call.request, error.uri, error.payload, error.kwargs)
        outgoing.send_error(call.caller.send, answer)

    def cancel(self, call: OngoingCall, mode: CancelMode) -> None:
        """End a call for its caller, or with `kill` let the callee end it."""
        # "Call Canceling": `kill` waits for the callee's word, `killnowait` and `skip` do not, and
        # `skip` does not tell it. One that cannot be interrupted can but be skipped.
        callee = call.callee
        if mode == "kill" and callee is not None and callee.peer.can_be_interrupted:
            if call.state is not CallState.KILLING:
                self._note_upload(call)
                call.state = CallState.KILLING
                self.interrupt(call, "kill", errors.CANCELED)
            return
        self.fail(call, WampError(errors.CANCELED))
        if mode != "skip":
            self.interrupt(call, "killnowait", errors.CANCELED)

    def interrupt(self, call: OngoingCall, mode: CancelMode, reason: str) -> None:
        """Send INTERRUPT, where the callee understands it."""
        callee = call.callee
        if callee is not None and callee.peer.can_be_interrupted:
            callee.send(outgoing.OutgoingInterrupt(call.invocation, mode, reason))

    def lose_callee(self, callee: Invoked, error: WampError) -> None:
        """Fail the calls of one that is gone."""
        for call in list(callee.invocations.values()):
            self.fail(call, error)

    def lose_caller(self, calls: dict[int, OngoingCall]) -> None:
        """End calls that nobody waits for any more."""
        for call in list(calls.values()):
            self.abandon(call, errors.CANCELED)

    def abandon(self, call: OngoingCall, reason: str) -> None:
        """End a call without a word to its caller."""
        self._end(call)
        self.interrupt(call, "killnowait", reason)

    def _timed_out(self, call: OngoingCall) -> None:
        call.timer = None
        self.fail(call, WampError(errors.TIMEOUT))
        self.interrupt(call, "killnowait", errors.TIMEOUT)

    def _end(self, call: OngoingCall) -> None:
        self._note_upload(call)
        call.state = CallState.ENDED
        call.caller.calls.pop(call.request, None)
        if call.callee is not None:
            call.callee.invocations.pop(call.invocation, None)
        if call.timer is not None:
            call.timer.cancel()
            call.timer = None

    @staticmethod
    def _note_upload(call: OngoingCall) -> None:
        if call.state is CallState.UPLOADING:
            call.caller.spent.add(call.request)

    def _start_timer(self, call: OngoingCall) -> None:
        expire = partial(self._safely, partial(self._timed_out, call))
        call.timer = self._clock.call_later(call.timeout / 1000, expire)

    def _restart_timer(self, call: OngoingCall) -> None:
        # "Timeouts" of progressive results: the limit is on the time between results.
        if call.timer is not None:
            call.timer.cancel()
            self._start_timer(call)
