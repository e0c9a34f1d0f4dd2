# SPDX-License-Identifier: MIT
"""Commands and scripts, and what their failures mean to whoever gave them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from twisted.internet.defer import DeferredLock

from wsecho.bus.redis.client.errors import LateError, LostError, RedisRefusedError
from wsecho.bus.redis.client.link import Link, LinkStanding
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.client.refusals import Refusals
    from wsecho.bus.redis.client.scripts import Script

# Another may be the master by now, or it will take some time. A right that is missing is no such
# reason: it may be that to one room's key or channel, and all others can go on.
_NOT_HERE: Final = {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"}


@frozen
class Commands:
    """What can be asked of Redis.

    Args:
        link: the connection.
        measures: counts.
        refusals: has the log tell what Redis refuses.

    Attributes:
        one_large: whoever asks for what may be as large as a message waits here for its turn.
    """

    _link: Link
    _measures: Measures
    _refusals: Refusals
    one_large: DeferredLock = field(factory=DeferredLock, init=False)

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._link.standing is LinkStanding.UP

    @property
    def is_away(self) -> bool:
        """Whether it is not, and commands do not wait for it either."""
        standing = self._link.standing
        return standing is not LinkStanding.UP and standing is not LinkStanding.STARTING

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
            if isinstance(refused, RedisRefusedError) and refused.code == "NOSCRIPT":
                return self.ask("EVAL", script.source, *rest)
            return self._translate(failure)

        return self._link.ask("EVALSHA", script.digest, *rest).addErrback(failed)

    def cast(self, *words: bytes | str) -> None:
        """Give a command whose outcome nobody waits for, if Redis is there."""
        if self.is_up:
            # It may be up no longer, and the link not know yet.
            with suppress(BusUnavailable):
                self.ask(*words).addErrback(lambda _: None)

    def subscribe(self, channel: str) -> Deferred[Any]:
        """Listen on a channel: what is told from here on is pushed.

        Raises:
            BusUnavailable: Redis is away, or refuses it.
        """
        return self.ask("SUBSCRIBE", channel)

    def need(self, command: str, channel: str) -> None:
        """Listen on a channel, or to a pattern, that nothing goes on without, if Redis is there.

        Args:
            command: `SUBSCRIBE` or `PSUBSCRIBE`; where it is refused, the connection is given up.
            channel: which.
        """
        if self.is_up:
            self._link.ask(command, channel).addErrback(self._lacks)

    def look(self) -> None:
        """Have the log tell what Redis refuses no longer."""
        self._refusals.look()

    def _lacks(self, failure: Failure) -> None:
        if isinstance(failure.value, RedisRefusedError):
            self._measures.refused += 1
            self._link.give_up(failure.value)

    def _translate(self, failure: Failure) -> Any:
        if failure.check(LostError):
            self._measures.timeouts += failure.check(LateError) is not None
            raise BusTimeout
        refused = failure.value
        if isinstance(refused, RedisRefusedError):
            self._measures.refused += 1
            if refused.code in _NOT_HERE:
                self._link.give_up(refused)
            else:
                self._refusals.note(refused)
            if refused.is_halfway:
                raise BusTimeout("Redis refused a part of it; the message may appear all the same")
            raise BusUnavailable(f"Redis refuses it ({refused.code}); nothing was done")
        return failure
