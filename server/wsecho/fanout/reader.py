# SPDX-License-Identifier: MIT
"""A reader of a room whose frames go out on a connection: replay, then live, slow or not.

A replay is read from the room's history as the connection takes it, and is not queued. At the
head of the room the reader turns live: then messages are sent as they come, and what the
connection does not take waits in a bounded backlog, where the room's policy applies.
"""

from abc import ABC, abstractmethod
from itertools import islice
from typing import ClassVar, Final

from wsecho.core.limits.backlog import Backlog, Gap, Stream, TooSlowError, Waiting
from wsecho.core.limits.slowness import SlowPolicy
from wsecho.core.promise import Later
from wsecho.core.rooms.history import History, Message, Start
from wsecho.core.rooms.hub import Joined
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.room import Room
from wsecho.core.rooms.rules import RoomRule
from wsecho.core.wire.positions import Position
from wsecho.fanout.membership import RoomMember
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.lane.transport import LaneTransport

_STEP: Final = 64
"""Messages of a replay that are read at a time: writing may let the history change."""


class Reader(ABC):
    """One connection that is a member of one room.

    Args:
        spec: its place in the room.
    """

    door: ClassVar[str]
    hears = True
    is_present = True
    transport: LaneTransport | None = None
    """Where others of its kind are sent to together with it: its connection."""

    def __init__(self, spec: ReaderSpec) -> None:
        self._rooms = spec.rooms
        self.room = spec.room
        self.query = spec.query
        self.caller = spec.caller
        self._bound = spec.bound
        self._history: History | None = None
        self._place: Room[RoomMember] | None = None
        # The offset that a replay has reached; None once the reader is live.
        self._replayed: int | None = None
        # The offset at which it went live: what was still on its way then was replayed.
        self._live_since = 0
        self._backlog: Backlog[Message | bytes] | None = None
        self._stream: Stream | None = None
        self._epoch = ""
        self._is_here = False

    @property
    def wants_own(self) -> bool:
        """Whether it gets back what it said itself."""
        return self.query.wants_own

    @property
    def wants_presence(self) -> bool:
        """Whether it is told who comes and goes."""
        return self.query.wants_presence

    @property
    def rule(self) -> RoomRule:
        """What holds in the room now."""
        assert self._place is not None  # noqa: S101  # it has begun
        return self._place.rule

    @property
    def policy(self) -> SlowPolicy:
        """What becomes of it when more would wait than may."""
        return self.rule.slow

    # -- what a door says how to do

    @property
    @abstractmethod
    def form(self) -> str:
        """Under which name a message keeps this door's bytes for the others of its kind."""

    @abstractmethod
    def offer(self, data: bytes) -> bool:
        """Give bytes to the connection, if it takes any now; it takes them whole or not at all."""

    @abstractmethod
    def encode(self, message: Message) -> bytes:
        """Write a message of the room for this kind of door."""

    @abstractmethod
    def encode_gap(self, epoch: str, after: int, upto: int) -> bytes | None:
        """Write that messages were left out; None where the door cannot say so."""

    @abstractmethod
    def encode_renewal(self, position: Position) -> bytes:
        """Write that the room's epoch has changed."""

    @abstractmethod
    def encode_change(self, change: Change) -> bytes | None:
        """Write that somebody came or went; None where the door cannot say so."""

    @abstractmethod
    def too_slow(self) -> None:
        """Give the reader up: it does not read, and nothing may be left out for it."""

    @abstractmethod
    def history_lost(self, upto: int) -> bool:
        """Meet a replay whose next messages are gone; tell whether to go on behind them."""

    # -- what a door calls

    def attach(self) -> Later[None]:
        """Make the room current here, before `start`; None where it is.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be had now.
        """
        return self._rooms.attach(self.room, self.query.after)

    def start(self) -> tuple[Joined[RoomMember], Start]:
        """Join the room and find where to begin; nothing is sent before `pump`.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        joined = self._rooms.join(self.room, self)
        self._place, self._history = joined.room, joined.room.history
        begin = self._history.start(self.query.after, self.query.history)
        self._epoch = self._history.epoch
        self._replayed = begin.position.offset
        self._is_here = True
        return joined, begin

    def leave(self) -> None:
        """Leave the room; what waits is forgotten."""
        if self.transport is not None:
            self.transport.leave_group()
        self._rooms.leave(self.room, self)
        self._is_here = False
        self._backlog = None
        self._replayed = None

    def deliver(self, message: Message) -> None:
        """Send a message of the room, in its order."""
        # Who left while a message went round is still on its list, and on the next one's.
        if self._replayed is not None or not self._is_here:
            return
        if message.position.offset <= self._live_since:
            return
        if not self._backlog and self.offer(self.written(message)):
            return
        if self._stream is None:
            self._stream = Stream(self._epoch, self.policy)
        offset = message.position.offset
        self._wait(Waiting(message, len(message.payload), self._stream, offset))

    def tell(self, change: Change) -> None:
        """Tell it that somebody came or went."""
        frame = self.encode_change(change) if self._is_here else None
        if frame is not None:
            self.say(frame)

    def renew(self, position: Position) -> None:
        """Tell it that the room's epoch has changed, and go on behind a place in the new one.

        What still waits was said in the old one, and is sent before. Whoever asked for the last
        messages has those of the new one before it, as who comes back with a place that is lost.
        """
        if not self._is_here:
            return
        offset = self._last_before(position)
        self._epoch, self._stream, self._replayed = position.epoch, None, None
        self._live_since = position.offset
        if offset < position.offset:
            self._replayed = offset
            if self.transport is not None:
                self.transport.leave_group()
        self.say(self.encode_renewal(Position(position.epoch, offset)))
        if self._replayed is not None:
            self.pump()

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Tell it that messages are gone, unless its replay will see that by itself."""
        frame = self.encode_gap(epoch, after, upto)
        if self._is_here and self._replayed is None and frame is not None:
            self.say(frame)

    def say(self, frame: bytes) -> None:
        """Send something of the door's own, behind the messages that wait."""
        if self._backlog or not self.offer(frame):
            self._wait(Waiting(frame, len(frame)))

    def pump(self) -> None:
        """Send what there is, as far as the connection takes it."""
        # What waits while it replays was said by the door, some of it before the replay began.
        while self._flush() and self._replayed is not None:
            if not self._replay():
                return
        self._join_group()

    # -- what the rooms call, while others of its kind are sent to together with it

    def left_group(self) -> None:
        """Be delivered to again."""
        self.transport = None
        self.hears = True
        self._rooms.fanout.left_group(self, self.room)

    def was_sent(self, messages: int, octets: int) -> None:  # noqa: B027  # most have no transport
        """Count what was sent to it by its transport."""

    def free_transport(self) -> LaneTransport | None:
        """Return what its connection is sent by, if it has that and it takes all at once now."""
        return None

    # -- the rest is our own

    def _last_before(self, position: Position) -> int:
        """Find the offset before the last messages, as many as were asked for and are kept."""
        history = self._history
        assert history is not None  # noqa: S101  # it is here
        if history.epoch != position.epoch:
            return position.offset
        first = max(position.offset - (self.query.history or 0), history.oldest)
        return min(first, position.offset)

    def _flush(self) -> bool:
        """Send what waits; tell whether all of it is gone."""
        while self._backlog:
            waiting = self._backlog.pop()
            frame = self._frame(waiting)
            if frame is not None and not self.offer(frame):
                # It may have been given up meanwhile.
                if self._backlog is not None:
                    self._backlog.put_back(waiting)
                return False
        return True

    def _replay(self) -> bool:
        """Send some of the past; tell whether to go on."""
        history, offset = self._history, self._replayed
        assert history is not None  # noqa: S101  # `start` came before
        assert offset is not None  # noqa: S101  # `pump` looked
        if offset < history.oldest:
            if not self.history_lost(history.oldest):
                return False
            self._replayed = offset = history.oldest
        messages = list(islice(history.after(offset), _STEP))
        if not messages:
            self._replayed, self._live_since = None, offset
            return True
        for message in messages:
            if not self.offer(self.written(message)):
                return False
            if self._replayed is None:
                return False
            self._replayed = message.position.offset
        return True

    def _wait(self, waiting: Waiting[Message | bytes]) -> None:
        if self._backlog is None:
            self._backlog = Backlog(self._bound)
        stats = self._rooms.stats
        try:
            stats.left_out[self.door] += self._backlog.push(waiting)
        except TooSlowError:
            stats.limits["send-queue"] += 1
            self._backlog.clear()
            self.too_slow()
        else:
            stats.queued(self._backlog.size)

    def _frame(self, waiting: Waiting[Message | bytes] | Gap) -> bytes | None:
        if isinstance(waiting, Gap):
            return self.encode_gap(str(waiting.stream.key), waiting.after, waiting.upto)
        what = waiting.what
        return what if isinstance(what, bytes) else self.written(what)

    def _join_group(self) -> None:
        """Be sent to together with others, once nothing stands between the room and the socket.

        Whoever does without its own messages is sent to by itself.
        """
        if self._replayed is not None or self._backlog or not self._is_here or not self.wants_own:
            return
        if self.transport is None and (transport := self.free_transport()) is not None:
            self.transport, self.hears = transport, False
            self._rooms.fanout.join_group(self, self.room, transport)

    def written(self, message: Message) -> bytes:
        """Write a message for its kind, once for all of them while it goes round."""
        forms = message.forms
        if forms is None:
            return self.encode(message)
        frame: bytes | None = forms.get(self.form)
        if frame is None:
            frame = forms[self.form] = self.encode(message)
        return frame
