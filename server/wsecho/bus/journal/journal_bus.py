# SPDX-License-Identifier: MIT
"""Rooms of one process that are written down: all is known at once, but not told before it is safe.

The hub has all that the file has, so nothing is ever read but at the start. A message stands in the
hub, and goes to its readers, only once it is written: else a reader could have seen what a restart
does not know, and a position would stand for two messages.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import define
from twisted.logger import Logger

from wsecho.bus.journal.journaling import Journaling
from wsecho.bus.journal.pending import Ahead, Underway
from wsecho.bus.journal.records import StoredKey, StoredMessage, StoredRoom
from wsecho.bus.one_process import OneProcessBus
from wsecho.core.promise import Promise, gather
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.retries import KEEP, KeyReusedError, Receipt
from wsecho.core.rooms.wills import Will
from wsecho.core.wire.positions import Position
from wsecho.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wsecho.bus.interface import BusListener
    from wsecho.bus.journal.records import Contents
    from wsecho.bus.journal.store import Store
    from wsecho.bus.journal.writer import Writer
    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.core.promise import Later
    from wsecho.core.rooms.hub import Hub
    from wsecho.core.rooms.retries import Keyed
    from wsecho.core.rooms.room import PublishRequest

_TIDY: Final = 5.0
"""Seconds between two times that the file forgets what the hub has forgotten."""

_ALL_EVERY: Final = 12
"""How many of these times until all rooms are looked at, not those alone that were spoken in."""

_WILLS: Final = "\0wills:"

T = TypeVar("T")


@define
class _Known:
    """What the file has, or will have, of a room.

    Attributes:
        number: the room's there.
        epoch: the word in its positions.
        oldest: the offset behind which it has messages.
        is_written: whether it has it already.
    """

    number: int
    epoch: str
    oldest: int
    is_written: bool = False


class JournalBus(OneProcessBus):
    """Rooms in this process alone, and in a file.

    Args:
        store: the file, prepared.
        writer: has the thread.
        clock: Twisted's reactor.
        hub: the rooms.
        listener: delivers.
        now: seconds, by which ages and waits are measured.
        time_of_day: Unix time in seconds.
    """

    _log = Logger()

    def __init__(
        self,
        store: Store,
        writer: Writer,
        clock: Any,
        hub: Hub[Any],
        listener: BusListener,
        now: Callable[[], float],
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(hub, listener, now)
        self._store = store
        self._writer = writer
        self._time_of_day = time_of_day
        self._journaling = Journaling(store, writer, clock, time_of_day)
        self._known: dict[str, _Known] = {}
        self._spoken: set[str] = set()
        self._last_number = 0
        self._tidying = Loop("forgetting what is old", self._tidy, clock)
        self._tidied = 0
        self._has_begun = False
        self._watching: list[Callable[[frozenset[str]], None]] = []

    keeps: Final = True

    @property
    def pressure(self) -> Backpressure:
        """Hold back who says more while too much waits to be written."""
        return self._journaling.pressure

    @property
    def is_up(self) -> bool:
        """Whether the file can be written."""
        return self._journaling.trouble is None

    def start(self) -> None:
        """Take what the file holds into the hub, and begin to write."""
        self._restore(self._store.open())
        self._has_begun = True
        watching, self._watching = self._watching, []
        for changed in watching:
            super().watch_nodes(changed)
        self._writer.start()
        self._tidying.start(_TIDY)

    def stop(self) -> None:
        """Write all there is to be written, and close the file."""
        self._tidying.stop()
        self._journaling.stop()

    def check_health(self) -> None:
        """See to it that what is said is written.

        Raises:
            BusUnavailable: it is not.
        """
        self._journaling.check()

    def _restore(self, contents: Contents) -> None:
        now, wall = self._now(), self._time_of_day()
        for room in contents.rooms:
            self._last_number = max(self._last_number, room.number)
            self._known[room.name] = _Known(room.number, room.epoch, room.head, is_written=True)
            self._hub.reset(room.name, room.epoch, room.head - len(room.messages), now)
            for each in room.messages:
                message = Message(
                    *(Position(room.epoch, each.offset), each.payload, each.is_binary),
                    *(each.time, each.publication, each.author),
                )
                message.forms = None
                age = max(wall - each.time, 0.0)
                self._hub.take(room.name, message, None, now, age)
            if room.messages:
                self._known[room.name].oldest = room.messages[0].offset - 1
        for key in contents.keys:
            receipt = Receipt(Position(key.epoch, key.offset), key.publication)
            left = min(key.until - wall, KEEP)
            if left > 0:
                self._hub.keep_key(key.name, key.digest, receipt, key.payer, now + left)
        for subject, kept in contents.kept.items():
            self._kept[subject].update(kept)
        if contents.is_doubtful:
            self._log.warn(
                "the machine ended before all was on its disk: every room begins a new epoch"
            )

    # -- rooms

    def attach(self, room: str, after: Position | None = None) -> Later[None]:
        """Have a room's epoch written, before anybody is told a position of it.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be written now.
        """
        now = self._now()
        self._let_go_of_stale(room, now)
        if self._ensure(room, now).is_written:
            return None
        written: Promise[None] = Promise()
        self._journaling.add(partial(written.give, None), written.fail)
        self._journaling.go_on()
        return written

    def _let_go_of_stale(self, room: str, now: float) -> None:
        if room not in self._journaling.pending.ahead:
            self._hub.let_go_of_stale(room, now)

    def _ensure(self, room: str, now: float) -> _Known:
        """Return what the file has of a room, or will have with the transaction that is next."""
        ahead = self._journaling.pending.ahead.get(room)
        history = self._hub.use(room, now).history
        known = self._known.get(room)
        if known is not None and (ahead is not None or known.epoch == history.epoch):
            return known
        self._journaling.check()
        if known is None:
            self._last_number += 1
        fresh = _Known(
            self._last_number if known is None else known.number, history.epoch, history.head
        )
        stored = StoredRoom(
            fresh.number, room, history.epoch, history.head, 0.0, self._time_of_day()
        )
        self._journaling.transaction.rooms.append(stored)
        self._known[room] = fresh

        def done() -> None:
            fresh.is_written = True

        def failed(_: Exception) -> None:
            # Nobody was told of it.
            if self._known.get(room) is fresh:
                del self._known[room]

        self._journaling.add(done, failed)
        return fresh

    def publish(
        self, room: str, said: PublishRequest, sender: Any, origin: Any
    ) -> Promise[Receipt] | Receipt:
        """Say something in a room, once it is written.

        Raises:
            KeyReusedError: something else was said under the key.
            OverLimit: there are too many rooms, or keys of whoever says it.
            BusUnavailable: it cannot be written now.
        """
        known = None if said.keyed is None else self.recall(room, said, said.keyed)
        if known is not None:
            return known
        self._journaling.check()
        receipt = self._say(room, said, sender, origin)
        self._journaling.go_on()
        return receipt

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms: in one transaction, so in all of them or in none.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms, or keys of whoever says it.
            BusUnavailable: it cannot be written now.
        """
        keyed = next(iter(said.values())).keyed
        known = {
            room: None if keyed is None else self.recall(room, one, keyed)
            for room, one in said.items()
        }
        fresh = [room for room, receipt in known.items() if receipt is None]
        if fresh:
            self._journaling.check()
            now = self._now()
            for room in fresh:
                self._hub.use(room, now)
            if keyed is not None:
                self._check_keys(keyed, len(fresh))
        receipts: dict[str, Later[Receipt]] = {}
        for room, one in said.items():
            receipts[room] = known[room] or self._say(room, one, None, None)
        self._journaling.go_on()
        return gather(receipts)

    def recall(
        self, room: str, said: PublishRequest, keyed: Keyed
    ) -> Promise[Any] | Receipt | None:
        """Return what was, or is being, told of the same under the same key.

        Raises:
            KeyReusedError: something else was said under it.
        """
        underway = self._journaling.pending.keys.get(keyed.name(room))
        if underway is None:
            return self._hub.recall(room, said, keyed, self._now())
        if underway.digest != keyed.digest(said.payload, is_binary=said.is_binary):
            raise KeyReusedError
        receipt: Promise[Receipt] = Promise()
        receipt.give(underway.receipt)
        return receipt

    def _check_keys(self, keyed: Keyed, count: int) -> None:
        waiting = self._journaling.pending.payers[keyed.payer]
        self._hub.check_keys(keyed, count + waiting, self._now())

    def _say(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Promise[Receipt]:
        """Put what is said into the transaction that is next."""
        if said.keyed is not None:
            self._check_keys(said.keyed, 1)
        message, number = self._place(room, said)
        written: Promise[Receipt] = Promise()
        receipt = Receipt(message.position, message.publication)
        keyed = said.keyed
        key = None if keyed is None else self._use_key(room, said, keyed, receipt, written)

        def done() -> None:
            self._arrive(room, message, sender, origin)
            if key is not None:
                self._keep_key(key)
            written.give(receipt)

        position = message.position
        stored = StoredMessage(
            *(position.offset, message.payload, message.is_binary, message.time),
            *(message.publication, message.author),
        )
        transaction = self._journaling.transaction
        transaction.messages.append((number, stored))
        transaction.heads[number] = position.offset, message.time
        self._journaling.add(done, written.fail)
        return written

    def _place(self, room: str, said: PublishRequest) -> tuple[Message, int]:
        """Give what is said its place behind all that is on its way."""
        now = self._now()
        ahead = self._journaling.pending.ahead.get(room)
        if ahead is None:
            ahead = self._journaling.pending.ahead[room] = self._stand(room, now)
        ahead.head += 1
        ahead.waiting += 1
        time = now if said.time is None else said.time
        ahead.time = time = max(ahead.time, time)
        position = Position(ahead.epoch, ahead.head)
        message = Message(
            position, said.payload, said.is_binary, time, said.publication, said.author
        )
        return message, ahead.number

    def _stand(self, room: str, now: float) -> Ahead:
        """Return where a room stands of which nothing is on its way."""
        self._hub.let_go_of_stale(room, now)
        known, history = self._ensure(room, now), self._hub.read(room, now)
        return Ahead(known.number, history.epoch, history.head, history.time)

    def _arrive(self, room: str, message: Message, sender: Any, origin: Any) -> None:
        now, position = self._now(), message.position
        self._journaling.pending.took(room)
        self._spoken.add(room)
        history = self._hub.history_of(room)
        if (
            history is None
            or history.epoch != position.epoch
            or history.head != position.offset - 1
        ):
            # The hub let go of the room meanwhile, for want of space.
            self._hub.reset(room, position.epoch, position.offset - 1, now)
        delivery = self._hub.take(room, message, sender, now)
        self._deliver(room, delivery, origin)

    def _use_key(
        self,
        room: str,
        said: PublishRequest,
        keyed: Keyed,
        receipt: Receipt,
        written: Promise[Receipt],
    ) -> StoredKey:
        name, known = keyed.name(room), keyed.digest(said.payload, is_binary=said.is_binary)
        position, until = receipt.position, self._time_of_day() + KEEP
        key = StoredKey(
            *(name, known, position.epoch, position.offset, receipt.publication),
            *(until, keyed.payer),
        )
        self._journaling.transaction.keys.append(key)
        self._journaling.pending.use_key(name, Underway(known, keyed.payer, written))
        return key

    def _keep_key(self, key: StoredKey) -> None:
        self._journaling.pending.free_key(key.name)
        receipt = Receipt(Position(key.epoch, key.offset), key.publication)
        self._hub.keep_key(key.name, key.digest, receipt, key.payer, self._now() + KEEP)

    # -- what the file forgets

    def _tidy(self) -> None:
        """Have the file forget what the hub has forgotten."""
        self._tidied += 1
        rooms = list(self._known) if self._tidied % _ALL_EVERY == 0 else list(self._spoken)
        self._spoken.clear()
        forgotten: dict[int, int] = {}
        dropped: list[int] = []
        for room in rooms:
            known = self._known.get(room)
            if known is None or room in self._journaling.pending.ahead or not known.is_written:
                continue
            history = self._hub.history_of(room)
            if history is None or history.epoch != known.epoch:
                dropped.append(known.number)
                del self._known[room]
            elif history.oldest > known.oldest:
                forgotten[known.number] = known.oldest = history.oldest
        self._journaling.tidy(forgotten, dropped)

    # -- what nodes say and keep

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told of this process alone, as soon as it knows what is kept."""
        if self._has_begun:
            super().watch_nodes(changed)
        else:
            self._watching.append(changed)

    def keep(self, subject: str, name: str, payload: bytes) -> None:
        """Keep something of a subject under a name, in the file too if it can be written."""
        self._kept[subject][name] = payload
        self._write_kept(subject, name, payload)

    def drop(self, subject: str, names: Sequence[str]) -> None:
        """Keep it no longer."""
        for name in names:
            self._kept[subject].pop(name, None)
            self._write_kept(subject, name, None)

    def _write_kept(self, subject: str, name: str, payload: bytes | None) -> None:
        if self.is_up:
            self._journaling.transaction.kept.append((subject, name, payload))
            self._journaling.add(_nothing, _nothing)
            self._journaling.go_on()

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say something to oneself, behind what was said before."""
        self._say_on(subject, payload, None)

    def announce(self, subject: str, payload: bytes) -> Later[None]:
        """Say something to oneself, behind what was said before."""
        return self._say_on(subject, payload, None)

    def send_to(self, node: str, subject: str, payload: bytes) -> Later[bool]:
        """Say something to oneself, behind what was said before; there is nobody else."""
        if node != self.node or subject not in self._listeners:
            return False
        return self._say_on(subject, payload, True)

    def catch_up(self) -> Later[None]:
        """Hear first what was said before."""
        if not len(self._journaling.pending):
            return None
        heard: Promise[None] = Promise()
        self._journaling.add(partial(heard.give, None), heard.fail)
        return heard

    def _say_on(self, subject: str, payload: bytes, outcome: T) -> Later[T]:
        if not len(self._journaling.pending):
            self._pass_on(subject, payload)
            return outcome
        said: Promise[T] = Promise()

        def done() -> None:
            self._pass_on(subject, payload)
            said.give(outcome)

        self._journaling.add(done, said.fail)
        return said

    def broadcast_logged(
        self, subject: str, payload: bytes, keep: str | None = None, will: Will | None = None
    ) -> Later[bool]:
        """Say something to oneself, once it is written that it is kept, or carried out.

        Raises:
            BusUnavailable: it cannot be written now.
        """
        if will is not None and self.is_spent(subject, will):
            return False
        if keep is None and will is None:
            return self._say_on(subject, payload, True)
        self._journaling.check()
        kept = self._journaling.transaction.kept
        if will is not None:
            # Nobody carries it out again, unless this cannot be written.
            left = self._kept[_WILLS + subject].pop(_written(will), None)
            kept.append((_WILLS + subject, _written(will), None))
        if keep is not None:
            kept.append((subject, keep, payload))
        said: Promise[bool] = Promise()

        def done() -> None:
            if keep is not None:
                self._kept[subject][keep] = payload
            self._pass_on(subject, payload)
            said.give(True)

        def failed(error: Exception) -> None:
            if will is not None and left is not None:
                self._kept[_WILLS + subject][_written(will)] = left
            said.fail(error)

        self._journaling.add(done, failed)
        self._journaling.go_on()
        return said

    def bequeath(self, subject: str, name: str, payload: bytes) -> Later[None]:
        """Have something carried out by the next process, if this one dies.

        Raises:
            BusUnavailable: it cannot be written now.
        """
        self._journaling.check()
        will = _written(Will(self.node, name))
        self._journaling.transaction.kept.append((_WILLS + subject, will, payload))
        left: Promise[None] = Promise()

        def done() -> None:
            self._kept[_WILLS + subject][will] = payload
            left.give(None)

        self._journaling.add(done, left.fail)
        self._journaling.go_on()
        return left

    def revoke(self, subject: str, names: Sequence[str]) -> None:
        """Take wills of this process back."""
        self.drop(_WILLS + subject, [_written(Will(self.node, name)) for name in names])

    def inherit(self, subject: str, heir: Callable[[Will, bytes], object]) -> None:
        """Carry out what the process before this one left."""
        for written, payload in sorted(self._kept[_WILLS + subject].items()):
            will = _read_will(written)
            if will.node != self.node:
                heir(will, payload)

    def is_spent(self, subject: str, will: Will) -> bool:
        """Tell whether a will was carried out, or taken back."""
        return _written(will) not in self._kept[_WILLS + subject]

    def spend(self, subject: str, will: Will) -> None:
        """Note that a will was carried out."""
        self.drop(_WILLS + subject, [_written(will)])


def _nothing(*_: object) -> None:
    return None


def _written(will: Will) -> str:
    return f"{will.node} {will.name}"


def _read_will(written: str) -> Will:
    node, _, name = written.partition(" ")
    return Will(node, name)
