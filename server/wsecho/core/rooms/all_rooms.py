# SPDX-License-Identifier: MIT
"""How one process hears of every room there is: once each, in order, across lost connections.

Of most rooms it keeps no more than how far it was told of them: notices come in order on one
connection, so that one that follows on is told as it is. Once the connection was lost, nothing is
sure: each room's standing is compared with how far it was told, and where something was missed, or
a notice comes before that is known, the room gets a `LogFollower` until it has been caught up
with. A room that was never told of has had nothing since the process began to hear of all, so
that there the time of a message tells whether it was missed.

Rooms that the process follows for its members are told of by that; see `follow` and `let_go`.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import define, field, frozen

from wsecho.core.rooms.history import Message
from wsecho.core.rooms.log_follower import (
    Began,
    Cursor,
    Event,
    Loaded,
    LogFollower,
    Renewed,
    Skipped,
    Took,
)
from wsecho.core.wire.positions import Position

MAX_TOLD: Final = 50_000
"""Rooms of which it is remembered how far they were told."""


@frozen
class RoomStanding:
    """Where a room stands in its log.

    Attributes:
        seen: the last message, or that there is none.
        time: when that was said, None where the log has it no longer.
    """

    seen: Cursor
    time: float | None


@define(eq=False)
class _Catching:
    """A room that is being caught up with.

    Attributes:
        follower: as far as it has been.
        since: the time up to which messages are none of those that were missed, None where it is
            known from the follower which these are.
    """

    follower: LogFollower
    since: float | None = None

    def chosen(self, events: Iterable[Event]) -> list[Event]:
        """Choose what is to be told."""
        if self.since is None:
            return [event for event in events if not isinstance(event, Began)]
        since = self.since
        return [event for event in events if isinstance(event, Took) and event.message.time > since]


@define(eq=False)
class AllRoomsFollower:
    """All rooms, as one process hears of them.

    Attributes:
        is_sure: whether nothing was missed that has not been told since.
    """

    is_sure: bool = field(default=True, init=False)
    # What was said until then was told, or is none of it.
    _since: float | None = field(default=None, init=False)
    _latest: float = field(default=0.0, init=False)
    _resumed: float = field(default=0.0, init=False)
    _told: OrderedDict[str, Cursor] = field(factory=OrderedDict, init=False)
    _catching: dict[str, _Catching] = field(factory=dict, init=False)
    # Of those that are followed: the time after which all of one was missed that was never told of.
    _followed: dict[str, float | None] = field(factory=dict, init=False)
    # Of those that were told of: which the log has shown since the connection was lost, and which
    # it did not have.
    _checked: set[str] = field(factory=set, init=False)
    _vanished: set[str] = field(factory=set, init=False)

    @property
    def behind(self) -> Collection[str]:
        """The rooms that are being caught up with."""
        return self._catching.keys()

    def begin(self, time: float) -> None:
        """Hear of all that is said after a time; to begin again changes nothing."""
        if self._since is None:
            self._since = time

    def end(self) -> None:
        """Hear of it no more, and forget all."""
        self._since, self._latest, self.is_sure = None, 0.0, True
        self._told.clear()
        self._vanished.clear()
        self._catching.clear()
        self._checked.clear()
        self._followed = dict.fromkeys(self._followed)

    # -- the connection

    def break_off(self) -> None:
        """Be sure of nothing: the notices came from another connection."""
        self._catching.clear()
        self._checked.clear()
        self.is_sure = self._since is None
        if self.is_sure:
            self._told.clear()

    def resume(self, time: float) -> None:
        """Hear notices again from a time on; `check` each room, then `catch_up`."""
        self.begin(time)
        self._resumed = time

    def check(self, room: str, standing: RoomStanding) -> bool:
        """Compare a room's standing with how far it was told; tell whether it is to be loaded."""
        if self.is_sure or room in self._catching or room in self._checked:
            return False
        if self._has_missed(room, standing):
            self._begin_to_catch_up(room)
            return True
        self._is_well(room)
        return False

    def catch_up(self) -> None:
        """Be sure again: each room that there is was checked, and caught up with."""
        self._since = self._resumed
        self._vanished |= self._told.keys() - self._checked
        self._checked.clear()
        self.is_sure = True

    # -- what is told of one room

    def take_notice(self, room: str, message: Message) -> list[Event]:
        """Hear of a message; return what is to be told. The room may have to be loaded then."""
        catching = self._catching.get(room)
        if catching is None:
            if self._is_sure_of(room):
                if self._is_old(room, message.position):
                    return []
                if self._follows_on(room, message.position):
                    return self._take(room, message)
            catching = self._begin_to_catch_up(room)
        return self._chosen(room, catching, catching.follower.take_notice(message))

    def told(self, room: str) -> Cursor:
        """Return how far a room was told."""
        return self._told.get(room, Cursor())

    def follower(self, room: str) -> LogFollower | None:
        """Return what a room is to be loaded for, None where it is not to be."""
        catching = self._catching.get(room)
        return None if catching is None else catching.follower

    def load(self, room: str, loaded: Loaded) -> list[Event]:
        """Take what the log of a room says, that has a follower; return what is to be told."""
        catching = self._catching[room]
        events = self._chosen(room, catching, catching.follower.load(loaded))
        if catching.follower.need is None:
            del self._catching[room]
            self._is_well(room)
        return events

    # -- rooms that are followed for their members

    def follow(self, room: str) -> None:
        """Leave a room to those who follow it: they tell of it from now on."""
        self._catching.pop(room, None)
        self._followed[room] = self._since

    def let_go(self, room: str, seen: Cursor, *, was_told: bool, is_current: bool) -> None:
        """Hear of a room again that was followed. It may have to be loaded then.

        Args:
            room: its name.
            seen: how far it was followed.
            was_told: whether all of that was told.
            is_current: whether that is where it stands.
        """
        since = self._followed.pop(room, None)
        if self._since is None:
            return
        if was_told and seen.epoch:
            self._note(room, seen)
        if is_current and was_told:
            self._is_well(room)
        else:
            self._begin_to_catch_up(room, since)

    def passed(self, message: Message) -> None:
        """Note that those who follow a room have told a message: whatever is older was told."""
        if self.is_sure and message.time > self._latest:
            self._latest = message.time

    def began(self, room: str, epoch: str, base: int) -> list[Event]:
        """Return what is to be told where those who follow a room have found where it begins."""
        told = self._told.get(room)
        if told is None:
            return []
        if told.epoch != epoch:
            self._note(room, Cursor(epoch, base))
            return [Renewed(epoch, base)]
        if told.offset < base:
            self._note(room, Cursor(epoch, base))
            return [Skipped(told.offset, base)]
        return []

    def is_news(self, room: str, message: Message) -> bool:
        """Tell whether a message was not told yet that those who follow a room have found."""
        if self._since is None:
            return False
        told, position = self._told.get(room), message.position
        if told is None:
            since = self._followed.get(room)
            is_news = message.time > (self._since if since is None else since)
        else:
            is_news = told.epoch != position.epoch or told.offset < position.offset
        if is_news:
            self._note(room, _seen(message))
        return is_news

    # -- the rest is our own

    def _is_sure_of(self, room: str) -> bool:
        return self.is_sure or room in self._checked

    def _is_old(self, room: str, position: Position) -> bool:
        told = self._told.get(room)
        return told is not None and told.epoch == position.epoch and position.offset <= told.offset

    def _follows_on(self, room: str, position: Position) -> bool:
        told = self._told.get(room)
        if told is None:
            return True
        before = told.offset if told.epoch == position.epoch else 0
        return position.offset == before + 1

    def _has_missed(self, room: str, standing: RoomStanding) -> bool:
        told = self._told.get(room)
        if told is None:
            since = self._since
            return standing.time is not None and since is not None and standing.time > since
        return (told.epoch, told.offset) != (standing.seen.epoch, standing.seen.offset) or (
            None not in (told.publication, standing.seen.publication)
            and told.publication != standing.seen.publication
        )

    def _begin_to_catch_up(self, room: str, since: float | None = None) -> _Catching:
        told = self._told.get(room)
        if told is None:
            made = _Catching(LogFollower(), self._since if since is None else since)
        else:
            made = _Catching(LogFollower.behind(told))
        self._catching[room] = made
        return made

    def _chosen(self, room: str, catching: _Catching, events: Sequence[Event]) -> list[Event]:
        chosen = catching.chosen(events)
        if catching.follower.seen.epoch:
            self._note(room, catching.follower.seen)
        return chosen

    def _take(self, room: str, message: Message) -> list[Event]:
        position, had_vanished = message.position, room in self._vanished
        self.passed(message)
        self._note(room, _seen(message))
        if had_vanished:
            return [Renewed(position.epoch, position.offset - 1), Took(message)]
        return [Took(message)]

    def _is_well(self, room: str) -> None:
        if not self.is_sure:
            self._checked.add(room)

    def _note(self, room: str, seen: Cursor) -> None:
        self._told[room] = seen
        self._told.move_to_end(room)
        self._vanished.discard(room)
        # Of a room that is forgotten, time has to tell what was told; it does while all was.
        while len(self._told) > MAX_TOLD and self.is_sure:
            forgotten, _ = self._told.popitem(last=False)
            self._vanished.discard(forgotten)
            if self._since is not None:
                self._since = max(self._since, self._latest)


def _seen(message: Message) -> Cursor:
    return Cursor(message.position.epoch, message.position.offset, message.publication)
