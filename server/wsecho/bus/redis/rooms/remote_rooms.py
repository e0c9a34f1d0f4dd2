# SPDX-License-Identifier: MIT
"""The rooms that a process follows: what it hears of them, and what it reads in their logs."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from math import inf
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.rooms.loading import MAX_LOADS, ask_for, read_loaded
from wsecho.bus.redis.rooms.records import NO_TAG, read_notice
from wsecho.bus.redis.rooms.remote_room import RemoteRoom
from wsecho.core.rooms.log_follower import Began, Cursor, Event, LogFollower, Renewed, Skipped, Took
from wsecho.core.wire.errors import BusUnavailable, WireError
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twisted.python.failure import Failure

    from wsecho.bus.interface import BusListener
    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys, RoomKeys
    from wsecho.bus.redis.rooms.correlation import Correlation
    from wsecho.core.rooms.all_rooms import AllRoomsFollower
    from wsecho.core.rooms.history import Message
    from wsecho.core.rooms.hub import Hub

_EPOCH_BYTES: Final = 9

MAX_SEEN: Final = 50_000
"""Rooms that are not followed any more, but whose last message is remembered."""


def _draw() -> str:
    return secrets.token_urlsafe(_EPOCH_BYTES)


def _raised(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@define(eq=False)
class RemoteRooms:
    """The remote rooms.

    Args:
        commands: Redis.
        names: how things are named there.
        ttl: milliseconds that a room lasts after its last use.
        hub: where the rooms are mirrored.
        listener: delivers.
        correlation: who has said what comes back.
        now: seconds, by which ages and waits are measured.
        measures: counts.
        all_rooms: what of each room was told to those who hear of all.
        load_roster: takes who is in a room, as Redis has it.
    """

    _commands: Commands
    _names: Keys
    ttl: str
    _hub: Hub[Any]
    _listener: BusListener
    _correlation: Correlation
    _now: Callable[[], float]
    _measures: Measures
    _all_rooms: AllRoomsFollower
    _load_roster: Callable[[RemoteRoom, dict[bytes, bytes]], None]
    run: str = field(default="", init=False)
    """The run of Redis that is spoken with."""
    _rooms: dict[str, RemoteRoom] = field(factory=dict, init=False)
    _channels: dict[bytes, RemoteRoom] = field(factory=dict, init=False)
    _seen: OrderedDict[str, Cursor] = field(factory=OrderedDict, init=False)
    _to_load: deque[RemoteRoom] = field(factory=deque, init=False)
    _loads: int = field(default=0, init=False)
    # Where a new epoch has to begin, it is this one; another after each time that it may have been
    # used in the room.
    _fresh: str = field(factory=_draw, init=False)

    _log = Logger()

    def __len__(self) -> int:
        return len(self._rooms)

    def rooms(self) -> list[RemoteRoom]:
        """List what is followed."""
        return list(self._rooms.values())

    def get(self, room: str) -> RemoteRoom | None:
        """Return a room, if it is followed."""
        return self._rooms.get(room)

    def on_channel(self, channel: bytes) -> RemoteRoom | None:
        """Return the room that a channel tells of, if it is followed."""
        return self._channels.get(channel)

    def follow(self, room: str) -> RemoteRoom:
        """Follow a room, or go on to.

        Raises:
            OverLimit: there are too many rooms.
        """
        now = self._now()
        remote = self._rooms.get(room)
        if remote is not None and room not in self._hub:
            # The hub has let it go, to make place for others.
            self.unfollow(remote)
            remote = None
        if remote is None:
            self._hub.use(room, now)
            self._all_rooms.follow(room)
            remote = RemoteRoom(room, self._names.room(room), now)
            self._rooms[room] = self._channels[remote.keys.channel.encode()] = remote
        remote.needed = now
        return remote

    def keys(self, room: str) -> RoomKeys:
        """Return how things of a room are named."""
        remote = self._rooms.get(room)
        return self._names.room(room) if remote is None else remote.keys

    def unfollow(self, remote: RemoteRoom) -> None:
        """Follow a room no more, but remember how far it was seen."""
        self._commands.cast("UNSUBSCRIBE", remote.keys.channel)
        self._leave_off(remote)
        del self._rooms[remote.name]
        del self._channels[remote.keys.channel.encode()]
        remote.acknowledge(float("inf"))
        remote.turn_away(BusUnavailable())

    def stray(self, remote: RemoteRoom) -> None:
        """Have a room go on without Redis for a while."""
        self._leave_off(remote)
        self._all_rooms.follow(remote.name)
        remote.line, remote.is_quiet, remote.has_strayed = LogFollower(), True, True

    def _leave_off(self, remote: RemoteRoom) -> None:
        self.remember(remote.name, remote.seen)
        self._all_rooms.let_go(
            remote.name,
            remote.seen,
            was_told=not remote.is_quiet,
            is_current=remote.is_current,
        )

    def seen(self, room: str) -> Cursor:
        """Return how far a room was seen here."""
        remote = self._rooms.get(room)
        if remote is not None and remote.seen.epoch:
            return remote.seen
        return self._seen.get(room, Cursor())

    def remember(self, room: str, seen: Cursor) -> None:
        """Note how far a room was seen that is not remote."""
        if not seen.epoch:
            return
        self.draw_after(seen.epoch)
        known = self._seen.pop(room, seen)
        is_further = known.epoch == seen.epoch and known.offset > seen.offset
        self._seen[room] = known if is_further else seen
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)

    def stand(self, seen: Cursor) -> list[bytes | str]:
        """Write what each script about a room begins with."""
        return [self._fresh, seen.epoch, str(seen.offset), self.ttl]

    def draw_after(self, epoch: str) -> None:
        """Draw another epoch for rooms that begin, where one may have begun with this."""
        if epoch == self._fresh:
            self._fresh = _draw()

    # -- what the connection brings

    def came_up(self, run: str) -> None:
        """Catch up with all."""
        self.run, self._fresh = run, _draw()
        for remote in self._rooms.values():
            remote.wants_roster = True
            self.load(remote)

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        while self._to_load:
            self._to_load.popleft().is_asking = False
        for remote in self._rooms.values():
            remote.line.break_off()
            remote.correlation.clear()
            remote.turn_away(BusUnavailable())
            remote.acknowledge(float("inf"))

    def hear(self, remote: RemoteRoom, body: bytes) -> None:
        """Hear of a message on the room's channel."""
        if remote.name not in self._hub:
            self.unfollow(remote)
            return
        logged = read_notice(body)
        events = remote.line.take_notice(logged.message)
        self.draw_after(logged.message.position.epoch)
        self._apply(remote, events, {logged.message: logged.tag})
        remote.acknowledge()
        self.load(remote)

    def hear_of_large(self, remote: RemoteRoom) -> None:
        """Hear that there is a message that has to be fetched, for it is large."""
        if remote.name not in self._hub:
            self.unfollow(remote)
            return
        remote.line.fall_behind()
        self.load(remote)

    # -- loading

    def load(self, remote: RemoteRoom) -> None:
        """Ask the log for what the line needs, if it needs anything, in its turn.

        Somebody who waits for a room does not wait for those that nobody waits for.
        """
        if remote.line.need is None or remote.is_asking or not self._commands.is_up:
            return
        remote.is_asking = True
        if remote.is_waited_for:
            self._to_load.appendleft(remote)
        else:
            self._to_load.append(remote)
        self._load_next()

    def _load_next(self) -> None:
        while self._to_load and self._loads < MAX_LOADS and self._commands.is_up:
            self._ask(self._to_load.popleft())

    def _ask(self, remote: RemoteRoom) -> None:
        keys = remote.keys
        # What is said from here on is heard, what was said before is in the answer.
        subscribed = self._commands.subscribe(keys.channel)
        if remote.wants_roster:
            who = self._commands.ask("HGETALL", keys.who)
            who.addCallback(self._take_roster, remote).addErrback(self._not_loaded, remote)
        self._loads += 1
        # A line that has not begun wants all of the log, but vouches for what was seen earlier.
        seen = self.seen(remote.name)
        is_use = remote.is_waited_for or self._hub.has_members(remote.name)
        loaded = ask_for(
            *(self._commands, keys, remote.line, seen, self.stand),
            is_use=is_use,
        )
        # Redis answers in order. Where it refuses the channel, nothing that it answers suffices.
        loaded.addErrback(lambda failure: failure.value)
        answer = subscribed.addCallback(lambda _: loaded).addCallback(_raised)
        answer.addBoth(self._answered, remote)
        answer.addCallback(self._loaded, remote, self.run)
        answer.addErrback(self._not_loaded, remote)

    def _answered(self, outcome: Any, remote: RemoteRoom) -> Any:
        remote.is_asking = False
        self._loads -= 1
        return outcome

    def _take_roster(self, found: dict[bytes, bytes], remote: RemoteRoom) -> None:
        remote.wants_roster = False
        self._load_roster(remote, found)

    def _loaded(self, reply: list[Any], remote: RemoteRoom, run: str) -> None:
        if self._rooms.get(remote.name) is remote and remote.name in self._hub:
            answer = read_loaded(reply, was_away=remote.run != run)
            self._measures.catch_ups += not remote.is_quiet
            events = remote.line.load(answer.loaded)
            self._apply(remote, events, answer.correlation, answer.time)
            self.draw_after(answer.loaded.epoch)
            if remote.is_current:
                self._is_current(remote, run)
            self.load(remote)
        self._load_next()

    def _is_current(self, remote: RemoteRoom, run: str) -> None:
        remote.run = run
        remote.is_quiet = False
        if remote.has_strayed:
            remote.has_strayed = False
            position = Position(remote.seen.epoch, remote.seen.offset)
            self._let(self._listener.renew, remote.name, position)
        remote.acknowledge()
        remote.let_in()

    def _not_loaded(self, failure: Failure, remote: RemoteRoom) -> None:
        if not failure.check(WireError):
            self._log.failure("cannot load a room", failure)
        remote.turn_away(BusUnavailable())
        self._load_next()

    # -- what follows from that

    def _apply(
        self,
        remote: RemoteRoom,
        events: Iterable[Event],
        correlation: dict[Message, bytes],
        asked_at: float = -inf,
    ) -> None:
        """Have everybody know what follows.

        Args:
            remote: the room.
            events: what follows.
            correlation: of the messages.
            asked_at: Redis's time, where its log says how old they are. Its clock and this
                machine's need not agree, and either may be set.
        """
        room, now = remote.name, self._now()
        if remote.correlation or not remote.is_current:
            remote.correlation.update(correlation)
            correlation = remote.correlation
        for event in events:
            if isinstance(event, Took):
                message = event.message
                age = max(0.0, asked_at - message.time)
                self._take(remote, message, correlation.pop(message, NO_TAG), now, age)
            elif isinstance(event, Began):
                self._hub.reset(room, event.epoch, event.base, now)
                if not remote.has_strayed:
                    self._tell_overhearers(room, event)
            elif isinstance(event, Renewed):
                self._measures.renewals += 1
                self._hub.reset(room, event.epoch, event.base, now)
                self._let(self._listener.renew, room, Position(event.epoch, event.base))
            elif isinstance(event, Skipped):
                epoch = remote.seen.epoch
                self._hub.reset(room, epoch, event.upto, now)
                if not remote.is_quiet:
                    self._let(self._listener.skip, room, epoch, event.after, event.upto)
        if remote.correlation and remote.is_current:
            remote.correlation.clear()

    def _take(
        self, remote: RemoteRoom, message: Message, tag: bytes, now: float, age: float
    ) -> None:
        sender, origin = self._correlation.take(tag)
        delivery = self._hub.take(remote.name, message, sender, now, age)
        if not remote.is_quiet:
            self._all_rooms.passed(message)
        elif remote.has_strayed or not self._all_rooms.is_news(remote.name, message):
            return
        self._let(self._listener.on_publication, remote.name, delivery, origin)

    def _tell_overhearers(self, room: str, event: Began) -> None:
        for news in self._all_rooms.began(room, event.epoch, event.base):
            if isinstance(news, Renewed):
                self._let(self._listener.renew, room, Position(news.epoch, news.base))
            elif isinstance(news, Skipped):
                self._let(self._listener.skip, room, event.epoch, news.after, news.upto)

    def _let(self, call: Callable[..., None], *args: Any) -> None:
        """Let the doors know; a fault there must not keep what follows from the others."""
        try:
            call(*args)
        except Exception:  # noqa: BLE001  # the boundary between the bus and the doors
            self._log.failure("a door failed to take what came")
