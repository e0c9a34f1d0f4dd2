# SPDX-License-Identifier: MIT
"""What came and was not handed out yet: bounded, in order, and how far it was handed out."""

from collections import deque
from typing import Final

from attrs import define, field, frozen

from wsecho.client.errors import Gap
from wsecho.client.model import Event, Message, Position, Presence, Status

MAX_UNREAD: Final = 1_000
MAX_UNREAD_OCTETS: Final = 16 << 20
_COST: Final = 200
"""Octets that one that is kept is counted for beside its data."""


@frozen
class _Passed:
    """A place that is reached without anything to hand out: one's own message."""

    position: Position


@define
class Inbox:
    """The queue between what is received and whoever reads.

    Attributes:
        position: the place of what was handed out last; None before the room was joined.
        is_full: whether no more is to be received for now; it ends when half was handed out.
    """

    position: Position | None = field(default=None, init=False)
    is_full: bool = field(default=False, init=False)
    _items: deque[Event | _Passed] = field(factory=deque, init=False)
    _octets: int = field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Presence | Gap | Status) -> None:
        """Take something that came; what came is always taken."""
        last = self._items[-1] if self._items else None
        if isinstance(item, Status) and isinstance(last, Status):
            # Only how it stands now matters to who did not look, and there is no bound on these.
            self._items[-1] = item
            return
        if isinstance(item, Gap) and isinstance(last, Gap):
            self._items[-1] = Gap(last.after, item.position, last.reason)
            return
        self._items.append(item)
        self._octets += _COST
        if len(self._items) >= MAX_UNREAD or self._octets >= MAX_UNREAD_OCTETS:
            self.is_full = True

    def put_message(self, message: Message) -> None:
        """Take a message that came: as `put` does, in less time."""
        self._items.append(message)
        self._octets += _COST + len(message.data)
        if len(self._items) >= MAX_UNREAD or self._octets >= MAX_UNREAD_OCTETS:
            self.is_full = True

    def passed(self, position: Position) -> None:
        """Note that a message came which is not to be handed out."""
        if self._items and isinstance(self._items[-1], _Passed):
            self._items[-1] = _Passed(position)
        elif self._items:
            self._items.append(_Passed(position))
            self._octets += _COST
        else:
            self.position = position

    def take(self) -> Event | None:
        """Hand out what came first; None where there is nothing."""
        while self._items:
            item = self._items.popleft()
            self._octets -= _COST + (len(item.data) if isinstance(item, Message) else 0)
            if self.is_full and len(self._items) <= MAX_UNREAD // 2:
                self.is_full = self._octets > MAX_UNREAD_OCTETS // 2
            if isinstance(item, Message):
                self.position = item.position
                return item
            if isinstance(item, Gap | _Passed):
                self.position = item.position
            if not isinstance(item, _Passed):
                return item
        return None
