# SPDX-License-Identifier: MIT
"""Publishing something in a room over Redis, once, whatever becomes of it on the way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from attrs import define, field

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.client.scripts import PUBLISH, PUBLISH_ALL
from wsecho.bus.redis.rooms.records import NO_TAG, write_head
from wsecho.core.promise import Later, gather, when
from wsecho.core.rooms.log_follower import Cursor
from wsecho.core.rooms.retries import KEEP, Keyed, KeyReusedError, Receipt, TooManyKeysError
from wsecho.core.wire.errors import BusTimeout, TooLarge
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.rooms.correlation import Correlation
    from wsecho.bus.redis.rooms.cursors import Cursors
    from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
    from wsecho.core.rooms.room import PublishRequest
    from wsecho.core.rooms.rules import RoomRules

MAX_AT_ONCE: Final = 64 << 20
"""Bytes that one step says, over all its rooms: Redis does nothing else meanwhile, and looks only
before it whether it has the memory."""

EventWords: TypeAlias = "tuple[list[str], list[bytes | str]]"


class MessageEvents(Protocol):
    """Has what is said be told to applications."""

    def words_of_message(self, room: str) -> EventWords | None:
        """Return keys of events and what a script about them begins with; None to tell nothing."""

    def miss(self, room: str) -> None:
        """Take note of a message that is said here alone, and of which nobody is told."""


@define(eq=False)
class Publishing:
    """What this process says.

    Args:
        commands: Redis.
        remote_rooms: the rooms that are followed here.
        cursors: how far the others were seen.
        correlation: remembers who says what.
        keys: names what is kept of idempotency keys.
        rules: what each room's log keeps.
        most_keys: idempotency keys that one caller may use within their time, 0 for any number.
        refused: counts how often that was met.
        patience: seconds that a receipt waits for its message to come round.
        now: seconds, by which ages and waits are measured.

    Attributes:
        events: where applications are told of what is said; None where nobody is.
    """

    _commands: Commands
    _remote_rooms: RemoteRooms
    _cursors: Cursors
    _correlation: Correlation
    _keys: Keys
    _rules: RoomRules
    _most_keys: int
    _refused: Counter[str]
    _patience: float
    _now: Callable[[], float]
    events: MessageEvents | None = field(default=None, init=False)

    def say(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away.
        """
        keys, tag = self._remote_rooms.keys(room), self._correlation.tag(sender, origin)
        rule = self._rules.of(room)
        names = [keys.head, keys.log]
        words: list[bytes | str] = [
            *self._cursors.stand(room, self._remote_rooms.seen(room)),
            str(rule.history),
            str(rule.history_bytes),
            str(said.publication),
            write_head(said, tag),
            said.payload,
            keys.channel,
        ]
        if said.keyed is not None:
            names += [keys.receipt(said.keyed), self._keys.used(said.keyed.payer)]
            known = said.keyed.digest(said.payload, is_binary=said.is_binary)
            words += [known, str(int(KEEP * 1000))]
            words.append(str(self._most_keys if said.keyed.payer else 0))
        if (told := self._events_of(room)) is not None:
            names += told[0]
            words += [*told[1], room]
        answer = self._commands.run(PUBLISH, names, words).addErrback(self._not_said, tag)
        return when(promise_of(answer), partial(self._said, room=room, tag=tag))

    def recall(self, room: str, said: PublishRequest, keyed: Keyed) -> Later[Receipt | None]:
        """Return the receipt of what was said before under the same key, or None.

        Raises:
            BusUnavailable: Redis is away.
        """
        receipt = self._remote_rooms.keys(room).receipt(keyed)
        fields = ("digest", "epoch", "offset", "publication")
        answer = promise_of(self._commands.ask("HMGET", receipt, *fields))

        def read(reply: Any) -> Receipt | None:
            known, epoch, offset, publication = reply
            if known is None:
                return None
            if known != keyed.digest(said.payload, is_binary=said.is_binary):
                raise KeyReusedError
            return Receipt(Position(epoch.decode("ascii"), int(offset)), int(publication))

        return when(answer, read)

    def say_to_all(self, said: Mapping[str, PublishRequest]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms, in one step: in all of them, or in none.

        Args:
            said: by room; all have the same key and caller.

        Raises:
            TooLarge: it would keep Redis from all else for too long.
            BusUnavailable: Redis is away.
        """
        first = next(iter(said.values()))
        length = sum(len(one.payload) for one in said.values())
        if length > MAX_AT_ONCE:
            most = f"{MAX_AT_ONCE} bytes in all"
            raise TooLarge(f"{length} bytes in {len(said)} rooms are more than {most}")
        keyed = first.keyed
        known = b"" if keyed is None else keyed.digest(first.payload, is_binary=first.is_binary)
        most_keys = self._most_keys if keyed is not None and keyed.payer else 0
        words: list[bytes | str] = [self._cursors.fresh, known, str(int(KEEP * 1000))]
        # Mostly it is one and the same in all rooms, and is sent once.
        distinct = dict.fromkeys(one.payload for one in said.values())
        payloads = {payload: number for number, payload in enumerate(distinct, 1)}
        words += [str(most_keys), str(len(payloads)), *payloads]
        names: list[str] = []
        told: EventWords | None = None
        for room, one in said.items():
            keys, seen = self._remote_rooms.keys(room), self._remote_rooms.seen(room)
            names += [keys.head, keys.log]
            if keyed is not None:
                names.append(keys.receipt(keyed))
            words += [seen.epoch, str(seen.offset), str(one.publication)]
            # Nobody here asks for its own back.
            words += [write_head(one, NO_TAG), keys.channel, self._cursors.lasting(room)]
            rule = self._rules.of(room)
            words += [str(rule.history), str(rule.history_bytes), str(payloads[one.payload])]
            events = self._events_of(room)
            words.append("" if events is None else room)
            told = events or told
        if keyed is not None:
            names.append(self._keys.used(keyed.payer))
        if told is not None:
            names += told[0]
            words += told[1]
        answer = promise_of(self._commands.run(PUBLISH_ALL, names, words))
        return when(answer, partial(self._all_said, rooms=list(said)))

    def _events_of(self, room: str) -> EventWords | None:
        return None if self.events is None else self.events.words_of_message(room)

    def _all_said(self, reply: list[Any], rooms: list[str]) -> Later[dict[str, Receipt]]:
        if isinstance(reply[0], bytes):
            self._check(reply[0])
        answers = zip(rooms, reply, strict=True)
        return gather({room: self._said(answer, room, NO_TAG) for room, answer in answers})

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
            self._correlation.take(tag)
            self._check(reply[0])
        how, epoch, offset, publication = reply
        receipt = Receipt(Position(epoch.decode("ascii"), offset), int(publication))
        if how == b"again":
            self._correlation.take(tag)
            return receipt
        remote = self._remote_rooms.get(room)
        if remote is None:
            seen = Cursor(receipt.position.epoch, offset, receipt.publication)
            self._cursors.remember(room, seen)
        elif not remote.reaches(receipt.position):
            # Whoever said it hears it before it is told where it stands.
            return remote.acknowledge_later(receipt, self._now() + self._patience)
        return receipt

    def _not_said(self, failure: Failure, tag: bytes) -> Failure:
        if not failure.check(BusTimeout):
            self._correlation.take(tag)
        return failure
