# SPDX-License-Identifier: MIT
"""What waits for one reader of rooms that is not taking it fast enough, within a bound.

An entry is what a door will send: a message of a room, or something of the door's own that must
keep its place among them. They stand in a `SendQueue`. Where its bound would be passed, the room's
policy says what goes: nothing (the reader is given up), the oldest messages, or all but the
newest. A `Gap` then comes in their place, so that the reader can be told.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from attrs import define, field, frozen

from wsecho.core.limits.sendqueue import ENTRY_COST, SendQueue
from wsecho.core.limits.slowness import SlowPolicy

T = TypeVar("T")


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

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True


@define(eq=False)
class Backlog(Generic[T]):
    """Entries for one reader, first in, first out.

    Args:
        bound: bytes that may wait; one entry of any size passes an empty backlog.
    """

    _bound: int
    _queue: SendQueue[Waiting[T]] = field(init=False)
    # A stream's oldest go first, so its gap stands before all of it that still waits.
    _gaps: dict[Stream, Gap] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._queue = SendQueue(self._bound)

    def __bool__(self) -> bool:
        return bool(self._queue or self._gaps)

    @property
    def size(self) -> int:
        """Bytes that wait, each entry's own cost included."""
        return self._queue.size

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
        if not self._queue.has_room(entry.size):
            left_out += self._make_room(entry.size)
            if not self._queue.has_room(entry.size):
                raise TooSlowError
        self._queue.push(entry)
        return left_out

    def pop(self) -> Waiting[T] | Gap:
        """Take what waited longest, a gap before what follows it.

        Raises:
            IndexError: nothing waits.
        """
        if not self._queue and self._gaps:
            return self._gaps.pop(next(iter(self._gaps)))
        entry = self._queue.pop()
        if entry.stream is not None and entry.stream in self._gaps:
            self._queue.put_back([entry])
            return self._gaps.pop(entry.stream)
        return entry

    def put_back(self, popped: Waiting[T] | Gap) -> None:
        """Put in front again what could not be sent after all."""
        if isinstance(popped, Gap):
            self._gaps[popped.stream] = popped
        else:
            self._queue.put_back([popped])

    def clear(self) -> None:
        """Forget all that waits."""
        self._queue.clear()
        self._gaps.clear()

    def _make_room(self, length: int) -> int:
        kept: list[Waiting[T]] = []
        left_out = size = 0
        while self._queue and not self._queue.has_room(size + length):
            entry = self._queue.pop()
            if entry.stream is None or entry.stream.policy == "close":
                kept.append(entry)
                size += entry.size + ENTRY_COST
            else:
                self._leave_out(entry.stream, entry)
                left_out += 1
        self._queue.put_back(kept)
        return left_out

    def _leave_out_all(self, stream: Stream) -> int:
        taken = self._queue.take_out(lambda entry: entry.stream is stream)
        for entry in taken:
            self._leave_out(stream, entry)
        return len(taken)

    def _leave_out(self, stream: Stream, entry: Waiting[T]) -> None:
        before = self._gaps.get(stream)
        after = entry.offset - 1 if before is None else before.after
        self._gaps[stream] = Gap(stream, after, entry.offset)
