# SPDX-License-Identifier: MIT
"""This node's claims in Redis: made in one step, kept while it lives, made again where forgotten.

Redis counts a claim while its node is alive. So they are claimed again, each with its rank, once
this node was taken for dead, and on each fresh connection, for Redis may come back with less.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import DeferredList

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.client.scripts import CLAIM, RELEASE, TURN
from wsecho.core.rooms.leases import HeldError
from wsecho.core.wire.errors import BusTimeout, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.core.promise import Later, Promise
    from wsecho.core.rooms.leases import Claim


@define(eq=False)
class _Holding:
    claim: Claim
    rank: int
    lost: Callable[[], None]


@define(eq=False)
class Leases:
    """What this node holds.

    Args:
        node: its name.
        commands: Redis.
        keys: names what is written there.
        lasting: milliseconds that all claims last after the last sign of a node.
        speaks_locally: whether places may be held here alone while Redis is away.
    """

    _node: str
    _commands: Commands
    _keys: Keys
    _lasting: str
    _speaks_locally: bool
    _held: dict[tuple[str, str], _Holding] = field(factory=dict, init=False)
    # What Redis may believe to be held still: it was not there, or did not answer.
    _doubtful: dict[tuple[str, str, str], None] = field(factory=dict, init=False)
    _last: int = field(default=0, init=False)

    def claim(self, claim: Claim, lost: Callable[[], None]) -> Later[int]:
        """Hold a place among all nodes.

        Raises:
            BusUnavailable: Redis is away, and it may not be held here alone.
        """
        held = self._held.get((claim.place, claim.holder))
        if held is not None:
            return held.rank
        holding = _Holding(claim, 0, lost)
        if self._commands.is_away and self._speaks_locally:
            return self._hold(self._last + 1, holding)
        asked = self._ask(holding).addErrback(self._failed, holding)
        return promise_of(asked.addCallback(self._hold, holding))

    def cede(self, place: str, holder: str, node: str | None = None) -> None:
        """Take a claim back, or that of a node that is dead."""
        of = node or self._node
        if of == self._node:
            self._held.pop((place, holder), None)
        self._release(place, of, holder)

    def take_turn(self, place: str) -> Promise[int]:
        """Count up from 0 at a place.

        Raises:
            BusUnavailable: Redis is away.
        """
        return promise_of(self._commands.run(TURN, [self._keys.turns], [place, self._lasting]))

    def renew(self) -> Deferred[None]:
        """Put right what Redis knows of this node; it ends in any case, and never fails."""
        doubtful, self._doubtful = self._doubtful, {}
        for place, node, holder in doubtful:
            if node != self._node or (place, holder) not in self._held:
                self._release(place, node, holder)
        renewing: list[Deferred[None]] = []
        # If it goes again, all of it is done anew.
        with suppress(WireError):
            for holding in list(self._held.values()):
                asked = self._ask(holding).addCallback(self._renewed, holding)
                renewing.append(asked.addErrback(self._not_renewed, holding))
        return DeferredList(renewing).addCallback(lambda _: None)

    def _ask(self, holding: _Holding) -> Deferred[int]:
        claim = holding.claim
        words: list[bytes | str] = [claim.place, self._node, claim.holder, claim.rule]
        words += ["1" if claim.is_shared else "0", str(holding.rank), self._lasting]
        names = [self._keys.claims, self._keys.nodes]
        return self._commands.run(CLAIM, names, words).addCallback(_rank)

    def _hold(self, rank: int, holding: _Holding) -> int:
        holding.rank = rank
        self._last = max(self._last, rank)
        self._held[holding.claim.place, holding.claim.holder] = holding
        return rank

    def _failed(self, failure: Failure, holding: _Holding) -> Failure:
        if failure.check(BusTimeout):
            self._doubtful[holding.claim.place, self._node, holding.claim.holder] = None
        return failure

    def _renewed(self, rank: int, holding: _Holding) -> None:
        claim = holding.claim
        if self._held.get((claim.place, claim.holder)) is holding:
            holding.rank = rank
            self._last = max(self._last, rank)

    def _not_renewed(self, failure: Failure, holding: _Holding) -> None:
        claim = holding.claim
        is_held = self._held.get((claim.place, claim.holder)) is holding
        if failure.check(HeldError) and is_held:
            del self._held[claim.place, claim.holder]
            holding.lost()

    def _release(self, place: str, node: str, holder: str) -> None:
        names = [self._keys.claims, self._keys.nodes, self._keys.turns]
        is_others = "0" if node == self._node else "1"
        try:
            asked = self._commands.run(RELEASE, names, [place, node, holder, is_others])
        except WireError:
            self._doubtful[place, node, holder] = None
        else:
            asked.addErrback(self._not_released, place, node, holder)

    def _not_released(self, _: Failure, place: str, node: str, holder: str) -> None:
        self._doubtful[place, node, holder] = None


def _rank(reply: Any) -> int:
    if isinstance(reply, bytes):
        raise HeldError(reply.decode())
    return int(reply)
