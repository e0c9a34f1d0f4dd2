# SPDX-License-Identifier: MIT
"""Who is in a room that several processes carry: each node's members, seen as one list.

A member that named itself may be on several nodes at once; then it is one, from the first that it
came to until the last that it leaves.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from wsecho.core.rooms.presence import Card, Change


@frozen
class Entry:
    """One node's member.

    Attributes:
        node: the node's name.
        id: the member's.
    """

    node: str
    id: str


@define(eq=False)
class Roster:
    """The members of one room, on all nodes."""

    # In the order of their coming; by id, then by node.
    _cards: dict[str, dict[str, Card]] = field(factory=dict, init=False)
    # By node; asked at each join, when nobody can go through all members.
    _counts: Counter[str] = field(factory=Counter, init=False)

    def __len__(self) -> int:
        return len(self._cards)

    def __iter__(self) -> Iterator[Card]:
        """Iterate over the members, who came first first."""
        return iter(sorted(map(_shown, self._cards.values()), key=lambda card: card.since))

    def nodes(self) -> set[str]:
        """Name the nodes that have members here."""
        return set(self._counts)

    def entries(self) -> set[Entry]:
        """List what each node has."""
        return {Entry(node, name) for name, nodes in self._cards.items() for node in nodes}

    def count_elsewhere(self, node: str) -> int:
        """Count the members that other nodes have."""
        return self._counts.total() - self._counts[node]

    def enter(self, node: str, card: Card) -> Change | None:
        """Note a node's member; return what others are to be told."""
        nodes = self._cards.setdefault(card.id, {})
        is_new = not nodes
        if nodes.pop(node, None) is None:
            self._counts[node] += 1
        nodes[node] = card
        return Change("join", card) if is_new else None

    def leave(self, node: str, name: str) -> Change | None:
        """Note that a node has a member no more; return what others are to be told."""
        nodes = self._cards.get(name, {})
        card = nodes.pop(node, None)
        if card is None:
            return None
        self._counts[node] -= 1
        if not self._counts[node]:
            del self._counts[node]
        if nodes:
            return None
        del self._cards[name]
        return Change("leave", card)

    def drop(self, node: str) -> list[Change]:
        """Let all members of a node go."""
        names = [name for name, nodes in self._cards.items() if node in nodes]
        changes = [self.leave(node, name) for name in names]
        return [change for change in changes if change is not None]

    def replace(self, entries: Mapping[Entry, Card]) -> list[Change]:
        """Know it all anew; return what others are to be told of what was missed."""
        entered = [self.enter(entry.node, card) for entry, card in entries.items()]
        left = [
            self.leave(entry.node, entry.id) for entry in self.entries() if entry not in entries
        ]
        return [change for change in (*entered, *left) if change is not None]


def _shown(nodes: Mapping[str, Card]) -> Card:
    """Show a member as it came last, since it came first."""
    *_, latest = nodes.values()
    since = min(card.since for card in nodes.values())
    return Card(latest.id, latest.name, latest.door, since)
