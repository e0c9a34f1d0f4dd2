# SPDX-License-Identifier: MIT
"""How one process follows a room that many speak in: in order, no gap and no double unnoticed.

The room's log is elsewhere. *Notices* tell of each message as it is logged, but may be lost, come
twice or too late. What the log itself says is *loaded* wherever the notices do not suffice. ::

    COLD ──load──▶ CURRENT ──a gap, another epoch, a lost connection──▶ BEHIND ──load──▶ CURRENT

A log may come back older than it was, and then be continued with other messages under the same
epoch and the same offsets. So the log must show, with each load, the message that stands where
this process stands. Where it is another, or missing after the log was away, the follower asks for a
new epoch (`Need.RENEWAL`): nobody may take the one message for the other. An epoch that it left
is none that it goes back to.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, Self, TypeAlias

from attrs import define, field, frozen

from wsecho.core.rooms.history import Message

MAX_HELD: Final = 1_000
"""Notices that are kept while the log is loaded; it is loaded again where there were more."""


MAX_LEFT: Final = 16
"""Epochs that are remembered for not to go back to."""


class FollowerState(Enum):
    """What a follower knows of its log."""

    COLD = "cold"
    BEHIND = "behind"
    CURRENT = "current"


class Need(Enum):
    """What a follower that is not current is to be given."""

    LOAD = "load"
    """What the log holds behind `seen`."""

    RENEWAL = "renewal"
    """A new epoch, where the log still has the `disowned` one; then what it holds."""


@frozen
class Cursor:
    """How far a process has followed a room.

    Attributes:
        epoch: the epoch, empty where it has not begun.
        offset: of the last message.
        publication: that message's id, None where it is not known or there is none.
    """

    epoch: str = ""
    offset: int = 0
    publication: int | None = None


@frozen
class Loaded:
    """What a log says.

    Attributes:
        epoch: its epoch.
        head: the offset of its last message.
        messages: those that it holds behind what was seen, in order; all of them, where that was
            another epoch's.
        is_complete: whether these are all; else the rest is to be loaded too.
        last: that message's publication id, None where it is not known or there is none.
        anchor: the publication id of its message where the follower stands, None where it has none.
        was_away: whether the log may have lost something since the follower was current.
    """

    epoch: str
    head: int
    messages: Sequence[Message]
    last: int | None = None
    is_complete: bool = True
    anchor: int | None = None
    was_away: bool = False


@frozen
class Began:
    """A follower knows its log for the first time; nobody has read from it before.

    Attributes:
        epoch: the log's epoch.
        base: the offset that its first message follows.
    """

    epoch: str
    base: int


@frozen
class Renewed:
    """The log has another epoch than before; the messages that come now follow `base`."""

    epoch: str
    base: int


@frozen
class Skipped:
    """Messages after an offset, up to another, are gone from the log."""

    after: int
    upto: int


@frozen
class Took:
    """The next message."""

    message: Message


Event: TypeAlias = Began | Renewed | Skipped | Took


@define(eq=False)
class LogFollower:
    """One room, as one process follows it.

    Attributes:
        state: what it knows of the log.
        seen: how far it has come.
        need: what it is to be given next, None where it is current.
        disowned: the epoch that the log must not go on with, empty for none.
    """

    state: FollowerState = field(default=FollowerState.COLD, init=False)
    seen: Cursor = field(factory=Cursor, init=False)
    need: Need | None = field(default=Need.LOAD, init=False)
    disowned: str = field(default="", init=False)
    _left: deque[str] = field(factory=lambda: deque(maxlen=MAX_LEFT), init=False)
    _held: list[Message] = field(factory=list, init=False)
    _has_lost_held: bool = field(default=False, init=False)

    @classmethod
    def behind(cls, seen: Cursor) -> Self:
        """Make one that has come as far as this, and wants to know what followed."""
        follower = cls()
        follower.state, follower.seen = FollowerState.BEHIND, seen
        return follower

    def take_notice(self, message: Message) -> list[Event]:
        """Hear of a message; return what follows from that."""
        if self.state is not FollowerState.CURRENT:
            self._hold(message)
            return []
        position = message.position
        if position.epoch != self.seen.epoch or position.offset > self.seen.offset + 1:
            self.fall_behind()
            self._hold(message)
            return []
        if position.offset <= self.seen.offset:
            return []
        return [self._take(message)]

    def fall_behind(self) -> None:
        """Doubt what is known: the notices broke off, or somebody has seen more."""
        if self.state is FollowerState.CURRENT:
            self.state, self.need = FollowerState.BEHIND, Need.LOAD

    def break_off(self) -> None:
        """Fall behind, and forget what was held: the notices came from another connection."""
        self.fall_behind()
        self._held.clear()
        self._has_lost_held = False
        if self.state is not FollowerState.CURRENT:
            self.need = Need.LOAD

    def load(self, loaded: Loaded) -> list[Event]:
        """Take what the log says; return what follows from that."""
        if self._is_contradicted_by(loaded):
            self.need, self.disowned = Need.RENEWAL, loaded.epoch
            return []
        events = [*self._begin(loaded), *self._follow(loaded)]
        if not loaded.is_complete:
            self.need = Need.LOAD
            return events
        self.state, self.need = FollowerState.CURRENT, None
        events.extend(self._take_held())
        return events

    def _is_contradicted_by(self, loaded: Loaded) -> bool:
        seen = self.seen
        if loaded.epoch != seen.epoch:
            return loaded.epoch in self._left
        if not seen.offset:
            return False
        if loaded.head < seen.offset:
            return True
        if loaded.anchor is None or seen.publication is None:
            return loaded.was_away
        return loaded.anchor != seen.publication

    def _begin(self, loaded: Loaded) -> Iterable[Event]:
        if loaded.epoch == self.seen.epoch:
            return
        first = not self.seen.epoch
        if not first:
            self._left.append(self.seen.epoch)
        if loaded.messages:
            base = loaded.messages[0].position.offset - 1
            self.seen = Cursor(loaded.epoch, base)
        else:
            base = loaded.head
            self.seen = Cursor(loaded.epoch, base, loaded.last)
        yield Began(loaded.epoch, base) if first else Renewed(loaded.epoch, base)

    def _follow(self, loaded: Loaded) -> Iterable[Event]:
        for message in loaded.messages:
            offset = message.position.offset
            if offset <= self.seen.offset:
                continue
            if offset > self.seen.offset + 1:
                yield self._skip(offset - 1, None)
            yield self._take(message)
        if loaded.is_complete and loaded.head > self.seen.offset:
            yield self._skip(loaded.head, loaded.last)

    def _take_held(self) -> Iterable[Event]:
        held, self._held = self._held, []
        if self._has_lost_held:
            self._has_lost_held = False
            self.fall_behind()
        for message in sorted(held, key=lambda message: message.position.offset):
            if message.position.epoch == self.seen.epoch:
                yield from self.take_notice(message)
            else:
                # It is late, or ahead of what was loaded; only the log can tell.
                self.fall_behind()

    def _hold(self, message: Message) -> None:
        if len(self._held) < MAX_HELD:
            self._held.append(message)
        else:
            self._held.clear()
            self._has_lost_held = True

    def _take(self, message: Message) -> Took:
        position = message.position
        self.seen = Cursor(position.epoch, position.offset, message.publication)
        return Took(message)

    def _skip(self, upto: int, publication: int | None) -> Skipped:
        after, self.seen = self.seen.offset, Cursor(self.seen.epoch, upto, publication)
        return Skipped(after, upto)
