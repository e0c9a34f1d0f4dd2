# SPDX-License-Identifier: MIT
"""Who is in a room, as others see it: cards of members, and the comings and goings between.

A connection is a member of its own, unless its client named itself: then all of its connections,
whatever door they came by, are one member, and a reconnect within `LINGER` is no leave.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, Protocol

from attrs import define, field, frozen

from wsecho.core.rooms.callers import Caller

LINGER: Final = 5.0
"""Seconds that a named member stays after its last connection went."""

Action = Literal["join", "leave"]

DrawWord = Callable[[], str]
"""Makes a fresh random word of `A-Z a-z 0-9 _ -`."""


@frozen
class Card:
    """How others see a member.

    Attributes:
        id: stands for the member in this server, and tells nothing of it.
        name: from its token, None without one.
        door: the door that it came by, the latest where there are several.
        since: Unix seconds when it came.
    """

    id: str
    name: str | None
    door: str
    since: float


@frozen
class Change:
    """Somebody came or went.

    Attributes:
        action: which of the two.
        card: who.
    """

    action: Action
    card: Card


class Attendee(Protocol):
    """One connection's part in a room, as presence sees it."""

    @property
    def door(self) -> str:
        """The door that it came by."""

    @property
    def caller(self) -> Caller:
        """Who it is."""

    @property
    def is_present(self) -> bool:
        """Whether others see it; else it only waits for what is said."""


@define(eq=False)
class _Named:
    card: Card
    connections: int
    until: float | None = None


@define(eq=False)
class Presence:
    """The members of one room that others can see.

    Where nobody is to be seen, each still has the card that it was given as it came: it may be
    turned on.

    Args:
        draw: makes a random word, the id of a member that is not named.
        is_on: whether others can see anybody at all.
    """

    _draw: DrawWord
    _is_on: bool = True
    _cards: dict[Any, Card] = field(factory=dict, init=False)
    _named: dict[str, _Named] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._cards) + len(self._named) if self._is_on else 0

    def __iter__(self) -> Iterator[Card]:
        """Iterate over the cards that are seen, who came first first."""
        return iter(self._all() if self._is_on else ())

    def _all(self) -> list[Card]:
        cards = [*self._cards.values(), *(named.card for named in self._named.values())]
        return sorted(cards, key=lambda card: card.since)

    def switch(self, *, is_on: bool) -> list[Change]:
        """Let members be seen from now on, or not; return what those are to be told who watch."""
        if is_on is self._is_on:
            return []
        self._is_on = is_on
        changes = [Change("join" if is_on else "leave", card) for card in self._all()]
        if not is_on:
            gone = [key for key, named in self._named.items() if not named.connections]
            for key in gone:
                del self._named[key]
        return changes

    def join(self, attendee: Attendee, time: float) -> tuple[Card, Change | None]:
        """Take a connection in, at a time of day; return its card, and what others are told."""
        caller = attendee.caller
        if not attendee.is_present:
            return Card("", caller.name, attendee.door, time), None
        identifier = caller.member_id()
        if identifier is None:
            card = Card(self._draw(), caller.name, attendee.door, time)
            self._cards[attendee] = card
            return card, self._change("join", card)
        named = self._named.get(identifier)
        if named is None:
            card = Card(identifier, caller.name, attendee.door, time)
            self._named[identifier] = _Named(card, connections=1)
            return card, self._change("join", card)
        named.card = Card(identifier, caller.name, attendee.door, named.card.since)
        named.connections += 1
        named.until = None
        return named.card, None

    def leave(self, attendee: Attendee, now: float) -> Change | float | None:
        """Let a connection go.

        Returns:
            what others are to be told; or when the member is gone unless it comes back; or None
            where it is still here by another connection.
        """
        if not attendee.is_present:
            return None
        identifier = attendee.caller.member_id()
        if identifier is None:
            card = self._cards.pop(attendee, None)
            return None if card is None else self._change("leave", card)
        named = self._named.get(identifier)
        if named is None:
            return None
        named.connections -= 1
        if named.connections > 0:
            return None
        if not self._is_on:
            del self._named[identifier]
            return None
        named.until = now + LINGER
        return named.until

    def _change(self, action: Action, card: Card) -> Change | None:
        return Change(action, card) if self._is_on else None

    def settle(self, now: float) -> list[Change]:
        """Let those go who did not come back in time."""
        gone = [
            identifier
            for identifier, named in self._named.items()
            if named.until is not None and named.until <= now
        ]
        return [Change("leave", self._named.pop(identifier).card) for identifier in gone]
