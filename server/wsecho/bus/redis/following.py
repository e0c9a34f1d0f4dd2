# SPDX-License-Identifier: MIT
"""The rooms that a process follows: what it hears of them, and what it reads in their logs."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from math import inf
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.followed import Followed
from wsecho.bus.redis.loading import MOST_LOADS, ask_for, read_loaded
from wsecho.bus.redis.records import NO_TAG, read_notice
from wsecho.core.errors import BusUnavailable, WireError
from wsecho.core.line import Began, Event, Line, Renewed, Seen, Skipped, Took
from wsecho.core.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twisted.python.failure import Failure

    from wsecho.bus.interface import Ear
    from wsecho.bus.redis.commands import Commands
    from wsecho.bus.redis.keys import Keys, RoomKeys
    from wsecho.bus.redis.measures import Measures
    from wsecho.bus.redis.tags import Tags
    from wsecho.core.history import Message
    from wsecho.core.hub import Hub
    from wsecho.core.overheard import Overheard

_EPOCH_BYTES: Final = 9

MOST_SEEN: Final = 50_000
"""Rooms that are not followed any more, but whose last message is remembered."""


def _draw() -> str:
    return secrets.token_urlsafe(_EPOCH_BYTES)


def _raised(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@define(eq=False)
class Following:
    """The followed rooms.

    Args:
        commands: Redis.
        names: how things are named there.
        ttl: milliseconds that a room lasts after its last use.
        hub: where the rooms are mirrored.
        ear: delivers.
        tags: who has said what comes back.
        now: seconds, by which ages and waits are measured.
        measures: counts.
        overheard: what of each room was told to those who hear of all.
        load_roster: takes who is in a room, as Redis has it.
    """

    _commands: Commands
    _names: Keys
    ttl: str
    _hub: Hub[Any]
    _ear: Ear
    _tags: Tags
    _now: Callable[[], float]
    _measures: Measures
    _overheard: Overheard
    _load_roster: Callable[[Followed, dict[bytes, bytes]], None]
    run: str = field(default="", init=False)
    """The run of Redis that is spoken with."""
    _rooms: dict[str, Followed] = field(factory=dict, init=False)
    _channels: dict[bytes, Followed] = field(factory=dict, init=False)
    _seen: OrderedDict[str, Seen] = field(factory=OrderedDict, init=False)
    _to_load: deque[Followed] = field(factory=deque, init=False)
    _loads: int = field(default=0, init=False)
    # Where a new epoch has to begin, it is this one; another after each time that it may have been
    # used in the room.
    _fresh: str = field(factory=_draw, init=False)

    _log = Logger()

    def __len__(self) -> int:
        return len(self._rooms)

    def rooms(self) -> list[Followed]:
        """List what is followed."""
        return list(self._rooms.values())

    def get(self, room: str) -> Followed | None:
        """Return a room, if it is followed."""
        return self._rooms.get(room)

    def on_channel(self, channel: bytes) -> Followed | None:
        """Return the room that a channel tells of, if it is followed."""
        return self._channels.get(channel)

    def follow(self, room: str) -> Followed:
        """Follow a room, or go on to.

        Raises:
            OverLimit: there are too many rooms.
        """
        now = self._now()
        followed = self._rooms.get(room)
        if followed is not None and room not in self._hub:
            # The hub has let it go, to make place for others.
            self.unfollow(followed)
            followed = None
        if followed is None:
            self._hub.use(room, now)
            self._overheard.follow(room)
            followed = Followed(room, self._names.room(room), now)
            self._rooms[room] = self._channels[followed.keys.channel.encode()] = followed
        followed.needed = now
        return followed

    def keys(self, room: str) -> RoomKeys:
        """Return how things of a room are named."""
        followed = self._rooms.get(room)
        return self._names.room(room) if followed is None else followed.keys

    def unfollow(self, followed: Followed) -> None:
        """Follow a room no more, but remember how far it was seen."""
        self._commands.cast("UNSUBSCRIBE", followed.keys.channel)
        self._leave_off(followed)
        del self._rooms[followed.name]
        del self._channels[followed.keys.channel.encode()]
        followed.acknowledge(float("inf"))
        followed.turn_away(BusUnavailable())

    def stray(self, followed: Followed) -> None:
        """Have a room go on without Redis for a while."""
        self._leave_off(followed)
        self._overheard.follow(followed.name)
        followed.line, followed.is_quiet, followed.has_strayed = Line(), True, True

    def _leave_off(self, followed: Followed) -> None:
        self.remember(followed.name, followed.seen)
        self._overheard.let_go(
            followed.name,
            followed.seen,
            was_told=not followed.is_quiet,
            is_current=followed.is_current,
        )

    def seen(self, room: str) -> Seen:
        """Return how far a room was seen here."""
        followed = self._rooms.get(room)
        if followed is not None and followed.seen.epoch:
            return followed.seen
        return self._seen.get(room, Seen())

    def remember(self, room: str, seen: Seen) -> None:
        """Note how far a room was seen that is not followed."""
        if not seen.epoch:
            return
        self.draw_after(seen.epoch)
        known = self._seen.pop(room, seen)
        is_further = known.epoch == seen.epoch and known.offset > seen.offset
        self._seen[room] = known if is_further else seen
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def stand(self, seen: Seen) -> list[bytes | str]:
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
        for followed in self._rooms.values():
            followed.wants_roster = True
            self.load(followed)

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        while self._to_load:
            self._to_load.popleft().is_asking = False
        for followed in self._rooms.values():
            followed.line.break_off()
            followed.tags.clear()
            followed.turn_away(BusUnavailable())
            followed.acknowledge(float("inf"))

    def hear(self, followed: Followed, body: bytes) -> None:
        """Hear of a message on the room's channel."""
        if followed.name not in self._hub:
            self.unfollow(followed)
            return
        logged = read_notice(body)
        events = followed.line.take_notice(logged.message)
        self.draw_after(logged.message.position.epoch)
        self._apply(followed, events, {logged.message: logged.tag})
        followed.acknowledge()
        self.load(followed)

    def hear_of_large(self, followed: Followed) -> None:
        """Hear that there is a message that has to be fetched, for it is large."""
        if followed.name not in self._hub:
            self.unfollow(followed)
            return
        followed.line.fall_behind()
        self.load(followed)

    # -- loading

    def load(self, followed: Followed) -> None:
        """Ask the log for what the line needs, if it needs anything, in its turn.

        Somebody who waits for a room does not wait for those that nobody waits for.
        """
        if followed.line.need is None or followed.is_asking or not self._commands.is_up:
            return
        followed.is_asking = True
        if followed.is_waited_for:
            self._to_load.appendleft(followed)
        else:
            self._to_load.append(followed)
        self._load_next()

    def _load_next(self) -> None:
        while self._to_load and self._loads < MOST_LOADS and self._commands.is_up:
            self._ask(self._to_load.popleft())

    def _ask(self, followed: Followed) -> None:
        keys = followed.keys
        # What is said from here on is heard, what was said before is in the answer.
        subscribed = self._commands.subscribe(keys.channel)
        if followed.wants_roster:
            who = self._commands.ask("HGETALL", keys.who)
            who.addCallback(self._take_roster, followed).addErrback(self._not_loaded, followed)
        self._loads += 1
        # A line that has not begun wants all of the log, but vouches for what was seen earlier.
        seen = self.seen(followed.name)
        is_use = followed.is_waited_for or self._hub.has_members(followed.name)
        loaded = ask_for(
            *(self._commands, keys, followed.line, seen, self.stand),
            is_use=is_use,
        )
        # Redis answers in order. Where it refuses the channel, nothing that it answers suffices.
        loaded.addErrback(lambda failure: failure.value)
        answer = subscribed.addCallback(lambda _: loaded).addCallback(_raised)
        answer.addBoth(self._answered, followed)
        answer.addCallback(self._loaded, followed, self.run)
        answer.addErrback(self._not_loaded, followed)

    def _answered(self, outcome: Any, followed: Followed) -> Any:
        followed.is_asking = False
        self._loads -= 1
        return outcome

    def _take_roster(self, found: dict[bytes, bytes], followed: Followed) -> None:
        followed.wants_roster = False
        self._load_roster(followed, found)

    def _loaded(self, reply: list[Any], followed: Followed, run: str) -> None:
        if self._rooms.get(followed.name) is followed and followed.name in self._hub:
            answer = read_loaded(reply, was_away=followed.run != run)
            self._measures.catch_ups += not followed.is_quiet
            events = followed.line.load(answer.loaded)
            self._apply(followed, events, answer.tags, answer.time)
            self.draw_after(answer.loaded.epoch)
            if followed.is_current:
                self._is_current(followed, run)
            self.load(followed)
        self._load_next()

    def _is_current(self, followed: Followed, run: str) -> None:
        followed.run = run
        followed.is_quiet = False
        if followed.has_strayed:
            followed.has_strayed = False
            position = Position(followed.seen.epoch, followed.seen.offset)
            self._let(self._ear.renew, followed.name, position)
        followed.acknowledge()
        followed.let_in()

    def _not_loaded(self, failure: Failure, followed: Followed) -> None:
        if not failure.check(WireError):
            self._log.failure("cannot load a room", failure)
        followed.turn_away(BusUnavailable())
        self._load_next()

    # -- what follows from that

    def _apply(
        self,
        followed: Followed,
        events: Iterable[Event],
        tags: dict[Message, bytes],
        asked_at: float = -inf,
    ) -> None:
        """Have everybody know what follows.

        Args:
            followed: the room.
            events: what follows.
            tags: of the messages.
            asked_at: Redis's time, where its log says how old they are. Its clock and this
                machine's need not agree, and either may be set.
        """
        room, now = followed.name, self._now()
        if followed.tags or not followed.is_current:
            followed.tags.update(tags)
            tags = followed.tags
        for event in events:
            if isinstance(event, Took):
                message = event.message
                age = max(0.0, asked_at - message.time)
                self._take(followed, message, tags.pop(message, NO_TAG), now, age)
            elif isinstance(event, Began):
                self._hub.reset(room, event.epoch, event.base, now)
                if not followed.has_strayed:
                    self._tell_overhearers(room, event)
            elif isinstance(event, Renewed):
                self._measures.renewals += 1
                self._hub.reset(room, event.epoch, event.base, now)
                self._let(self._ear.renew, room, Position(event.epoch, event.base))
            elif isinstance(event, Skipped):
                epoch = followed.seen.epoch
                self._hub.reset(room, epoch, event.upto, now)
                if not followed.is_quiet:
                    self._let(self._ear.skip, room, epoch, event.after, event.upto)
        if followed.tags and followed.is_current:
            followed.tags.clear()

    def _take(
        self, followed: Followed, message: Message, tag: bytes, now: float, age: float
    ) -> None:
        sender, origin = self._tags.take(tag)
        delivery = self._hub.take(followed.name, message, sender, now, age)
        if not followed.is_quiet:
            self._overheard.passed(message)
        elif followed.has_strayed or not self._overheard.is_news(followed.name, message):
            return
        self._let(self._ear.hear, followed.name, delivery, origin)

    def _tell_overhearers(self, room: str, event: Began) -> None:
        for news in self._overheard.began(room, event.epoch, event.base):
            if isinstance(news, Renewed):
                self._let(self._ear.renew, room, Position(news.epoch, news.base))
            elif isinstance(news, Skipped):
                self._let(self._ear.skip, room, event.epoch, news.after, news.upto)

    def _let(self, call: Callable[..., None], *args: Any) -> None:
        """Let the doors know; a fault there must not keep what follows from the others."""
        try:
            call(*args)
        except Exception:  # noqa: BLE001  # the boundary between the bus and the doors
            self._log.failure("a door failed to take what came")
