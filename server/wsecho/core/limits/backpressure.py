# SPDX-License-Identifier: MIT
"""Who is read from no more, because too much of what was said before is still on its way.

A `Backpressure` stands wherever much may be on its way: the rounds of a room, the events of a
realm, the commands that Redis has yet to answer. Beyond its bound it holds back whoever says more,
and lets them go on once half of that is left. A sender may be held back by several at once: it is
paused by the first and resumed by the last. What had been read from it by then, and what its
system sends all the same, waits with the sender, and is bounded by what is read at a time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from wsecho.core.promise import Promise

FEW: Final = 8
"""Messages that each sender may send though there are too many on their way to other nodes: who
says little does not wait for those who say much."""

T = TypeVar("T")


class Flow(Enum):
    """What is done with what a sender sends."""

    READING = "reading"
    PAUSED = "paused"
    GONE = "gone"  # it sends no more, and is never resumed


# Each message asks for it, and to look into an enumeration takes as long as three calls.
_PAUSED: Final = Flow.PAUSED


class FlowControlled(Generic[T]):
    """A sender that is read from no more while any `Backpressure` holds it back.

    A door calls `admit` with each message and `depart` when no more can come; what the messages
    are for is done by `serve`, which asks the `Backpressure`s of its way to `check` the sender.

    Attributes:
        excess: messages that it has sent since there were too many; counted by a `Backpressure`.
    """

    # What few senders ever need is made for those that do.
    _flow = Flow.READING
    _causes: "set[Backpressure] | None" = None
    _unserved: deque[T] | None = None
    excess = 0

    # -- what a sender says how to do

    def serve(self, message: T) -> None:
        """Do what a message is for."""
        raise NotImplementedError

    def pause_reading(self) -> None:
        """Read no more; what was read already may still be admitted."""
        raise NotImplementedError

    def resume_reading(self) -> None:
        """Read again; called once for each `pause_reading`, unless the sender departs before."""
        raise NotImplementedError

    def serve_unserved(self) -> None:
        """Serve what waits, until it is all gone or the sender is held back again."""
        while self._unserved and not self._causes:
            self.serve(self._unserved.popleft())

    # -- what its door calls

    def admit(self, message: T) -> None:
        """Serve a message, now or once all before it were served."""
        if self._flow is not _PAUSED:
            self.serve(message)
            return
        if self._unserved is None:
            self._unserved = deque()
        self._unserved.append(message)

    def flush(self) -> None:
        """Serve all that waits, whoever holds the sender back, for no more will come."""
        while self._unserved:
            self.serve(self._unserved.popleft())

    def depart(self) -> None:
        """Take note that no more can be read: nobody waits for it, and it is never resumed."""
        self._flow = Flow.GONE
        causes, self._causes, self._unserved = self._causes, None, None
        for cause in causes or ():
            cause.forget(self)

    # -- what a `Backpressure` calls

    def hold(self, cause: "Backpressure") -> bool:
        """Be held back by one more cause; whether that is still of any use."""
        if self._flow is Flow.GONE:
            return False
        if self._causes is None:
            self._causes = set()
        self._causes.add(cause)
        if self._flow is Flow.READING:
            self._flow = Flow.PAUSED
            self.pause_reading()
        return True

    def release(self, cause: "Backpressure") -> None:
        """Be held back by one less; go on if that was the last."""
        self.excess = 0
        if self._causes is None:
            return
        self._causes.discard(cause)
        # What it serves now may have it be held back again, or depart.
        self.serve_unserved()
        if self._flow is Flow.PAUSED and not self._causes and not self._unserved:
            self._flow, self._causes, self._unserved = Flow.READING, None, None
            self.resume_reading()


class Backpressure:
    """One place where too much may be on its way: holds back who says more.

    Args:
        level: how much is on its way there.
        bound: how much may be. Beyond it senders are held back, until half of it is left.
        grace: messages that each sender may say beyond it all the same.
        later: calls something in another turn of the loop. Given that, one sender goes on in each,
            where what they say is only seen when it is read: together they would say more than
            there is room for. Else all go on in turn, for as long as half of the bound is left.
    """

    def __init__(
        self,
        level: Callable[[], int],
        bound: int,
        *,
        grace: int = 0,
        later: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._level = level
        self._bound = bound
        self._grace = grace
        self._later = later
        self._is_due = False
        # Who has waited longest goes on first.
        self._held: dict[FlowControlled[Any], None] = {}

    def __bool__(self) -> bool:
        """Whether anybody is held back here."""
        return bool(self._held)

    def check(self, sender: FlowControlled[Any]) -> None:
        """Hold a sender back that has just said something, if too much is on its way."""
        if self._level() <= self._bound:
            if self._grace:
                sender.excess = 0
        elif sender.excess < self._grace:
            sender.excess += 1
        elif sender.hold(self):
            self._held[sender] = None

    def relieve(self) -> None:
        """Let senders go on if that little is on its way; to be called whenever it is less."""
        if not self._may_release():
            return
        if self._later is None:
            _release(self, self._take_while_little())
        elif not self._is_due:
            self._is_due = True
            self._later(self._release_one)

    def relieve_all(self) -> None:
        """Let all go on, since nothing of what was on its way is any more."""
        held, self._held = self._held, {}
        _release(self, held)

    def forget(self, sender: FlowControlled[Any]) -> None:
        """Take note that a sender has departed."""
        self._held.pop(sender, None)

    # -- the rest is our own

    def _may_release(self) -> bool:
        return bool(self._held) and self._level() <= self._bound // 2

    def _take(self) -> FlowControlled[Any]:
        sender = next(iter(self._held))
        del self._held[sender]
        return sender

    def _take_while_little(self) -> Iterator[FlowControlled[Any]]:
        while self._may_release():
            yield self._take()

    def _release_one(self) -> None:
        self._is_due = False
        if self._may_release():
            try:
                _release(self, [self._take()])
            finally:
                self.relieve()


def hold_until(sender: FlowControlled[Any], outcome: Promise[Any]) -> None:
    """Read no more from a sender until something is known, whatever is known then.

    It is let go on behind those who waited for the same before.
    """
    awaited = [outcome]
    cause = Backpressure(lambda: len(awaited), 0)
    cause.check(sender)

    def let_go(_: object) -> None:
        awaited.clear()
        cause.relieve()

    outcome.then(let_go, let_go)


def _release(cause: Backpressure, senders: Iterable[FlowControlled[Any]]) -> None:
    """Release senders one after the other, and none is left behind for another's fault."""
    faults = []
    for sender in senders:
        while True:
            try:
                sender.release(cause)
                break
            except Exception as fault:  # noqa: BLE001  # told below; its own next messages wait
                faults.append(fault)
    if faults:
        raise ExceptionGroup("what was held back could not be served", faults)
