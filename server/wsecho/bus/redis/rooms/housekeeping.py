# SPDX-License-Identifier: MIT
"""Which rooms go on to be followed, and which are let go: looked at every second."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.bus.redis.client.scripts import TOUCH
from wsecho.core.wire.errors import BusUnavailable, OverLimit
from wsecho.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.rooms.pattern_subscriber import PatternSubscriber
    from wsecho.bus.redis.rooms.remote_room import RemoteRoom
    from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
    from wsecho.core.rooms.hub import Hub

LINGER: Final = 30.0
"""Seconds that a room is followed on after its last member, and after it was asked for."""

PATIENCE: Final = 8.0
"""Seconds that somebody waits for a room at most: whoever asks is answered within ten."""

TICK: Final = 1.0


@define(eq=False)
class Housekeeping:
    """Keeps what is needed.

    Args:
        commands: Redis.
        remote_rooms: the followed rooms.
        pattern_subscriber: hears of the others.
        hub: knows who is in them here.
        now: seconds, by which ages and waits are measured.
        clock: Twisted's.
    """

    _commands: Commands
    _remote_rooms: RemoteRooms
    _pattern_subscriber: PatternSubscriber
    _hub: Hub[Any]
    _now: Callable[[], float]
    _clock: Any
    _holds: Counter[str] = field(factory=Counter, init=False)
    _tick: Loop = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._tick = Loop("looking after the rooms", self._look_around, self._clock)

    def start(self) -> None:
        """Begin."""
        self._tick.start(TICK)

    def stop(self) -> None:
        """End."""
        self._tick.stop()

    def hold(self, room: str) -> None:
        """Follow a room though nobody here is in it."""
        self._holds[room] += 1
        self._follow(room)

    def release(self, room: str) -> None:
        """Take one `hold` back."""
        self._holds[room] -= 1
        if self._holds[room] <= 0:
            del self._holds[room]

    def _follow(self, room: str) -> None:
        # A server that is full has no place for who only listens.
        if not self._commands.is_away:
            with suppress(OverLimit):
                self._remote_rooms.load(self._remote_rooms.follow(room))

    def _look_around(self) -> None:
        now = self._now()
        for room in self._holds:
            self._follow(room)
        for remote in self._remote_rooms.rooms():
            self._look_at(remote, now)
        self._pattern_subscriber.look_again()
        self._commands.look()

    def _look_at(self, remote: RemoteRoom, now: float) -> None:
        name = remote.name
        if self._hub.has_members(name) or remote.is_waited_for:
            remote.needed = remote.used = now
        elif name in self._holds:
            # To hear of a room is no use of it.
            remote.needed = now
        if remote.has_kept_waiting(now - PATIENCE):
            remote.turn_away(BusUnavailable())
        if remote.acknowledge(now):
            # It was logged, and has not come: something is lost on the way.
            remote.follower.fall_behind()
        if now - remote.needed >= LINGER and self._hub.forget(name):
            self._touch(remote, now, is_last=True)
            self._remote_rooms.unfollow(remote)
        elif self._commands.is_up:
            self._remote_rooms.look_again(remote, now)
            self._touch(remote, now)

    def _touch(self, remote: RemoteRoom, now: float, *, is_last: bool = False) -> None:
        """Let a room last in Redis for its time after its last use here."""
        ttl = self._hub.room_rules.of(remote.name).history_ttl
        is_due = is_last or now - remote.touched >= ttl / 3
        if not is_due or remote.used <= remote.touched or not self._commands.is_up:
            return
        lasts = int((ttl - (now - remote.used)) * 1000)
        if lasts > 0:
            remote.touched = now
            keys = remote.keys
            names = [keys.head, keys.log, keys.who]
            # It may be up no longer, and the link not know yet.
            with suppress(BusUnavailable):
                self._commands.run(TOUCH, names, [str(lasts)]).addErrback(_ignore)


def _ignore(_: Failure) -> None:
    """It is tried again."""
