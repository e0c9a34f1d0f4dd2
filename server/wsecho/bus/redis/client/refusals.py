# SPDX-License-Identifier: MIT
"""What Redis refuses on a connection that stands: told once as it begins, and once as it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.client.errors import advice

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.redis.client.errors import RedisRefusedError

CALM: Final = 30.0
"""Seconds without a refusal after which it is over: longer than from one sign of life to the next,
which Redis refuses too where it takes nothing."""


@define(eq=False)
class _Ongoing:
    last: float
    count: int = 1


@define(eq=False)
class Refusals:
    """What is refused at present.

    Args:
        seconds: the time.
    """

    _seconds: Callable[[], float]
    _ongoing: dict[str, _Ongoing] = field(factory=dict, init=False)

    _log = Logger()

    def note(self, refused: RedisRefusedError) -> None:
        """Note one; the log has the first of its kind, Redis's own words and what to do."""
        ongoing = self._ongoing.get(refused.code)
        if ongoing is not None:
            ongoing.last, ongoing.count = self._seconds(), ongoing.count + 1
            return
        self._ongoing[refused.code] = _Ongoing(self._seconds())
        self._log.warn(
            "Redis refuses commands: {why}; {what}",
            # Of a command that it does not know it quotes what goes with it, and so our clients.
            why=str(refused).partition(", with args")[0],
            what=advice(refused.code),
        )

    def look(self) -> None:
        """Tell of what is over."""
        now = self._seconds()
        for code, ongoing in list(self._ongoing.items()):
            if now - ongoing.last >= CALM:
                del self._ongoing[code]
                self._log.info(
                    "Redis has refused nothing with {code} for {calm:.0f} s; it had, {count} times",
                    code=code,
                    calm=CALM,
                    count=ongoing.count,
                )
