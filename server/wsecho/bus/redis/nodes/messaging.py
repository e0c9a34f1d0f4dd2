# SPDX-License-Identifier: MIT
"""What nodes tell one another on a subject, all of them or one, and what is kept of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from twisted.internet.defer import Deferred

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.client.scripts import BROADCAST_LOGGED, KEEP_UNDER, LARGE, READ_KEPT
from wsecho.bus.redis.nodes.asides import needs_place, set_aside
from wsecho.core.promise import Promise, when
from wsecho.core.wire.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.nodes.outbox import SubjectOutbox
    from wsecho.bus.redis.nodes.wills import Wills
    from wsecho.core.promise import Later
    from wsecho.core.rooms.wills import Will

LEAST_WAITING: Final = 60.0
"""Seconds that what is logged waits at least for nodes that are cut off. Redis itself may be away
for longer than a node lives without a sign: to start again, and to read what it had written."""

MAX_LOGGED: Final = 64 << 20
"""Bytes of a subject that wait for nodes that are cut off, beside what was said last."""

_STEP: Final = ("100", str(1 << 18))
"""How many of what is kept are read at a time, and bytes: what is more is read one by one."""


def _nothing(_: Any) -> None:
    return None


@frozen
class NodeMessaging:
    """What this node tells.

    Args:
        commands: Redis.
        keys: names channels, and what is kept.
        waiting: milliseconds that what is logged waits for nodes that are cut off.
        lasting: milliseconds that the rest lasts after the last sign of a node.
        wills: knows where those are kept that are carried out by telling.
        outbox: has what is said wait for what is large.

    Attributes:
        names: of what lasts as long as there are nodes, of all that this one has told or read.
    """

    _commands: Commands
    _keys: Keys
    _waiting: str
    _lasting: str
    _wills: Wills
    _outbox: SubjectOutbox
    names: set[str] = field(factory=set, init=False)

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say something to all nodes, if they can be reached."""
        if self._commands.is_up:
            # It may be up no longer, and the link not know yet.
            with suppress(BusUnavailable):
                self.tell(subject, payload)

    def broadcast_logged(
        self, subject: str, payload: bytes, keep: str | None = None, will: Will | None = None
    ) -> Later[bool]:
        """Say something to all nodes, those included that are cut off for a while.

        Raises:
            BusUnavailable: Redis is away.
        """
        last, kept = self._keys.last(subject), self._keys.kept(subject)
        self.names.update((last,) if keep is None else (last, kept))
        channel = self._keys.logged(subject)
        words: list[bytes | str] = [payload, channel, self._waiting, keep or "", self._lasting]
        words.append(str(MAX_LOGGED))
        names = [self._keys.log(subject), last, kept]
        if will is not None and self._wills.is_revoked(subject, will):
            return False
        if will is not None:
            key, more = self._wills.key_of(subject, will)
            names.append(key)
            words += more
        say = partial(self._commands.run, BROADCAST_LOGGED, names, words)
        return when(self._outbox.say(subject, say, is_large=len(payload) > LARGE), bool)

    def tell(self, subject: str, payload: bytes) -> Later[None]:
        """Say something to all nodes that are there, and know that it was said.

        Raises:
            BusUnavailable: Redis is away.
        """
        return when(self._tell(subject, self._keys.subject(subject), payload), _nothing)

    def send_to(self, node: str, subject: str, payload: bytes) -> Later[bool]:
        """Say something to one node; tell whether it listens.

        Raises:
            BusUnavailable: Redis is away.
        """
        channel = self._keys.send_to(node, subject)
        return when(self._tell(subject, channel, payload), bool)

    def _tell(self, subject: str, channel: str, payload: bytes) -> Later[int]:
        if needs_place(payload):
            say = partial(set_aside, self._commands, self._keys, channel, payload)
        else:
            say = partial(self._commands.ask, "PUBLISH", channel, payload)
        return self._outbox.say(subject, say)

    def keep(self, subject: str, name: str, payload: bytes) -> None:
        """Keep something of a subject under a name, if Redis is there."""
        if not self._commands.is_up:
            return
        words = (name, payload, self._lasting)
        # It may be up no longer, and the link not know yet.
        with suppress(BusUnavailable):
            self._commands.run(KEEP_UNDER, [self._kept(subject)], words).addErrback(_nothing)

    def drop(self, subject: str, names: Sequence[str]) -> None:
        """Keep it no longer, if Redis is there."""
        if names:
            self._commands.cast("HDEL", self._kept(subject), *names)

    def kept(self, subject: str) -> Promise[dict[str, bytes]]:
        """Read what is kept of a subject.

        Raises:
            BusUnavailable: Redis is away.
        """
        if self._commands.is_away:
            raise BusUnavailable
        return promise_of(Deferred.fromCoroutine(self._read(self._kept(subject))))

    def _kept(self, subject: str) -> str:
        name = self._keys.kept(subject)
        self.names.add(name)
        return name

    async def _read(self, name: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        cursor: bytes | str = "0"
        while True:
            words = (cursor, *_STEP)
            cursor, beyond, *pairs = await self._commands.run(READ_KEPT, [name], words)
            for key, value in zip(pairs[::2], pairs[1::2], strict=True):
                found[key.decode()] = value
            for key in beyond:
                value = await self._commands.one_large.run(self._commands.ask, "HGET", name, key)
                if value is not None:
                    found[key.decode()] = value
            if cursor == b"0":
                return found
