# SPDX-License-Identifier: MIT
"""How long the heads and bodies of one HTTP connection may take, one behind another."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from wsecho.core.limits.bodies import BodyPace


class Deadlines:
    """Times what a client sends; a head and a body are never awaited together.

    Args:
        clock: the time.
        grace: seconds that a head may take in all, and a body before its pace counts.
        head_too_late: called where a head takes longer.
        body_too_late: called where a body comes more slowly than it must.
    """

    def __init__(
        self,
        clock: IReactorTime,
        grace: float,
        head_too_late: Callable[[], object],
        body_too_late: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._grace = grace
        self._head_too_late = head_too_late
        self._body_too_late = body_too_late
        self._call: IDelayedCall | None = None
        self._pace: BodyPace | None = None

    def head_begins(self) -> None:
        """Wait for a head from its first octet on: a trickle does not extend it."""
        if self._call is None:
            self.end_within(self._grace)

    def end_within(self, seconds: float) -> None:
        """Wait for the end of the connection as for a head, but so long."""
        self.stop()
        self._call = self._clock.callLater(seconds, self._head_is_late)

    def body_begins(self) -> None:
        """Wait for a body, as long as it comes fast enough."""
        self.stop()
        self._pace = BodyPace(self._clock.seconds(), self._grace)
        self._call = self._clock.callLater(self._grace, self._look_at, self._pace)

    def body_came(self, octets: int) -> None:
        """Grant a body more time for what came of it."""
        if self._pace is not None:
            self._pace.receive(octets)

    def stop(self) -> None:
        """Wait for no head and no body any more."""
        call, self._call, self._pace = self._call, None, None
        if call is not None:
            call.cancel()

    def _head_is_late(self) -> None:
        self._call = None
        self._head_too_late()

    def _look_at(self, pace: BodyPace) -> None:
        self._call = None
        left = pace.deadline - self._clock.seconds()
        if left > 0:
            self._call = self._clock.callLater(left, self._look_at, pace)
        else:
            self._body_too_late()
