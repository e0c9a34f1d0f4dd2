# SPDX-License-Identifier: MIT
"""All rooms of a process: any use makes one, what is unused for long goes, and all has bounds."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Generic

from attrs import frozen

from wsecho.core.rooms.history import History, Message
from wsecho.core.rooms.presence import Card, Change, DrawWord, Presence
from wsecho.core.rooms.retries import Keyed, Receipt, Retries, TooManyKeysError
from wsecho.core.rooms.room import Delivery, M, PublishRequest, Room
from wsecho.core.rooms.rules import RoomRule, RoomRules
from wsecho.core.wire.errors import OverLimit
from wsecho.core.wire.positions import Position


@frozen
class Rules:
    """What a hub keeps, and for how long.

    Attributes:
        history: messages that a room remembers at most.
        history_ttl: seconds that a message, and an unused room, are kept.
        history_bytes: bytes that all rooms' messages may take together.
        max_rooms: rooms that there may be.
        max_members: connections that one room takes.
        max_keys: idempotency keys that one caller may use within their time, 0 for any number.
    """

    history: int = 1_000
    history_ttl: float = 600.0
    history_bytes: int = 64 << 20
    max_rooms: int = 50_000
    max_members: int = 20_000
    max_keys: int = 10_000

    @property
    def of_a_room(self) -> RoomRule:
        """What holds in a room that nothing else is said of."""
        return RoomRule(
            history=self.history, history_ttl=self.history_ttl, max_members=self.max_members
        )


@frozen
class Joined(Generic[M]):
    """What became of a join.

    Attributes:
        room: where the member is now.
        card: how others see it.
        change: what they are to be told, None for nothing.
    """

    room: Room[M]
    card: Card
    change: Change | None


class Hub(Generic[M]):
    """All rooms of this process.

    Args:
        rules: what is kept.
        draw_word: makes a fresh random word, for each new room's epoch and each member's id.
        room_rules: what holds in each room; None where that is the same in all of them.

    Attributes:
        room_rules: what holds in each room.
    """

    def __init__(
        self, rules: Rules, draw_word: DrawWord, room_rules: RoomRules | None = None
    ) -> None:
        self._rules = rules
        self.room_rules = room_rules or RoomRules(rules.of_a_room)
        self._draw_word = draw_word
        self._rooms: dict[str, Room[M]] = {}
        # Each in the order of last use: rooms without members, with no message and with some, and
        # all rooms that remember something.
        self._silent: OrderedDict[str, Room[M]] = OrderedDict()
        self._vacant: OrderedDict[str, Room[M]] = OrderedDict()
        self._spoken: OrderedDict[str, Room[M]] = OrderedDict()
        self._size = 0
        self._retries = Retries(rules.max_keys)
        self.count_elsewhere: Callable[[str], int] = _nobody
        """Counts the members that a room has in other processes."""
        self.refused: Counter[str] = Counter()
        """How often each limit was met, by its option's name."""

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, name: str) -> bool:
        return name in self._rooms

    @property
    def size(self) -> int:
        """Bytes that all remembered messages are counted for."""
        return self._size

    def names(self) -> list[str]:
        """List the rooms that there are."""
        return list(self._rooms)

    def rooms(self) -> list[Room[M]]:
        """List the rooms that there are, without using them."""
        return list(self._rooms.values())

    def use(self, name: str, now: float) -> Room[M]:
        """Return the room of that name, made where there is none, and note its use.

        Raises:
            OverLimit: there are too many rooms, all with members.
        """
        room = self._rooms.get(name)
        if room is None:
            self._make_place()
            room = self._rooms[name] = self._make(name, now)
        room.last_used = now
        self._expire(room, now)
        self._file(room)
        return room

    def _make(self, name: str, now: float) -> Room[M]:
        rule = self.room_rules.of(name)
        history = History(*(self._draw_word(), rule.history, rule.history_ttl, rule.history_bytes))
        return Room(name, now, history, Presence(self._draw_word, rule.has_presence), rule)

    def refresh(self) -> dict[str, list[Change]]:
        """Have all rooms go by the rules in force now, which are others.

        A history that is too long for them is cut at once; nobody has to leave.

        Returns:
            what those are to be told, by room, who watch where a list of members begins or ends.
        """
        told = {}
        for room in self.rooms():
            rule, before = self.room_rules.of(room.name), room.history.size
            room.rule = rule
            room.history.bound(rule.history, rule.history_ttl, rule.history_bytes)
            self._size += room.history.size - before
            if room.name in self._spoken and not len(room.history):
                self._file_keeping_order(room)
            if changes := room.presence.switch(is_on=rule.has_presence):
                told[room.name] = changes
        return told

    def let_go_of_stale(self, name: str, now: float) -> None:
        """Drop a room whose time is over, though it was not swept yet: what is used now is new."""
        room = self._rooms.get(name)
        if room is not None and self._is_stale(room, now):
            self._drop(room)

    def _is_stale(self, room: Room[M], now: float) -> bool:
        # Asked for each message: the time first, for most rooms are in use.
        return now - room.last_used >= room.rule.history_ttl and not len(room)

    def read(self, name: str, now: float) -> History:
        """Return what a room remembers at this time; reading is a use.

        Raises:
            OverLimit: there are too many rooms.
        """
        return self.use(name, now).history

    def position(self, name: str, now: float) -> Position:
        """Return where a room stands; asking is a use.

        Raises:
            OverLimit: there are too many rooms.
        """
        return self.use(name, now).position

    def join(self, name: str, member: M, now: float, time: float | None = None) -> Joined[M]:
        """Take a member into a room.

        Args:
            name: the room's.
            member: who comes.
            now: seconds, of the clock that ages are measured by.
            time: Unix seconds, to be shown; None where `now` is these.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        room = self.check(name, now)
        room.add(member)
        card, change = room.presence.join(member, now if time is None else time)
        self._file(room)
        return Joined(room, card, change)

    def check(self, name: str, now: float) -> Room[M]:
        """Return a room that takes one more member.

        Raises:
            OverLimit: it is full, or there are too many rooms.
        """
        room = self.use(name, now)
        if len(room) + self.count_elsewhere(name) >= room.rule.max_members:
            self.refused["max-members"] += 1
            raise OverLimit(f"the room {name!r} has as many members as it takes")
        return room

    def leave(self, name: str, member: M, now: float) -> Change | float | None:
        """Let a member leave; one that is not there, or a room that is gone, is no error.

        Returns:
            as `Presence.leave`: what others are to be told, or when to `settle`.
        """
        room = self._rooms.get(name)
        if room is None or member not in room:
            return None
        room.discard(member)
        room.last_used = now
        self._file(room)
        return room.presence.leave(member, now)

    def members(self, name: str) -> list[M]:
        """List the connections that are in a room."""
        room = self._rooms.get(name)
        return [] if room is None else room.members()

    def has_members(self, name: str) -> bool:
        """Tell whether somebody is in a room."""
        return name in self._rooms and len(self._rooms[name]) > 0

    def present(self, name: str) -> list[Card]:
        """List the members of a room that others see, who came first first."""
        room = self._rooms.get(name)
        return [] if room is None else list(room.presence)

    def reclassify(self, name: str, member: M) -> None:
        """Note that a member, if it is here, has begun, or ceased, to be delivered to."""
        room = self._rooms.get(name)
        if room is not None and member in room:
            room.reclassify(member)

    def watchers(self, name: str) -> list[M]:
        """List who is told of comings and goings in a room."""
        room = self._rooms.get(name)
        return [] if room is None else room.watchers()

    def settle(self, name: str, now: float) -> list[Change]:
        """Let the members of a room go that left and did not come back in time."""
        room = self._rooms.get(name)
        return [] if room is None else room.presence.settle(now)

    def publish(self, name: str, said: PublishRequest, sender: M | None, now: float) -> Delivery[M]:
        """Take a message into a room and list who gets it, unless it came before under its key.

        Raises:
            KeyReusedError: something else was said under its key.
            OverLimit: there are too many rooms, or keys of whoever says it.
        """
        if said.keyed is not None:
            return self._publish_once(name, said, said.keyed, sender, now)
        return self._publish(name, said, sender, now)

    def recall(self, name: str, said: PublishRequest, keyed: Keyed, now: float) -> Receipt | None:
        """Return the receipt of what was said before under the same key, or None.

        Raises:
            KeyReusedError: something else was said under it.
        """
        return self._retries.find(name, keyed, said.payload, is_binary=said.is_binary, now=now)

    def check_all(self, said: Mapping[str, PublishRequest], now: float) -> None:
        """See to it that the same can be said in each of some rooms; asking is a use.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms, or keys of whoever says it.
        """
        for name in said:
            self.use(name, now)
        keyed = next(iter(said.values())).keyed
        if keyed is not None:
            known = [self.recall(name, one, keyed, now) for name, one in said.items()]
            self.check_keys(keyed, known.count(None), now)

    def check_keys(self, keyed: Keyed, count: int, now: float) -> None:
        """See to it that a key may be used in so many rooms more.

        Raises:
            TooManyKeysError: it may not.
        """
        try:
            self._retries.check(keyed, now, count)
        except TooManyKeysError:
            self.refused["max-keys"] += 1
            raise

    def keep_key(
        self, name: bytes, digest: bytes, receipt: Receipt, payer: str, until: float
    ) -> None:
        """Note what was published under a key, as it was written elsewhere; as `Retries.keep`."""
        self._retries.keep(name, digest, receipt, payer, until)

    def history_of(self, name: str) -> History | None:
        """Return what a room remembers, without using it; None where there is no such room."""
        room = self._rooms.get(name)
        return None if room is None else room.history

    def _publish_once(
        self, name: str, said: PublishRequest, keyed: Keyed, sender: M | None, now: float
    ) -> Delivery[M]:
        receipt = self.recall(name, said, keyed, now)
        if receipt is not None:
            return Delivery(receipt, None, [])
        self.check_keys(keyed, 1, now)
        delivery = self._publish(name, said, sender, now)
        self._retries.remember(
            name, keyed, said.payload, delivery.receipt, is_binary=said.is_binary, now=now
        )
        return delivery

    def _publish(
        self, name: str, said: PublishRequest, sender: M | None, now: float
    ) -> Delivery[M]:
        room = self.use(name, now)
        before = room.history.size
        delivery = room.publish(said, sender, now)
        self._size += room.history.size - before
        # Its use has been noted; only its first message makes it another kind, or one that is too
        # large for all that it may keep.
        if (name in self._spoken) is not bool(len(room.history)):
            self._file(room)
        if self._size > self._rules.history_bytes:
            self._keep_within_bytes()
        return delivery

    def take(
        self, name: str, message: Message, sender: M | None, now: float, age: float = 0.0
    ) -> Delivery[M]:
        """Take a message into a room where it stands already, and list who gets it.

        Args:
            name: the room's.
            message: what was said there.
            sender: who said it, where that is a member here.
            now: seconds.
            age: seconds for which it has stood there.

        Raises:
            OverLimit: there are too many rooms.
        """
        room = self.use(name, now)
        before = room.history.size
        delivery = room.take(message, sender, now, age)
        self._size += room.history.size - before
        self._file(room)
        self._keep_within_bytes()
        return delivery

    def reset(self, name: str, epoch: str, head: int, now: float) -> None:
        """Let a room stand at another place, with nothing said before it.

        Raises:
            OverLimit: there are too many rooms.
        """
        room = self.use(name, now)
        self._size -= room.history.size
        room.history.reset(epoch, head)
        self._file(room)

    def forget(self, name: str) -> bool:
        """Drop a room that nobody is in; tell whether there is none of that name now."""
        room = self._rooms.get(name)
        if room is not None and not len(room):
            self._drop(room)
        return name not in self._rooms

    def sweep(self, now: float) -> int:
        """Drop the rooms that stood empty and unused for their time; return how many."""
        self._retries.expire(now)
        for room in list(self._spoken.values()):
            self._expire(room, now)
            if not len(room.history):
                self._file_keeping_order(room)
        stale = [
            room
            for room in (*self._silent.values(), *self._vacant.values())
            if self._is_stale(room, now)
        ]
        for room in stale:
            self._drop(room)
        return len(stale)

    def _make_place(self) -> None:
        if len(self._rooms) < self._rules.max_rooms:
            return
        for rooms in (self._silent, self._vacant):
            if rooms:
                self._drop(next(iter(rooms.values())))
                return
        self.refused["max-rooms"] += 1
        raise OverLimit("there are as many rooms as this server takes")

    def _keep_within_bytes(self) -> None:
        while self._size > self._rules.history_bytes:
            room = next(iter(self._spoken.values()))
            before = room.history.size
            room.history.forget_oldest()
            self._size += room.history.size - before
            if not len(room.history):
                self._file_keeping_order(room)

    def _expire(self, room: Room[M], now: float) -> None:
        before = room.history.size
        room.history.expire(now)
        self._size += room.history.size - before

    def _drop(self, room: Room[M]) -> None:
        self._size -= room.history.size
        for rooms in (self._rooms, self._silent, self._vacant, self._spoken):
            rooms.pop(room.name, None)

    def _file(self, room: Room[M]) -> None:
        """Put a room that was just used where it belongs, as the last used one."""
        name = room.name
        if len(room.history):
            self._spoken[name] = room
            self._spoken.move_to_end(name)
            home = self._vacant
        else:
            self._spoken.pop(name, None)
            home = self._silent
        for rooms in (self._silent, self._vacant):
            if name in rooms:
                del rooms[name]
        if not len(room):
            home[name] = room

    def _file_keeping_order(self, room: Room[M]) -> None:
        """Note that a room has lost its last message, which is no use of it."""
        del self._spoken[room.name]
        if self._vacant.pop(room.name, None) is None:
            return
        self._silent[room.name] = room
        # Its last use lies before that of the rooms that were silent all along, or nearly so.
        self._silent.move_to_end(room.name, last=False)


def _nobody(_room: str) -> int:
    """Count nobody: a room is in this process alone."""
    return 0
