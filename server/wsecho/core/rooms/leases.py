# SPDX-License-Identifier: MIT
"""Leases: who among the nodes holds a place, alone or under a rule that all its holders share."""

from collections.abc import Iterator
from itertools import count

from attrs import frozen

from wsecho.core.wire.errors import Conflict


@frozen
class Claim:
    """What a holder of this node asks for.

    Attributes:
        place: any text but the empty one.
        holder: whose claim it is, a text that is unique among all nodes.
        rule: on what terms; who shares a place does so under one rule.
        is_shared: whether others may hold the place too.
    """

    place: str
    holder: str
    rule: str
    is_shared: bool


class HeldError(Conflict):
    """The place is held by others.

    Args:
        rule: under which they hold it.
    """

    def __init__(self, rule: str) -> None:
        super().__init__("others hold that place")
        self.rule = rule


class LeaseTable:
    """The places of a single process, and whose turn it is at each."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, tuple[Claim, int]]] = {}
        self._turns: dict[str, Iterator[int]] = {}
        self._ranks = count(1)

    def __len__(self) -> int:
        """Count the places that are held."""
        return len(self._held)

    def claim(self, claim: Claim) -> int:
        """Let somebody hold a place; return its rank, which counts up in the order of claims.

        Raises:
            HeldError: others hold it alone, or under another rule.
        """
        holders = self._held.get(claim.place, {})
        for holder, (held, _) in holders.items():
            if holder != claim.holder and (held.rule != claim.rule or not claim.is_shared):
                raise HeldError(held.rule)
        found = holders.get(claim.holder)
        rank = next(self._ranks) if found is None else found[1]
        self._held.setdefault(claim.place, {})[claim.holder] = claim, rank
        return rank

    def cede(self, place: str, holder: str) -> None:
        """Take a claim back, if there is one."""
        holders = self._held.get(place, {})
        holders.pop(holder, None)
        if not holders:
            self._held.pop(place, None)
            self._turns.pop(place, None)

    def take_turn(self, place: str) -> int:
        """Count up from 0 at a place."""
        return next(self._turns.setdefault(place, count()))
