# SPDX-License-Identifier: MIT
"""Which rooms go on to be followed, and which are let go: looked at every second."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.bus.redis.scripts import TOUCH
from wsecho.core.errors import BusUnavailable, OverLimit
from wsecho.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.python.failure import Failure

    from wsecho.bus.redis.commands import Commands
    from wsecho.bus.redis.everyroom import EveryRoom
    from wsecho.bus.redis.followed import Followed
    from wsecho.bus.redis.following import Following
    from wsecho.core.hub import Hub

LINGER: Final = 30.0
"""Seconds that a room is followed on after its last member, and after it was asked for."""

PATIENCE: Final = 8.0
"""Seconds that somebody waits for a room at most: whoever asks is answered within ten."""

TICK: Final = 1.0


@define(eq=False)
class Keeping:
    """Keeps what is needed.

    Args:
        commands: Redis.
        following: the followed rooms.
        every_room: hears of the others.
        hub: knows who is in them here.
        history_ttl: seconds that a room lasts in Redis after its last use.
        now: seconds, by which ages and waits are measured.
        clock: Twisted's.
    """

    _commands: Commands
    _following: Following
    _every_room: EveryRoom
    _hub: Hub[Any]
    _history_ttl: float
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
        # A house that is full has no place for who only listens.
        if not self._commands.is_away:
            with suppress(OverLimit):
                self._following.load(self._following.follow(room))

    def _look_around(self) -> None:
        now = self._now()
        for room in self._holds:
            self._follow(room)
        for followed in self._following.rooms():
            self._look_at(followed, now)
        self._every_room.look_again()
        self._commands.look()

    def _look_at(self, followed: Followed, now: float) -> None:
        name = followed.name
        if self._hub.has_members(name) or followed.is_waited_for:
            followed.needed = followed.used = now
        elif name in self._holds:
            # To hear of a room is no use of it.
            followed.needed = now
        if followed.is_waited_for and now - followed.waited_since >= PATIENCE:
            followed.turn_away(BusUnavailable())
        if followed.acknowledge(now):
            # It was logged, and has not come: something is lost on the way.
            followed.line.fall_behind()
        if now - followed.needed >= LINGER and self._hub.forget(name):
            self._touch(followed, now, is_last=True)
            self._following.unfollow(followed)
        elif self._commands.is_up:
            self._following.load(followed)
            self._touch(followed, now)

    def _touch(self, followed: Followed, now: float, *, is_last: bool = False) -> None:
        """Let a room last in Redis for its time after its last use here."""
        is_due = is_last or now - followed.touched >= self._history_ttl / 3
        if not is_due or followed.used <= followed.touched or not self._commands.is_up:
            return
        lasts = int((self._history_ttl - (now - followed.used)) * 1000)
        if lasts > 0:
            followed.touched = now
            keys = followed.keys
            names = [keys.head, keys.log, keys.who]
            # It may be up no longer, and the link not know yet.
            with suppress(BusUnavailable):
                self._commands.run(TOUCH, names, [str(lasts)]).addErrback(_ignore)


def _ignore(_: Failure) -> None:
    """It is tried again."""
