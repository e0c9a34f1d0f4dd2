# SPDX-License-Identifier: MIT
"""Saying something in a room over Redis, once, whatever becomes of it on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define

from wsecho.bus.later import gather, when
from wsecho.bus.redis.records import write_record
from wsecho.bus.redis.scripts import PUBLISH
from wsecho.core.errors import BusTimeout
from wsecho.core.line import Seen
from wsecho.core.positions import Position
from wsecho.core.retries import KEEP, KeyReusedError, Receipt, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.later import Later
    from wsecho.bus.redis.commands import Commands
    from wsecho.bus.redis.following import Following
    from wsecho.bus.redis.tags import Tags
    from wsecho.core.rooms import Said


@define(eq=False)
class Saying:
    """What this process says.

    Args:
        commands: Redis.
        following: the rooms that are followed here.
        tags: remembers who says what.
        history: messages that a log keeps.
        patience: seconds that a receipt waits for its message to come round.
        now: seconds, by which ages and waits are measured.
    """

    _commands: Commands
    _following: Following
    _tags: Tags
    _history: int
    _patience: float
    _now: Callable[[], float]

    def say(self, room: str, said: Said, sender: Any, origin: Any) -> Deferred[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away.
        """
        keys, tag = self._following.keys(room), self._tags.tag(sender, origin)
        names = [keys.head, keys.log]
        words: list[bytes | str] = [
            *self._following.stand(self._following.seen(room)),
            str(self._history),
            str(said.publication),
            write_record(said, tag),
            keys.channel,
        ]
        if said.key is not None:
            names.append(keys.receipt(said.caller, said.key))
            words += [digest(said.payload, is_binary=said.is_binary), str(int(KEEP * 1000))]
        answer = self._commands.run(PUBLISH, names, words)
        return answer.addCallbacks(
            self._said, self._not_said, callbackArgs=(room, tag), errbackArgs=(tag,)
        )

    def check_keys(self, rooms: Sequence[str], said: Said) -> Later[None]:
        """See to it that a key was not used for something else in one of some rooms.

        Raises:
            BusUnavailable: Redis is away.
        """
        if said.key is None:
            return None
        known = digest(said.payload, is_binary=said.is_binary)

        def compare(found: Any) -> None:
            if found is not None and found != known:
                raise KeyReusedError

        def ask(room: str) -> Deferred[None]:
            name = self._following.keys(room).receipt(said.caller, said.key or "")
            return self._commands.ask("HGET", name, "digest").addCallback(compare)

        asked: dict[str, Later[None]] = {room: ask(room) for room in rooms}
        return when(gather(asked), lambda _: None)

    def _said(self, reply: list[Any], room: str, tag: bytes) -> Later[Receipt]:
        if reply[0] == b"reused":
            self._tags.take(tag)
            raise KeyReusedError
        how, epoch, offset, publication = reply
        receipt = Receipt(Position(epoch.decode("ascii"), offset), int(publication))
        if how == b"again":
            self._tags.take(tag)
            return receipt
        followed = self._following.get(room)
        if followed is None:
            seen = Seen(receipt.position.epoch, offset, receipt.publication)
            self._following.remember(room, seen)
        elif not followed.reaches(receipt.position):
            # Whoever said it hears it before it is told where it stands.
            return followed.acknowledge_later(receipt, self._now() + self._patience)
        return receipt

    def _not_said(self, failure: Failure, tag: bytes) -> Failure:
        if not failure.check(BusTimeout):
            self._tags.take(tag)
        return failure
