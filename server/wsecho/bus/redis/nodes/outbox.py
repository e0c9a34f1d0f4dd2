# SPDX-License-Identifier: MIT
"""What this node says on a subject, in one order, no faster than what is large can be read.

A subject's log holds a bounded number of bytes. Whoever logs much that is large at once would have
Redis let the first of it go before anybody has read it. So each large entry is read here before
anything more is said: those who read as fast miss nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[], Deferred[Any]]


def _nothing(_: Any) -> None:
    return None


@define(eq=False)
class Outbox:
    """Says one thing after another.

    Args:
        catch_up: hears first what was said.
    """

    _catch_up: Say
    # By subject, where something large has yet to be heard.
    _held: dict[str, deque[tuple[Deferred[Any], Say, bool]]] = field(factory=dict, init=False)

    def say(self, subject: str, say: Say, *, is_large: bool = False) -> Deferred[Any]:
        """Say something, at once where nothing large is on its way.

        Args:
            subject: what it is about.
            say: does it.
            is_large: whether what follows waits until it was heard here.

        Returns:
            What `say` returns, or will.

        Raises:
            BusUnavailable: Redis is away.
        """
        held = self._held.get(subject)
        if held is not None:
            answer: Deferred[Any] = Deferred()
            held.append((answer, say, is_large))
            return answer
        said = say()
        if is_large:
            self._held[subject] = deque()
            said.addBoth(self._said, subject)
        return said

    def _said(self, outcome: Any, subject: str) -> Any:
        maybeDeferred(self._catch_up).addErrback(_nothing).addCallback(self._go_on, subject)
        return outcome

    def _go_on(self, _: None, subject: str) -> None:
        held = self._held.pop(subject)
        while held and subject not in self._held:
            answer, say, is_large = held.popleft()
            maybeDeferred(self.say, subject, say, is_large=is_large).chainDeferred(answer)
        if held:
            self._held[subject].extend(held)
