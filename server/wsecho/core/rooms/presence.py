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

    Args:
        draw: makes a random word, the id of a member that is not named.
    """

    _draw: DrawWord
    _cards: dict[Any, Card] = field(factory=dict, init=False)
    _named: dict[str, _Named] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._cards) + len(self._named)

    def __iter__(self) -> Iterator[Card]:
        """Iterate over the cards, who came first first."""
        cards = [*self._cards.values(), *(named.card for named in self._named.values())]
        return iter(sorted(cards, key=lambda card: card.since))

    def join(self, attendee: Attendee, time: float) -> tuple[Card, Change | None]:
        """Take a connection in, at a time of day; return its card, and what others are told."""
        caller = attendee.caller
        if not attendee.is_present:
            return Card("", caller.name, attendee.door, time), None
        identifier = caller.member_id()
        if identifier is None:
            card = Card(self._draw(), caller.name, attendee.door, time)
            self._cards[attendee] = card
            return card, Change("join", card)
        named = self._named.get(identifier)
        if named is None:
            card = Card(identifier, caller.name, attendee.door, time)
            self._named[identifier] = _Named(card, connections=1)
            return card, Change("join", card)
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
            return None if card is None else Change("leave", card)
        named = self._named.get(identifier)
        if named is None:
            return None
        named.connections -= 1
        if named.connections > 0:
            return None
        named.until = now + LINGER
        return named.until

    def settle(self, now: float) -> list[Change]:
        """Let those go who did not come back in time."""
        gone = [
            identifier
            for identifier, named in self._named.items()
            if named.until is not None and named.until <= now
        ]
        return [Change("leave", self._named.pop(identifier).card) for identifier in gone]
