# SPDX-License-Identifier: MIT
"""What waits for one reader that is not taking it fast enough, within a bound.

An entry is what a door will send: a message of a room, or something of the door's own that must
keep its place among them. Where the bound is passed, the room's policy says what goes: nothing
(the reader is given up), the oldest messages, or all but the newest. A `Gap` then comes in their
place, so that the reader can be told.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from wsecho.core.limits.slowness import SlowPolicy

T = TypeVar("T")

ENTRY_COST: Final = 64
"""Bytes that an entry is counted for beside its length.

Without it a flood of tiny messages would hold many times its bound in objects.
"""


class TooSlowError(Exception):
    """The bound is passed, and nothing may be left out for this reader."""


@frozen(eq=False)
class Stream:
    """One room as one reader gets it.

    Attributes:
        key: tells this stream from the reader's others.
        policy: what may be left out.
    """

    key: Hashable
    policy: SlowPolicy = "close"


@frozen
class Gap:
    """Messages that were left out.

    Attributes:
        stream: which room's.
        after: the offset before the first of them.
        upto: the offset of the last.
    """

    stream: Stream
    after: int
    upto: int


@frozen(eq=False)
class Waiting(Generic[T]):
    """One thing to send.

    Attributes:
        what: the thing.
        size: its bytes, as far as they are known.
        stream: the room that it is a message of, None where it must not be left out.
        offset: its place in that room.
    """

    what: T
    size: int
    stream: Stream | None = None
    offset: int = 0


@define(eq=False)
class Backlog(Generic[T]):
    """Entries for one reader, first in, first out.

    Args:
        bound: bytes that may wait; one entry of any size passes an empty backlog.
    """

    _bound: int
    _entries: deque[Waiting[T]] = field(factory=deque, init=False)
    # A stream's oldest go first, so its gap stands before all of it that still waits.
    _gaps: dict[Stream, Gap] = field(factory=dict, init=False)
    _size: int = field(default=0, init=False)

    def __bool__(self) -> bool:
        return bool(self._entries or self._gaps)

    @property
    def size(self) -> int:
        """Bytes that wait, each entry's own cost included."""
        return self._size

    def push(self, entry: Waiting[T]) -> int:
        """Add an entry behind the others, leaving out what the policies allow.

        Returns:
            how many messages were left out.

        Raises:
            TooSlowError: there is no room for it, and none can be made.
        """
        left_out = 0
        if entry.stream is not None and entry.stream.policy == "latest":
            left_out = self._leave_out_all(entry.stream)
        cost = entry.size + ENTRY_COST
        if self._entries and self._size + cost > self._bound:
            left_out += self._make_room(cost)
            if self._entries and self._size + cost > self._bound:
                raise TooSlowError
        self._entries.append(entry)
        self._size += cost
        return left_out

    def pop(self) -> Waiting[T] | Gap:
        """Take what waited longest, a gap before what follows it.

        Raises:
            IndexError: nothing waits.
        """
        if not self._entries and self._gaps:
            return self._gaps.pop(next(iter(self._gaps)))
        stream = self._entries[0].stream
        if stream is not None and stream in self._gaps:
            return self._gaps.pop(stream)
        entry = self._entries.popleft()
        self._size -= entry.size + ENTRY_COST
        return entry

    def put_back(self, popped: Waiting[T] | Gap) -> None:
        """Put in front again what could not be sent after all."""
        if isinstance(popped, Gap):
            self._gaps[popped.stream] = popped
        else:
            self._entries.appendleft(popped)
            self._size += popped.size + ENTRY_COST

    def clear(self) -> None:
        """Forget all that waits."""
        self._entries.clear()
        self._gaps.clear()
        self._size = 0

    def _make_room(self, cost: int) -> int:
        held: list[Waiting[T]] = []
        left_out = 0
        while self._entries and self._size + cost > self._bound:
            entry = self._entries.popleft()
            if entry.stream is None or entry.stream.policy == "close":
                held.append(entry)
            else:
                self._leave_out(entry.stream, entry)
                left_out += 1
        self._entries.extendleft(reversed(held))
        return left_out

    def _leave_out_all(self, stream: Stream) -> int:
        kept = deque(entry for entry in self._entries if entry.stream is not stream)
        left_out = len(self._entries) - len(kept)
        for entry in self._entries if left_out else ():
            if entry.stream is stream:
                self._leave_out(stream, entry)
        self._entries = kept
        return left_out

    def _leave_out(self, stream: Stream, entry: Waiting[T]) -> None:
        self._size -= entry.size + ENTRY_COST
        before = self._gaps.get(stream)
        after = entry.offset - 1 if before is None else before.after
        self._gaps[stream] = Gap(stream, after, entry.offset)
