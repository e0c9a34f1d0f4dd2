# SPDX-License-Identifier: MIT
"""Saying something in a room over Redis, once, whatever becomes of it on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define

from wsecho.bus.redis.records import write_record
from wsecho.bus.redis.scripts import CHECK_KEYS, PUBLISH
from wsecho.core.errors import BusTimeout
from wsecho.core.line import Seen
from wsecho.core.positions import Position
from wsecho.core.retries import KEEP, KeyReusedError, Receipt, TooManyKeysError, digest

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.later import Later
    from wsecho.bus.redis.commands import Commands
    from wsecho.bus.redis.following import Following
    from wsecho.bus.redis.keys import Keys
    from wsecho.bus.redis.tags import Tags
    from wsecho.core.rooms import Said


@define(eq=False)
class Saying:
    """What this process says.

    Args:
        commands: Redis.
        following: the rooms that are followed here.
        tags: remembers who says what.
        keys: names what is kept of idempotency keys.
        history: messages that a log keeps.
        most_keys: idempotency keys that one caller may use within their time, 0 for any number.
        refused: counts how often that was met.
        patience: seconds that a receipt waits for its message to come round.
        now: seconds, by which ages and waits are measured.
    """

    _commands: Commands
    _following: Following
    _tags: Tags
    _keys: Keys
    _history: int
    _most_keys: int
    _refused: Counter[str]
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
        if said.keyed is not None:
            names += [keys.receipt(said.keyed), self._keys.used(said.keyed.payer)]
            words += [digest(said.payload, is_binary=said.is_binary), str(int(KEEP * 1000))]
            words.append(str(self._most_keys if said.keyed.payer else 0))
        answer = self._commands.run(PUBLISH, names, words)
        return answer.addCallbacks(
            self._said, self._not_said, callbackArgs=(room, tag), errbackArgs=(tag,)
        )

    def check_keys(self, rooms: Sequence[str], said: Said) -> Later[None]:
        """See to it that a key was not used for something else in one of some rooms.

        Raises:
            BusUnavailable: Redis is away.
        """
        keyed = said.keyed
        if keyed is None:
            return None
        names = [self._following.keys(room).receipt(keyed) for room in rooms]
        words = [digest(said.payload, is_binary=said.is_binary)]
        words.append(b"%d" % (self._most_keys if keyed.payer else 0))
        asked = self._commands.run(CHECK_KEYS, [self._keys.used(keyed.payer), *names], words)
        return asked.addCallback(self._check)

    def _check(self, found: bytes) -> None:
        if found == b"reused":
            raise KeyReusedError
        if found == b"full":
            raise self._too_many_keys()

    def _too_many_keys(self) -> TooManyKeysError:
        self._refused["max-keys"] += 1
        return TooManyKeysError(self._most_keys)

    def _said(self, reply: list[Any], room: str, tag: bytes) -> Later[Receipt]:
        if reply[0] in {b"reused", b"full"}:
            self._tags.take(tag)
            self._check(reply[0])
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
