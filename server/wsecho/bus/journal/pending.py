# SPDX-License-Identifier: MIT
"""What is on its way into the file: where rooms will stand, and what becomes of it afterwards.

It knows no thread and no file: one transaction is being written while the next one grows.
"""

from collections import Counter
from collections.abc import Callable

from attrs import define, field

from wsecho.bus.journal.records import Transaction
from wsecho.core.promise import Promise
from wsecho.core.rooms.retries import Receipt


@define
class Ahead:
    """Where a room will stand.

    Attributes:
        number: the room's, in the file.
        epoch: the word in its positions.
        head: the offset of the last message that is on its way.
        time: that message's.
        waiting: how many of its messages are on their way.
    """

    number: int
    epoch: str
    head: int
    time: float
    waiting: int = 0


@define
class Underway:
    """What is said under a key, and not written yet.

    Attributes:
        digest: tells it from anything else.
        payer: among whose keys it counts.
        receipt: comes once it is written.
    """

    digest: bytes
    payer: str
    receipt: Promise[Receipt]


@define(eq=False)
class Awaiting:
    """What is to be done once something is written, or is not.

    Attributes:
        done: it is.
        failed: takes the error that it is known by.
    """

    done: Callable[[], object]
    failed: Callable[[Exception], object]


@define(eq=False)
class Commit:
    """A transaction, and what waits for it, in its order."""

    transaction: Transaction = field(factory=Transaction)
    waiters: list[Awaiting] = field(factory=list)


@define(eq=False)
class Pending:
    """All that is on its way.

    Attributes:
        ahead: by room.
        keys: what is said under keys, by their names.
        next: the commit that grows.
        written: the commit that is being written; None where none is.
        payers: how many keys of each are on their way.
    """

    ahead: dict[str, Ahead] = field(factory=dict, init=False)
    keys: dict[bytes, Underway] = field(factory=dict, init=False)
    next: Commit = field(factory=Commit, init=False)
    written: Commit | None = field(default=None, init=False)
    payers: Counter[str] = field(factory=Counter, init=False)

    def __len__(self) -> int:
        return len(self.next.waiters) + (len(self.written.waiters) if self.written else 0)

    def begin(self) -> Commit | None:
        """Return the commit that is to be written now; None where one is, or there is none."""
        if self.written is not None or not self.next.waiters:
            return None
        self.written, self.next = self.next, Commit()
        return self.written

    def end(self) -> list[Awaiting]:
        """Return what is to be done now that the commit is written."""
        written, self.written = self.written, None
        return written.waiters if written is not None else []

    def give_up(self) -> list[Awaiting]:
        """Forget all that is on its way; return what was to be done with it, in order."""
        waiters = [*(self.written.waiters if self.written else ()), *self.next.waiters]
        self.ahead.clear()
        self.keys.clear()
        self.payers.clear()
        self.next, self.written = Commit(), None
        return waiters

    def use_key(self, name: bytes, underway: Underway) -> None:
        """Note that something is said under a key."""
        self.keys[name] = underway
        self.payers[underway.payer] += 1

    def free_key(self, name: bytes) -> None:
        """Note that it has been."""
        underway = self.keys.pop(name, None)
        if underway is not None:
            self.payers[underway.payer] -= 1
            if not self.payers[underway.payer]:
                del self.payers[underway.payer]

    def took(self, room: str) -> None:
        """Note that one message of a room has arrived."""
        ahead = self.ahead.get(room)
        if ahead is not None:
            ahead.waiting -= 1
            if ahead.waiting <= 0:
                del self.ahead[room]
