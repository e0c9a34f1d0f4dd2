# SPDX-License-Identifier: MIT
"""Commands and scripts, as the rest of the bus gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from wsecho.bus.redis.errors import RefusedError
from wsecho.bus.redis.link import Link, Standing
from wsecho.core.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.scripts import Script


@frozen
class Commands:
    """What can be asked of Redis.

    Args:
        link: the connection.
    """

    _link: Link

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._link.standing is Standing.UP

    @property
    def is_away(self) -> bool:
        """Whether it is not, and commands do not wait for it either."""
        return self._link.standing not in {Standing.UP, Standing.STARTING}

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Give a command; what Redis refuses is not done.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        return self._link.ask(*words).addErrback(_refused)

    def run(
        self, script: Script, names: Sequence[bytes | str], words: Sequence[bytes | str]
    ) -> Deferred[Any]:
        """Run a script upon some keys.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        rest = [str(len(names)), *names, *words]

        def again(failure: Failure) -> Any:
            refused = failure.value
            if isinstance(refused, RefusedError) and refused.code == "NOSCRIPT":
                return self._link.ask("EVAL", script.source, *rest)
            return failure

        asked = self._link.ask("EVALSHA", script.digest, *rest).addErrback(again)
        return asked.addErrback(_refused)

    def cast(self, *words: bytes | str) -> None:
        """Give a command whose outcome nobody waits for, if Redis is there."""
        if self.is_up:
            self._link.ask(*words).addErrback(lambda _: None)

    def subscribe(self, channel: str) -> None:
        """Listen on a channel: what is told from here on is pushed."""
        self._link.tell("SUBSCRIBE", channel)

    def unsubscribe(self, channel: str) -> None:
        """Listen no more."""
        self._link.tell("UNSUBSCRIBE", channel)


def _refused(failure: Failure) -> Any:
    if failure.check(RefusedError):
        raise BusUnavailable("Redis refuses it; nothing was done")
    return failure
