# SPDX-License-Identifier: MIT
"""What a WAMP peer sends, on its way to its session: no faster than `--message-rate` allows.

Each WAMP message counts, not what carries it: a batch may hold thousands. While the session is held
back, what has come already waits there.
"""

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from wsecho.core.limits.rates import Meter, Rates
from wsecho.doors.wamp.unfit import Unfit
from wsecho.router import Session, WampError
from wsecho.router.wire.errors import OVER_RATE, UnfitError
from wsecho.server.stats import Stats

_REASON = "messages come faster than this server allows"


@define(eq=False)
class RateLimitedInbox:
    """Holds one peer to its rates.

    Args:
        rates: what it may send.
        clock: the time.
        stats: counts what came too fast.
    """

    _rates: Rates
    _clock: IReactorTime
    _stats: Stats
    _meter: Meter | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if not self._rates.are_unbounded:
            self._meter = Meter(self._rates)

    def take(self, session: Session, messages: list[object], octets: int) -> None:
        """Hand messages to a session, or refuse them.

        By `close` the session is aborted with `wsecho.error.over_rate`; by `drop` a request is
        answered with that, and what may not be refused is let pass. Of an `Unfit` one nothing is
        done, however slowly it came.

        Args:
            session: whose they are.
            messages: unserialized.
            octets: how long all of them were together.
        """
        for message in messages:
            refused: WampError | None = None
            if self._meter is not None and not self._is_within(self._meter, octets):
                if self._rates.policy == "close":
                    session.flush()
                    session.abort(OVER_RATE, _REASON)
                    return
                refused = WampError(OVER_RATE, _REASON)
            if isinstance(message, Unfit):
                refused = UnfitError(message.why)
                message = message.message  # noqa: PLW2901
            session.receive(message, refused)
            octets = 0

    def _is_within(self, meter: Meter, octets: int) -> bool:
        if not meter.count(octets, self._clock.seconds()):
            return True
        self._stats.limits[meter.exceeded] += 1
        return False
