# SPDX-License-Identifier: MIT
"""What this node says on a subject, in one order, no faster than what is large can be read.

A subject's log holds a bounded number of bytes. Whoever logs much that is large at once would have
Redis let the first of it go before anybody has read it. So each large entry is read here before
anything more is said: those who read as fast miss nothing.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field

from wsecho.bus.deferreds import promise_of
from wsecho.core.promise import Later, Promise, settle
from wsecho.core.wire.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.defer import Deferred

    Say = Callable[[], Deferred[Any]]


@define(eq=False)
class SubjectOutbox:
    """Says one thing after another.

    Args:
        catch_up: hears first what was said.
    """

    _catch_up: Callable[[], Later[None]]
    # By subject, where something large has yet to be heard.
    _held: dict[str, deque[tuple[Promise[Any], Say, bool]]] = field(factory=dict, init=False)

    def say(self, subject: str, say: Say, *, is_large: bool = False) -> Promise[Any]:
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
            answer: Promise[Any] = Promise()
            held.append((answer, say, is_large))
            return answer
        said = promise_of(say())
        if is_large:
            self._held[subject] = deque()
            caught_up = partial(self._catch_up_and_go_on, subject)
            said.then(caught_up, caught_up)
        return said

    def _catch_up_and_go_on(self, subject: str, _: object) -> None:
        go_on = partial(self._go_on, subject)
        try:
            settle(self._catch_up(), go_on, go_on)
        except BusUnavailable as error:
            go_on(error)

    def _go_on(self, subject: str, _: object) -> None:
        held = self._held.pop(subject)
        while held and subject not in self._held:
            answer, say, is_large = held.popleft()
            try:
                answer.give(self.say(subject, say, is_large=is_large))
            except BusUnavailable as error:
                answer.fail(error)
        if held:
            self._held[subject].extend(held)
