# SPDX-License-Identifier: MIT
"""What a peer without a connection of its own still has to fetch, and what it has sent.

HTTP loses answers: a POST may have arrived though its answer did not, and a batch may have
been taken from here though it never reached the peer. Numbers make both harmless.
"""

from collections import deque
from typing import Final

from attrs import define, field, frozen

from wsecho.core.wire.errors import Conflict

_MAX_BATCH: Final = 1 << 20
"""Bytes after which a batch takes no further message."""


@frozen
class Item:
    """One message on its way to the peer.

    Attributes:
        number: counted from 1; the `id` of a server-sent event.
        data: as the peer's serializer wrote it.
    """

    number: int
    data: bytes


@define(eq=False)
class Outbox:
    """Messages for one peer, until it has them.

    Args:
        bound: bytes that may wait, and that are kept for a stream to come back to.
    """

    _bound: int
    _waiting: deque[Item] = field(factory=deque, init=False)
    _size: int = field(default=0, init=False)
    _numbered: int = field(default=0, init=False)
    _batch: int = field(default=0, init=False)
    _last_batch: list[Item] = field(factory=list, init=False)
    _confirmed: int = field(default=0, init=False)
    _streamed: deque[Item] = field(factory=deque, init=False)
    _streamed_size: int = field(default=0, init=False)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._size

    def push(self, data: bytes) -> bool:
        """Add a message; returns False where the bound is passed and nothing was added."""
        if self._waiting and self._size + len(data) > self._bound:
            return False
        self._numbered += 1
        self._waiting.append(Item(self._numbered, data))
        self._size += len(data)
        return True

    def take(self, *, one: bool) -> list[Item]:
        """Take the next message, or all that wait, up to a batch's size."""
        taken: list[Item] = []
        size = 0
        while self._waiting and not (taken and (one or size >= _MAX_BATCH)):
            item = self._waiting.popleft()
            size += len(item.data)
            taken.append(item)
        self._size -= size
        if taken:
            self._confirmed = taken[-1].number
        return taken

    def batch(self, number: int, *, one: bool) -> list[Item]:
        """Take the batch with a number, or the same again; empty where nothing waits.

        Raises:
            Conflict: that batch was confirmed already, or one before it was never asked for.
        """
        if number == self._batch and self._last_batch:
            return self._last_batch
        if number != self._batch + 1:
            raise Conflict(f"batch {number} cannot be had; the next is {self._batch + 1}")
        taken = self.take(one=one)
        if taken:
            self._batch, self._last_batch = number, taken
        return taken

    def stream(self) -> list[Item]:
        """Take all that wait for a stream, and keep them for it to come back to."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._size = 0
        for item in taken:
            self._streamed.append(item)
            self._streamed_size += len(item.data)
        while self._streamed_size > self._bound and len(self._streamed) > 1:
            self._streamed_size -= len(self._streamed.popleft().data)
        return taken

    def rewind(self, number: int | None) -> None:
        """Let a stream go on behind an event that its peer has.

        Args:
            number: that event's; None where the peer knows none, so that it is given all that
                was streamed and never confirmed.

        Raises:
            Conflict: what follows that event is not kept any more, or it was never sent.
        """
        if number is None:
            number = self._confirmed
        oldest = self._streamed[0].number if self._streamed else self._next_number()
        if not oldest - 1 <= number < self._next_number():
            raise Conflict(f"the stream cannot go on behind event {number}")
        self._confirmed = number
        while self._streamed:
            item = self._streamed.pop()
            if item.number > number:
                self._waiting.appendleft(item)
                self._size += len(item.data)
        self._streamed_size = 0

    def _next_number(self) -> int:
        return self._waiting[0].number if self._waiting else self._numbered + 1


@define(eq=False)
class Inbox:
    """Keeps the order of numbered POSTs."""

    _last: int = field(default=0, init=False)

    def is_new(self, number: int) -> bool:
        """Tell whether a POST is the next one; a repetition is not.

        Raises:
            Conflict: one before it is missing.
        """
        if number > self._last + 1:
            raise Conflict(f"send {number} came before send {self._last + 1}")
        if number <= self._last:
            return False
        self._last = number
        return True
