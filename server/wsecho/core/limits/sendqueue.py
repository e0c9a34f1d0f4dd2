# SPDX-License-Identifier: MIT
"""What waits to be sent to one peer that is not taking it fast enough, counted against a bound.

This queue gives out all that was put in, and leaves it to whoever pushes to heed the bound: there
is nothing in a byte stream or an echo that may be left out. `Backlog` is built on it, for a reader
of rooms, of whose messages some may be.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sized
from typing import Final, Generic, TypeVar

ENTRY_COST: Final = 64
"""Bytes that an entry is counted for beside its length.

Without it a flood of tiny messages would hold many times its bound in objects.
"""

S = TypeVar("S", bound=Sized)


class SendQueue(Generic[S]):
    """Entries that wait for a peer, first in, first out; their length is in bytes.

    Args:
        bound: bytes that may wait; one entry of any length passes an empty queue.
    """

    __slots__ = ("_bound", "_entries", "_size")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._entries: deque[S] = deque()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that wait, each entry's own cost included."""
        return self._size

    def __bool__(self) -> bool:
        return bool(self._entries)

    def has_room(self, length: int) -> bool:
        """Tell whether an entry of `length` bytes may be added within the bound."""
        return not self._entries or self._size + length + ENTRY_COST <= self._bound

    def push(self, entry: S) -> None:
        """Add an entry behind the others, bound or no bound."""
        self._entries.append(entry)
        self._size += len(entry) + ENTRY_COST

    def pop(self) -> S:
        """Take the entry that waited longest.

        Raises:
            IndexError: nothing waits.
        """
        entry = self._entries.popleft()
        self._size -= len(entry) + ENTRY_COST
        return entry

    def put_back(self, entries: Iterable[S]) -> None:
        """Put in front again, in their order, what was taken and could not be sent after all."""
        for entry in reversed(list(entries)):
            self._entries.appendleft(entry)
            self._size += len(entry) + ENTRY_COST

    def take_out(self, chosen: Callable[[S], bool]) -> list[S]:
        """Take all entries that are chosen, wherever they stand."""
        taken = [entry for entry in self._entries if chosen(entry)]
        if taken:
            self._entries = deque(entry for entry in self._entries if not chosen(entry))
            self._size -= sum(map(len, taken)) + len(taken) * ENTRY_COST
        return taken

    def clear(self) -> None:
        """Forget all that waits."""
        self._entries.clear()
        self._size = 0
