# SPDX-License-Identifier: MIT
"""What a room remembers: its latest messages, in order, bounded by number, age and bytes."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from attrs import define, field, frozen

from wsecho.core.rooms.authors import Author
from wsecho.core.wire.positions import Position

MESSAGE_COST: Final = 400
"""Bytes that a remembered message is counted for beside its payload."""


@define(eq=False)
class Message:
    """One message of a room.

    Attributes:
        position: where it stands.
        payload: what was said; UTF-8 where it is text.
        is_binary: whether it is binary.
        time: Unix time in seconds when it was taken, to be shown; what stands in a history is
            never earlier than what was said there before, whoever sets the clock.
        publication: its WAMP publication id, the same for every receiver.
        author: who said it, None where nobody is known.
        taken: when it was taken by the clock that measures its age: here one that nobody sets, and
            Redis's own as long as it is only told of.
        forms: what doors made of it, by their own keys: encoded once, sent to many. None once it
            has gone round: who comes later encodes for himself, so that history stays small.
    """

    position: Position
    payload: bytes
    is_binary: bool
    time: float
    publication: int
    author: Author | None = None
    taken: float = field(default=0.0, init=False)
    forms: dict[Any, Any] | None = field(factory=dict, init=False, repr=False)

    @property
    def cost(self) -> int:
        """Bytes that it is counted for while it is remembered."""
        cost = len(self.payload) + MESSAGE_COST
        return cost if self.author is None else cost + self.author.cost

    @property
    def milliseconds(self) -> int:
        """Its time as everybody is shown it: Unix milliseconds, cut, not rounded."""
        return int(self.time * 1000)


@frozen
class Start:
    """Where a reader begins.

    Attributes:
        position: the place that the first message follows.
        recovered: whether the place that was asked for could be had; None where none was asked for.
    """

    position: Position
    recovered: bool | None = None


@define(eq=False)
class History:
    """The latest messages of a room, without a gap.

    Args:
        epoch: the word in all of its positions.
        limit: messages kept at most.
        ttl: seconds that a message is kept.
        octets: bytes that the kept messages may be counted for; 0 for any number.
    """

    epoch: str
    _limit: int
    _ttl: float
    _octets: int = 0
    head: int = field(default=0, init=False)
    size: int = field(default=0, init=False)
    """Bytes that the kept messages are counted for."""
    time: float = field(default=0.0, init=False)
    """The last message's, whatever became of it."""
    # Made with the first message: most rooms of a server that has many are silent.
    _messages: deque[Message] | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self._messages) if self._messages else 0

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages or ())

    @property
    def position(self) -> Position:
        """Where the room stands: behind its last message."""
        return Position(self.epoch, self.head)

    @property
    def oldest(self) -> int:
        """The lowest offset that can be resumed after."""
        return self.head - len(self)

    def next_position(self) -> Position:
        """The position that the next message gets."""
        return Position(self.epoch, self.head + 1)

    def append(self, message: Message, taken: float | None = None) -> None:
        """Take a message that stands at `next_position`.

        Args:
            message: the message.
            taken: the time from which its age counts, in seconds of the clock that `expire` is
                given; None where that clock is the one of its `time`.
        """
        self.head = message.position.offset
        message.taken = message.time if taken is None else taken
        if message.time < self.time:
            message.time = self.time
        else:
            self.time = message.time
        if not self._limit:
            return
        messages = self._messages
        if messages is None:
            messages = self._messages = deque()
        messages.append(message)
        if len(messages) > self._limit:
            self.size += message.cost - messages.popleft().cost
        else:
            self.size += message.cost
        if self._octets:
            self._keep_within_octets()

    def bound(self, limit: int, ttl: float, octets: int) -> None:
        """Go by other bounds; what is beyond them goes at once, but for what is only too old."""
        self._limit, self._ttl, self._octets = limit, ttl, octets
        while len(self) > limit:
            self.forget_oldest()
        if octets:
            self._keep_within_octets()

    def _keep_within_octets(self) -> None:
        while self.size > self._octets:
            self.forget_oldest()

    def reset(self, epoch: str, head: int) -> None:
        """Stand at another place, and remember nothing."""
        self.epoch, self.head, self.size, self._messages = epoch, head, 0, None

    def forget_oldest(self) -> None:
        """Drop the oldest message.

        Raises:
            IndexError: none is kept.
        """
        if not self._messages:
            raise IndexError
        self.size -= self._messages.popleft().cost

    def expire(self, now: float) -> None:
        """Drop what is older than its time."""
        while self._messages and now - self._messages[0].taken >= self._ttl:
            self.forget_oldest()

    def can_resume(self, position: Position) -> bool:
        """Tell whether every message behind a position is still here."""
        return position.epoch == self.epoch and self.oldest <= position.offset <= self.head

    def start(self, after: Position | None, last: int | None) -> Start:
        """Find where a reader begins that asks for a place, or for the last few messages.

        Args:
            after: resume after this place; it wins over `last`, as long as it can be had.
            last: begin so many messages back, as far as they are kept.
        """
        if after is not None and self.can_resume(after):
            return Start(after, recovered=True)
        offset = max(self.head - (last or 0), self.oldest)
        return Start(Position(self.epoch, offset), None if after is None else False)

    def after(self, offset: int) -> Iterator[Message]:
        """Iterate over the kept messages behind an offset, oldest first."""
        return islice(iter(self), max(offset - self.oldest, 0), None)
