# SPDX-License-Identifier: MIT
"""What is to be done once a node is dead: kept in Redis, and carried out once, by who lives.

A will that was carried out leaves an empty text behind for a day, so that neither another node nor
its own, which was only away, carries it out again. A node is taken for dead by one that has itself
lived, without a break, for as long as a node lives without a sign: after an outage all others are
back by then.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from wsecho.bus.deferreds import deferred_of, promise_of
from wsecho.bus.redis.client.scripts import BEQUEATH, KEEP_UNDER
from wsecho.core.promise import when
from wsecho.core.rooms.wills import Will
from wsecho.core.wire.errors import BusUnavailable, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.core.promise import Later

LASTING: Final = str(24 * 3600 * 1000)
"""Milliseconds that wills last, and are known to have been carried out."""


@define(eq=False)
class Wills:
    """This node's wills, and those of others that are dead.

    Args:
        node: this node's name.
        commands: Redis.
        keys: names what is written there.
        node_ttl: seconds after which a silent node is dead.
        now: the time in seconds.
        speaks_locally: whether this node goes on alone while Redis is away.
    """

    _node: str
    _commands: Commands
    _keys: Keys
    _node_ttl: float
    _now: Callable[[], float]
    _speaks_locally: bool
    _own: dict[str, bytes] = field(factory=dict, init=False)
    _heirs: dict[str, Callable[[Will, bytes], Later[object]]] = field(factory=dict, init=False)
    _sure_since: float | None = field(default=None, init=False)
    _is_looking: bool = field(default=False, init=False)

    _log = Logger()

    # -- this node's

    def bequeath(self, subject: str, name: str, payload: bytes) -> Later[None]:
        """Have something carried out once this node is dead.

        Raises:
            BusUnavailable: Redis is away, and this node does not go on alone.
        """
        entry = _entry(subject, name)
        if self._commands.is_away and self._speaks_locally:
            self._own[entry] = payload
            return None
        stored = self._store(entry, payload)
        self._own[entry] = payload
        stored.addErrback(self._not_stored, entry)
        return promise_of(stored.addCallback(lambda _: None))

    def revoke(self, subject: str, names: Sequence[str]) -> None:
        """Take some back; where Redis is away it is told once it is not."""
        entries = [_entry(subject, name) for name in names]
        for entry in entries:
            self._own.pop(entry, None)
        if entries:
            self._commands.cast("HDEL", self._keys.wills(self._node), *entries)

    def renew(self) -> Deferred[None]:
        """Put right what Redis knows of this node's; it ends in any case, and never fails."""
        renewing: list[Deferred[Any]] = []
        # If it goes again, all of it is done anew.
        with suppress(WireError):
            for entry, payload in list(self._own.items()):
                asked = self._store(entry, payload).addCallback(self._renewed, entry)
                renewing.append(asked.addErrback(_ignore))
            known = self._commands.ask("HKEYS", self._keys.wills(self._node))
            renewing.append(known.addCallback(self._clear).addErrback(_ignore))
        return DeferredList(renewing).addCallback(lambda _: None)

    def _store(self, entry: str, payload: bytes) -> Deferred[int]:
        names = [self._keys.wills(self._node), self._keys.willed]
        return self._commands.run(BEQUEATH, names, [self._node, entry, payload, LASTING])

    def _not_stored(self, failure: Failure, entry: str) -> Failure:
        self._own.pop(entry, None)
        return failure

    def _renewed(self, was_open: int, entry: str) -> None:
        if not was_open:
            # Others have taken this node for dead, and carried it out.
            self._own.pop(entry, None)

    def _clear(self, known: list[bytes]) -> None:
        surplus = [entry for entry in known if entry.decode() not in self._own]
        if surplus:
            self._commands.cast("HDEL", self._keys.wills(self._node), *surplus)

    # -- carrying them out

    def is_revoked(self, subject: str, will: Will) -> bool:
        """Tell whether a will of this node is none any more."""
        return will.node == self._node and _entry(subject, will.name) not in self._own

    def key_of(self, subject: str, will: Will) -> tuple[str, list[bytes | str]]:
        """Return where a will is kept, and what a script that carries it out has to know."""
        is_own = "1" if will.node == self._node else ""
        return self._keys.wills(will.node), [_entry(subject, will.name), is_own, LASTING]

    def is_spent(self, subject: str, will: Will) -> Later[bool]:
        """Tell whether a will was carried out, or taken back.

        Raises:
            BusUnavailable: Redis is away, and this node does not go on alone.
        """
        if self.is_revoked(subject, will):
            return True
        entry, is_own = _entry(subject, will.name), will.node == self._node
        if self._commands.is_away and self._speaks_locally:
            return False
        key, commands = self._keys.wills(will.node), self._commands
        asked = commands.one_large.run(commands.ask, "HGET", key, entry)
        return when(promise_of(asked), lambda found: found == b"" or (found is None and not is_own))

    def spend(self, subject: str, will: Will) -> None:
        """Note that a will was carried out."""
        if will.node == self._node:
            self.revoke(subject, [will.name])
        elif self._commands.is_up:
            names, words = [self._keys.wills(will.node)], [_entry(subject, will.name), "", LASTING]
            with suppress(BusUnavailable):
                self._commands.run(KEEP_UNDER, names, words).addErrback(_ignore)

    # -- those of others

    def inherit(self, subject: str, heir: Callable[[Will, bytes], Later[object]]) -> None:
        """Have the wills of a subject carried out, that dead nodes left."""
        self._heirs[subject] = heir

    def doubt(self) -> None:
        """Know of no node whether it is dead: this one gave no sign of its own life."""
        self._sure_since = None

    def look(self, alive: frozenset[str] | None) -> None:
        """See who has died, with each sign of life; None where that was not taken."""
        if alive is None:
            self.doubt()
            return
        now = self._now()
        if self._sure_since is None:
            self._sure_since = now
        if self._own:
            for name in (self._keys.wills(self._node), self._keys.willed):
                self._commands.cast("PEXPIRE", name, LASTING)
            # Others may have taken it away when they had carried out what there was.
            self._commands.cast("SADD", self._keys.willed, self._node)
        if now - self._sure_since >= self._node_ttl and self._heirs and not self._is_looking:
            self._is_looking = True
            looked = Deferred.fromCoroutine(self._carry_out(alive))
            looked.addErrback(self._not_carried_out).addBoth(self._looked)

    async def _carry_out(self, alive: frozenset[str]) -> None:
        for node in sorted(await self._commands.ask("SMEMBERS", self._keys.willed)):
            if node.decode() not in alive:
                await self._carry_out_of(node.decode())

    async def _carry_out_of(self, node: str) -> None:
        key, is_left = self._keys.wills(node), False
        for entry in sorted(await self._commands.ask("HKEYS", key)):
            subject, _, name = entry.decode().partition("\n")
            heir = self._heirs.get(subject)
            if heir is None:
                is_left = True
                continue
            payload = await self._commands.one_large.run(self._commands.ask, "HGET", key, entry)
            if await self._commands.ask("ZSCORE", self._keys.nodes, node) is not None:
                return
            if payload:
                await deferred_of(heir(Will(node, name), payload))
        if not is_left:
            self._commands.cast("SREM", self._keys.willed, node)

    def _not_carried_out(self, failure: Failure) -> None:
        # It is tried again with the next sign of life.
        if not failure.check(WireError):
            self._log.failure("cannot carry out what a dead node left", failure)

    def _looked(self, _: None) -> None:
        self._is_looking = False


def _entry(subject: str, name: str) -> str:
    return f"{subject}\n{name}"


def _ignore(_: Failure) -> None:
    """It is put right when this node is connected again."""
