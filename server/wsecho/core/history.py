# SPDX-License-Identifier: MIT
"""What a room remembers: its latest messages, in order, bounded by number and age."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from attrs import define, field

from wsecho.core.positions import Position


@define(eq=False)
class Message:
    """One message of a room.

    Attributes:
        position: where it stands.
        payload: what was said; UTF-8 where it is text.
        is_binary: whether it is binary.
        time: Unix time in seconds when it was taken.
        publication: its WAMP publication id, the same for every receiver.
        publisher: the WAMP session id of whoever asked for disclosure, if any.
        forms: what doors made of it, by their own keys: encoded once, sent to many.
    """

    position: Position
    payload: bytes
    is_binary: bool
    time: float
    publication: int
    forms: dict[Any, Any] = field(factory=dict, init=False, repr=False)


@define(eq=False)
class History:
    """The latest messages of a room, without a gap.

    Args:
        epoch: the word in all of its positions.
        limit: messages kept at most.
        ttl: seconds that a message is kept.
    """

    epoch: str
    _limit: int
    _ttl: float
    head: int = field(default=0, init=False)
    _messages: deque[Message] = field(factory=deque, init=False)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def position(self) -> Position:
        """Where the room stands: behind its last message."""
        return Position(self.epoch, self.head)

    @property
    def oldest(self) -> int:
        """The lowest offset that can be resumed after."""
        return self.head - len(self._messages)

    def next_position(self) -> Position:
        """The position that the next message gets."""
        return Position(self.epoch, self.head + 1)

    def append(self, message: Message) -> None:
        """Take a message that stands at `next_position`."""
        self.head = message.position.offset
        if self._limit:
            self._messages.append(message)
        while len(self._messages) > self._limit:
            self._messages.popleft()

    def expire(self, now: float) -> None:
        """Drop what is older than its time."""
        while self._messages and now - self._messages[0].time >= self._ttl:
            self._messages.popleft()

    def can_resume(self, position: Position) -> bool:
        """Tell whether every message behind a position is still here."""
        return position.epoch == self.epoch and self.oldest <= position.offset <= self.head

    def after(self, offset: int) -> Iterator[Message]:
        """Iterate over the kept messages behind an offset, oldest first."""
        return islice(self._messages, max(offset - self.oldest, 0), None)

    def last(self, count: int) -> Iterator[Message]:
        """Iterate over the last `count` messages, oldest first."""
        return islice(self._messages, max(len(self._messages) - count, 0), None)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)
