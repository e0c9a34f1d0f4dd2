# SPDX-License-Identifier: MIT
"""What waits to be sent to one peer that is not reading fast enough, within a bound."""

from collections import deque
from typing import Final

ENTRY_COST: Final = 64
"""Bytes that a queued piece is counted for beside its length.

Without it a flood of tiny frames would hold many times its bound in objects.
"""


class SendQueue:
    """Frames that wait for a peer, first in, first out.

    Args:
        bound: bytes that may wait; one piece of any size passes an empty queue.
    """

    __slots__ = ("_bound", "_pieces", "_size")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._pieces: deque[bytes] = deque()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that wait, each piece's own cost included."""
        return self._size

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def has_room(self, length: int) -> bool:
        """Tell whether a piece of `length` bytes may be added within the bound."""
        return not self._pieces or self._size + length + ENTRY_COST <= self._bound

    def push(self, piece: bytes) -> None:
        """Add a piece behind the others, bound or no bound."""
        self._pieces.append(piece)
        self._size += len(piece) + ENTRY_COST

    def pop(self) -> bytes:
        """Take the piece that waited longest.

        Raises:
            IndexError: nothing waits.
        """
        piece = self._pieces.popleft()
        self._size -= len(piece) + ENTRY_COST
        return piece

    def clear(self) -> None:
        """Forget all that waits."""
        self._pieces.clear()
        self._size = 0
