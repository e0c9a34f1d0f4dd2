# SPDX-License-Identifier: MIT
"""The rooms that a process follows: what it hears of them, and what it reads in their logs."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.rooms.loading import MAX_LOADS, ask_for, read_loaded
from wsecho.bus.redis.rooms.records import read_notice
from wsecho.bus.redis.rooms.remote_room import RemoteRoom
from wsecho.core.rooms.log_follower import Cursor, LogFollower
from wsecho.core.wire.errors import BusUnavailable, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.python.failure import Failure

    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys, RoomKeys
    from wsecho.bus.redis.rooms.cursors import Cursors
    from wsecho.bus.redis.rooms.mirroring import Mirroring
    from wsecho.core.rooms.all_rooms import AllRoomsFollower
    from wsecho.core.rooms.hub import Hub

ROSTER_PATIENCE: Final = 5.0
"""Seconds until Redis is asked again who is in a room that is current: all its members are read."""


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
        cursors: how far rooms were seen here.
        hub: where the rooms are mirrored.
        mirroring: keeps them so.
        now: seconds, by which ages and waits are measured.
        measures: counts.
        all_rooms: what of each room was told to those who hear of all.
        load_roster: takes who is in a room, as Redis has it.
    """

    _commands: Commands
    _names: Keys
    _cursors: Cursors
    _hub: Hub[Any]
    _mirroring: Mirroring
    _now: Callable[[], float]
    _measures: Measures
    _all_rooms: AllRoomsFollower
    _load_roster: Callable[[RemoteRoom, dict[bytes, bytes]], None]
    run: str = field(default="", init=False)
    """The run of Redis that is spoken with."""
    _rooms: dict[str, RemoteRoom] = field(factory=dict, init=False)
    _channels: dict[bytes, RemoteRoom] = field(factory=dict, init=False)
    _to_load: deque[RemoteRoom] = field(factory=deque, init=False)
    _loads: int = field(default=0, init=False)

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
        remote.follower, remote.is_quiet, remote.has_strayed = LogFollower(), True, True

    def _leave_off(self, remote: RemoteRoom) -> None:
        self._cursors.remember(remote.name, remote.seen)
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
        return self._cursors.get(room)

    # -- what the connection brings

    def came_up(self, run: str) -> None:
        """Catch up with all."""
        self.run = run
        self._cursors.draw()
        for remote in self._rooms.values():
            remote.wants_roster = True
            self.load(remote)

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        while self._to_load:
            self._to_load.popleft().is_asking = False
        for remote in self._rooms.values():
            remote.follower.break_off()
            remote.correlation.clear()
            remote.turn_away(BusUnavailable())
            remote.acknowledge(float("inf"))

    def hear(self, remote: RemoteRoom, body: bytes) -> None:
        """Hear of a message on the room's channel."""
        if remote.name not in self._hub:
            self.unfollow(remote)
            return
        logged = read_notice(body)
        events = remote.follower.take_notice(logged.message)
        self._cursors.draw_after(logged.message.position.epoch)
        self._mirroring.apply(remote, events, {logged.message: logged.tag})
        remote.acknowledge()
        self.load(remote)

    def hear_of_large(self, remote: RemoteRoom) -> None:
        """Hear that there is a message that has to be fetched, for it is large."""
        if remote.name not in self._hub:
            self.unfollow(remote)
            return
        remote.follower.fall_behind()
        self.load(remote)

    # -- loading

    def load(self, remote: RemoteRoom) -> None:
        """Ask the log for what the follower needs, if it needs anything, in its turn.

        Somebody who waits for a room does not wait for those that nobody waits for.
        """
        if remote.follower.need is None or remote.is_asking or not self._commands.is_up:
            return
        remote.is_asking = True
        if remote.is_waited_for:
            self._to_load.appendleft(remote)
        else:
            self._to_load.append(remote)
        self._load_next()

    def look_again(self, remote: RemoteRoom, now: float) -> None:
        """Ask once more for what Redis has refused to tell, or to take, of a room."""
        self.load(remote)
        is_due = self._wants_roster(remote) and now - remote.roster_asked >= ROSTER_PATIENCE
        if is_due and remote.is_current and self._commands.is_up:
            self._ask_for_roster(remote)

    def _load_next(self) -> None:
        while self._to_load and self._loads < MAX_LOADS and self._commands.is_up:
            self._ask(self._to_load.popleft())

    def _ask(self, remote: RemoteRoom) -> None:
        keys = remote.keys
        # What is said from here on is heard, what was said before is in the answer.
        subscribed = self._commands.subscribe(keys.channel)
        if self._wants_roster(remote):
            self._ask_for_roster(remote)
        self._loads += 1
        remote.ask_for_all()
        # A follower that has not begun wants all of the log, but vouches for what was seen earlier.
        seen = self.seen(remote.name)
        is_use = remote.is_waited_for or self._hub.has_members(remote.name)
        loaded = ask_for(
            *(self._commands, keys, remote.follower, seen),
            partial(self._cursors.stand, remote.name),
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

    def _wants_roster(self, remote: RemoteRoom) -> bool:
        return remote.wants_roster and self._hub.room_rules.of(remote.name).has_presence

    def _ask_for_roster(self, remote: RemoteRoom) -> None:
        remote.roster_asked = self._now()
        who = self._commands.ask("HGETALL", remote.keys.who)
        who.addCallback(self._take_roster, remote).addErrback(self._not_loaded, remote)

    def _take_roster(self, found: dict[bytes, bytes], remote: RemoteRoom) -> None:
        remote.wants_roster = False
        self._load_roster(remote, found)

    def _loaded(self, reply: list[Any], remote: RemoteRoom, run: str) -> None:
        if self._rooms.get(remote.name) is remote and remote.name in self._hub:
            answer = read_loaded(reply, was_away=remote.run != run)
            self._measures.catch_ups += not remote.is_quiet
            events = remote.follower.load(answer.loaded)
            self._mirroring.apply(remote, events, answer.correlation, answer.time)
            self._cursors.draw_after(answer.loaded.epoch)
            if remote.is_current:
                self._is_current(remote, run)
            self.load(remote)
        self._load_next()

    def _is_current(self, remote: RemoteRoom, run: str) -> None:
        remote.run = run
        remote.is_quiet = False
        if remote.has_strayed:
            self._mirroring.end_straying(remote)
        remote.acknowledge()
        if remote.let_in():
            remote.follower.fall_behind()

    def _not_loaded(self, failure: Failure, remote: RemoteRoom) -> None:
        if not failure.check(WireError):
            self._log.failure("cannot load a room", failure)
        remote.turn_away(BusUnavailable())
        self._load_next()
