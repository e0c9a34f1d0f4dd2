# SPDX-License-Identifier: MIT
"""Commands and scripts, and what their failures mean to whoever gave them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from wsecho.bus.redis.errors import LateError, LostError, RefusedError
from wsecho.bus.redis.link import Link, Standing
from wsecho.core.errors import BusTimeout, BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.measures import Measures
    from wsecho.bus.redis.scripts import Script

# Another may be the master by now, or it will take some time.
_NOT_HERE: Final = {"READONLY", "LOADING", "MASTERDOWN", "NOPERM", "NOAUTH"}


@frozen
class Commands:
    """What can be asked of Redis.

    Args:
        link: the connection.
        measures: counts.
    """

    _link: Link
    _measures: Measures

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._link.standing is Standing.UP

    @property
    def is_away(self) -> bool:
        """Whether it is not, and commands do not wait for it either."""
        standing = self._link.standing
        return standing is not Standing.UP and standing is not Standing.STARTING

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Give a command; it fails with `BusTimeout` or `BusUnavailable`.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        return self._link.ask(*words).addErrback(self._translate)

    def run(
        self, script: Script, names: Sequence[bytes | str], words: Sequence[bytes | str]
    ) -> Deferred[Any]:
        """Run a script upon some keys; it fails with `BusTimeout` or `BusUnavailable`.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        rest = [str(len(names)), *names, *words]

        def failed(failure: Failure) -> Any:
            refused = failure.value
            if isinstance(refused, RefusedError) and refused.code == "NOSCRIPT":
                return self.ask("EVAL", script.source, *rest)
            return self._translate(failure)

        return self._link.ask("EVALSHA", script.digest, *rest).addErrback(failed)

    def cast(self, *words: bytes | str) -> None:
        """Give a command whose outcome nobody waits for, if Redis is there."""
        if self.is_up:
            # It may be up no longer, and the link not know yet.
            with suppress(BusUnavailable):
                self._link.ask(*words).addErrback(lambda _: None)

    def tell(self, *words: str) -> None:
        """Give a command that is answered by a push, if Redis is there."""
        self._link.tell(*words)

    def subscribe(self, channel: str) -> None:
        """Listen on a channel: what is told from here on is pushed."""
        self._link.tell("SUBSCRIBE", channel)

    def unsubscribe(self, channel: str) -> None:
        """Listen no more."""
        self._link.tell("UNSUBSCRIBE", channel)

    def _translate(self, failure: Failure) -> Any:
        if failure.check(LostError):
            self._measures.timeouts += failure.check(LateError) is not None
            raise BusTimeout
        refused = failure.value
        if isinstance(refused, RefusedError):
            self._measures.refused += 1
            if refused.code in _NOT_HERE:
                self._link.cut()
            if refused.is_halfway:
                raise BusTimeout("Redis refused a part of it; the message may appear all the same")
            raise BusUnavailable("Redis refuses it; nothing was done")
        return failure
