# SPDX-License-Identifier: MIT
"""The events that wait in Redis, of all nodes: each appends its own, one tells them all.

Who is inside a room is kept there too, for a room is occupied and vacated once for all nodes. Each
change is one step, after which Redis has both the change and its events, or neither. While Redis is
away nothing is noted; when it is back, each node puts right what Redis knows of its own: what has
changed in the end is told then, and of the rest how much was missed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from wsecho.bus.deferreds import promise_of
from wsecho.core.events.texts import (
    OF_PRESENCE,
    missed_event,
    occupied_event,
    presence_event,
    vacated_event,
)
from wsecho.core.promise import when
from wsecho.core.rooms.leases import Claim
from wsecho.core.rooms.presence import Card
from wsecho.core.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from twisted.python.failure import Failure

    from wsecho.bus.interface import EventSource
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.events.steps import EventSteps
    from wsecho.bus.redis.nodes.leases import Leases
    from wsecho.core.events.batches import EventsRead
    from wsecho.core.promise import Later

_LEADING: Final = "events"
"""The place of whoever tells, among those that nodes hold."""

_AT_ONCE: Final = 500
_LOOK_AGAIN: Final = 8
"""Sweeps until who tells looks whether something waits though nobody has told it so."""


@define(eq=False)
class RedisEvents:
    """The `EventQueue` of all nodes.

    Args:
        node: this node's name.
        commands: Redis.
        keys: names what is kept there.
        leases: who leads is who holds a place.
        steps: what is done there.
        source: what is asked of this process.
    """

    _node: str
    _commands: Commands
    _keys: Keys
    _leases: Leases
    _steps: EventSteps
    _source: EventSource
    outlives: bool = field(default=True, init=False)
    # Events that may have been missed: they could not be noted, or it is unknown whether they were.
    _unsure: int = field(default=0, init=False)
    _is_renewing: bool = field(default=False, init=False)
    _wants_renewal: bool = field(default=False, init=False)
    _leads: bool = field(default=False, init=False)
    _wants_burial: bool = field(default=False, init=False)
    _is_sweeping: bool = field(default=False, init=False)
    # Whoever lives, as far as is known here.
    _alive: frozenset[str] = field(default=frozenset(), init=False)
    _sweeps: int = field(default=0, init=False)

    _log = Logger()

    def names(self) -> list[str]:
        """Name what lasts as long as there are nodes."""
        return self._steps.names()

    def note_lost(self, count: int) -> None:
        """Take note of events that Redis has lost before they were taken."""
        self._unsure += count
        self._wants_renewal = self._wants_renewal or count > 0

    # -- what happens here

    def enter(self, room: str, card: Card) -> None:
        """Note that somebody is in a room here."""
        told = self._source.tells(room)
        if told & OF_PRESENCE:
            self._try(lambda: self._enter(room, card, told), card, told, "join")

    def leave(self, room: str, card: Card) -> None:
        """Note that somebody is in a room here no more."""
        told = self._source.tells(room)
        if told & OF_PRESENCE:
            self._try(lambda: self._leave(room, card), card, told, "leave")

    def words_of_message(self, room: str) -> tuple[list[str], list[bytes | str]] | None:
        """Return which keys, and what else, has a message of a room be told; None for nothing."""
        return self._steps.standing() if "message" in self._source.tells(room) else None

    def miss(self, room: str) -> None:
        """Take note of a message that is said here alone, and of which nobody is told."""
        self._unsure += "message" in self._source.tells(room)

    def _enter(self, room: str, card: Card, told: frozenset[str]) -> Deferred[int]:
        occupied = occupied_event(room) if "occupied" in told else ""
        join = presence_event(room, "join", card) if card.id and "join" in told else ""
        return self._steps.enter(
            self._node, room, _member(room, card), _write_card(room, card), occupied, join
        )

    def _leave(self, room: str, card: Card) -> Deferred[int]:
        return self._steps.leave(
            *(self._node, room, _member(room, card), self._farewell(room, card)), if_dead=False
        )

    def _farewell(self, room: str, card: Card) -> str:
        is_told = card.id and "leave" in self._source.tells(room)
        return presence_event(room, "leave", card) if is_told else ""

    def _try(
        self, step: Callable[[], Deferred[int]], card: Card, told: frozenset[str], event: str
    ) -> None:
        count = 1 if card.id and event in told else 0
        try:
            step().addErrback(self._not_done, count)
        except WireError:
            self._unsure += count

    def _not_done(self, failure: Failure, count: int) -> None:
        self._unsure += count
        self._wants_renewal = True
        if not failure.check(WireError):
            self._log.failure("cannot note who is in a room", failure)

    # -- putting right what Redis knows

    def renew(self) -> None:
        """Put right what Redis knows of this node's members."""
        self._wants_renewal = True
        self._go_on_renewing()

    def _go_on_renewing(self) -> None:
        if self._wants_renewal and not self._is_renewing and self._commands.is_up:
            self._wants_renewal, self._is_renewing = False, True
            Deferred.fromCoroutine(self._renew()).addBoth(self._renewed)

    def _renewed(self, outcome: Any) -> None:
        self._is_renewing = False
        if outcome is not None:
            self._wants_renewal = True
            if not outcome.check(WireError):
                self._log.failure("cannot put right who is in rooms", outcome)

    async def _renew(self) -> None:
        unsure, told = self._unsure, 0
        known = {key: card async for key, node, card in self._lines() if node == self._node}
        here = {(room, card.id): card for room, card in self._source.inside()}
        # Whoever comes first, so that no room is vacated for a moment.
        for (room, _), card in here.items():
            if (room, card.id) not in known:
                told += await self._enter(room, card, self._source.tells(room))
        for (room, name), card in known.items():
            if (room, name) not in here:
                told += await self._leave(room, card)
        missed = unsure - told
        if missed > 0:
            await self._steps.append([missed_event(missed)])
        self._unsure -= unsure

    async def _lines(self) -> AsyncIterator[tuple[tuple[str, str], str, Card]]:
        """Go through all who are inside: room and member, on which node, and as whom."""
        inside, cursor = self._keys.inside[0], b"0"
        while True:
            found = await self._commands.ask("HSCAN", inside, cursor, "COUNT", str(_AT_ONCE))
            cursor, pairs = found
            for value in pairs[1::2]:
                for line in value.decode().split("\n"):
                    node, _, text = line.partition(" ")
                    room, *card = json.loads(text)
                    yield (room, card[0]), node, Card(*card)
            if cursor == b"0":
                return

    # -- leading

    def lead(self, lost: Callable[[], None]) -> Later[None]:
        """Be the one that tells.

        Raises:
            BusUnavailable: Redis is away.
        """
        claim = Claim(_LEADING, self._node, "", is_shared=False)
        return when(self._leases.claim(claim, lost), lambda _: promise_of(self._begin()))

    def _begin(self) -> Deferred[None]:
        def begun(_: None) -> None:
            self._leads = self._wants_burial = True

        return self._steps.lead().addCallback(begun)

    def cede(self) -> None:
        """Let another node tell."""
        self._leads = False
        self._leases.cede(_LEADING, self._node)

    def read(self, listener: str) -> Later[EventsRead]:
        """Read what waits for a listener."""
        return promise_of(self._steps.read(listener))

    def take(self, listener: str, last: int, *, is_told: bool) -> Later[None]:
        """Note what a listener has taken."""
        return promise_of(self._steps.take(listener, last, is_told=is_told))

    def watch(self, alive: frozenset[str]) -> None:
        """Take note of which nodes live."""
        self._wants_burial |= bool(self._alive - alive)
        self._alive = alive

    def sweep(self, *, closes: bool = False) -> None:
        """Find which rooms are vacated, and which nodes are dead, if this node leads."""
        self._go_on_renewing()
        if closes or not self._leads or self._is_sweeping or not self._commands.is_up:
            return
        self._sweeps += 1
        if self._sweeps % _LOOK_AGAIN == 0:
            self._source.woken()
        self._is_sweeping = True
        Deferred.fromCoroutine(self._sweep()).addBoth(self._swept)

    def _swept(self, outcome: Any) -> None:
        self._is_sweeping = False
        if outcome is not None and not outcome.check(WireError):
            self._log.failure("cannot find which rooms are vacated", outcome)

    async def _sweep(self) -> None:
        due = [room.decode() for room in await self._steps.vacating(_AT_ONCE)]
        if due:
            await self._steps.vacate([(room, self._vacated(room)) for room in due])
        if self._wants_burial:
            self._wants_burial = False
            try:
                await self._bury()
            except WireError:
                self._wants_burial = True
                raise

    def _vacated(self, room: str) -> str:
        return vacated_event(room) if "vacated" in self._source.tells(room) else ""

    async def _bury(self) -> None:
        """Let all go who were on nodes that are dead; whether they are, Redis says."""
        alive = self._alive
        dead = [line async for line in self._lines() if line[1] not in alive]
        for (room, _), node, card in dead:
            farewell = self._farewell(room, card)
            await self._steps.leave(node, room, _member(room, card), farewell, if_dead=True)


def _member(room: str, card: Card) -> str:
    return f"{quote(room, safe='')}/{card.id}"


def _write_card(room: str, card: Card) -> bytes:
    return json.dumps([room, card.id, card.name, card.door, card.since]).encode()
