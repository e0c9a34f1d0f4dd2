# SPDX-License-Identifier: MIT
"""Rooms over Redis: said there, heard here in the order in which they were logged."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from twisted.internet.task import LoopingCall

from wsecho.bus.later import gather, when
from wsecho.bus.redis.attendance import PRESENCE, Attendance
from wsecho.bus.redis.canary import Canary
from wsecho.bus.redis.census import count_members
from wsecho.bus.redis.commands import Commands
from wsecho.bus.redis.directory import RedisDirectory
from wsecho.bus.redis.following import Following
from wsecho.bus.redis.keys import Keys
from wsecho.bus.redis.link import Link
from wsecho.bus.redis.measures import Measures
from wsecho.bus.redis.records import MESSAGE, write_record
from wsecho.bus.redis.scripts import PUBLISH, TOUCH
from wsecho.bus.redis.tags import Tags
from wsecho.core.errors import BusTimeout, BusUnavailable
from wsecho.core.line import Line, Seen
from wsecho.core.positions import Position
from wsecho.core.retries import KEEP, KeyReusedError, Receipt, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.interface import Ear
    from wsecho.bus.later import Later
    from wsecho.bus.redis.address import Address
    from wsecho.bus.redis.followed import Followed
    from wsecho.bus.redis.greeting import Server
    from wsecho.core.hub import Hub, Rules
    from wsecho.core.presence import Card, Change
    from wsecho.core.rooms import Said

LINGER: Final = 30.0
"""Seconds that a room is followed on after its last member, and after it was asked for."""

TICK: Final = 1.0

LOCAL: Final = "local-"
"""Begins the epoch of what was said while Redis was away, and heard here alone."""


@frozen
class Settings:
    """How Redis is used.

    Attributes:
        address: where it is.
        prefix: begins the name of all that is written there.
        timeout: seconds that a command may take.
        node_ttl: seconds after which a node that is silent is taken for dead.
        speaks_locally: whether messages reach this process's members while Redis is away.
    """

    address: Address
    prefix: str = "wsecho:"
    timeout: float = 2.0
    node_ttl: float = 15.0
    speaks_locally: bool = False


class RedisBus:
    """Rooms in all processes that use the same Redis and prefix.

    Args:
        settings: how Redis is used.
        rules: what rooms keep.
        reactor: Twisted's.
        hub: the rooms, as far as they are followed here.
        ear: delivers.
        now: the time, Unix seconds.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        reactor: Any,
        hub: Hub[Any],
        ear: Ear,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._hub = hub
        self._ear = ear
        self._now = now
        self.node = secrets.token_urlsafe(9)
        self.measures = Measures()
        self._keys = Keys(settings.prefix)
        self._tags = Tags(self.node)
        name = f"wsecho-{self.node}"
        self._link = Link(settings.address, name, reactor, settings.timeout, self, self.measures)
        self._commands = Commands(self._link)
        self._canary = Canary(
            self._link, self._keys.node(self.node), reactor, settings.timeout, self.measures
        )
        self.directory = RedisDirectory(self._commands, self._keys, settings.node_ttl, reactor)
        self._attendance = Attendance(
            self.node,
            self._commands,
            self._keys.nodes,
            settings.node_ttl,
            rules.history_ttl,
            reactor,
            self._announce,
            lambda: self._following.rooms(),  # noqa: PLW0108  # made below
            hub.present,
        )
        self._following = Following(
            self._commands,
            self._keys,
            str(max(1, int(rules.history_ttl * 1000))),
            hub,
            ear,
            self._tags,
            now,
            self.measures,
            self._attendance.load,
        )
        hub.count_elsewhere = self._count_elsewhere
        self._tick = LoopingCall(self._look_around)
        self._tick.clock = reactor

    # -- its life

    def start(self) -> None:
        """Connect."""
        self._link.start()
        self._canary.start()
        self._attendance.start()
        self.directory.start()
        self._tick.start(TICK, now=False)

    def stop(self) -> None:
        """Let go of the connection."""
        if self._tick.running:
            self._tick.stop()
        self._canary.stop()
        self._attendance.stop()
        self.directory.stop()
        self._link.stop()
        self._following.went_down()

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._commands.is_up

    def check_health(self) -> None:
        """See to it that messages get through.

        Raises:
            BusUnavailable: Redis is away, or does not pass on what it is told.
        """
        self._link.check()
        self._canary.check()

    def __len__(self) -> int:
        """Count the rooms that are followed."""
        return len(self._following)

    # -- what the rooms ask for

    def attach(self, room: str, after: Position | None = None) -> Deferred[None] | None:
        """Make a room current here, a place that is to be resumed included.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: Redis is away.
        """
        if self._commands.is_away:
            if not self._settings.speaks_locally:
                raise BusUnavailable
            self._stray(room)
            return None
        followed = self._following.follow(room)
        if followed.is_current:
            if after is None or followed.reaches(after):
                return None
            # Somebody has seen more than was heard here.
            followed.line.fall_behind()
        waiting = followed.wait()
        self._following.load(followed)
        return waiting

    def publish(self, room: str, said: Said, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if self._commands.is_away and self._settings.speaks_locally:
            return self._say_here(room, said, sender, origin)
        self._link.check()
        keys, tag = self._keys.room(room), self._tags.tag(sender, origin)
        names = [keys.head, keys.log]
        words: list[bytes | str] = [
            *self._following.stand(self._following.seen(room)),
            str(self._rules.history),
            str(said.publication),
            write_record(said, tag),
            keys.channel,
        ]
        if said.key is not None:
            names.append(keys.receipt(said.caller, said.key))
            words += [digest(said.payload, is_binary=said.is_binary), str(int(KEEP * 1000))]
        answer = self._commands.run(PUBLISH, names, words)
        return answer.addCallbacks(
            self._said, self._not_said, callbackArgs=(room, tag), errbackArgs=(tag,)
        )

    def check_keys(self, rooms: Sequence[str], said: Said) -> Later[None]:
        """See to it that something can be said in each of some rooms.

        Raises:
            BusUnavailable: Redis is away.
        """
        if self._commands.is_away and self._settings.speaks_locally:
            return None
        self._link.check()
        if said.key is None:
            return None
        known = digest(said.payload, is_binary=said.is_binary)

        def compare(found: Any) -> None:
            if found is not None and found != known:
                raise KeyReusedError

        def ask(room: str) -> Deferred[None]:
            name = self._keys.room(room).receipt(said.caller, said.key or "")
            return self._commands.ask("HGET", name, "digest").addCallback(compare)

        asked: dict[str, Later[None]] = {room: ask(room) for room in rooms}
        return when(gather(asked), lambda _: None)

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that a member of this process came or went."""
        followed = self._following.get(room)
        if followed is not None:
            self._attendance.tell(followed, change, self._tags.remember(but))

    def members(self, room: str) -> list[Card]:
        """List who is in a room, which is current here.

        Raises:
            OverLimit: there are too many rooms.
        """
        here = list(self._hub.use(room, self._now()).presence)
        followed = self._following.get(room)
        if followed is None:
            return here
        # Who has just come here has not come round yet.
        cards = {card.id: card for card in (*here, *followed.roster)}
        return sorted(cards.values(), key=lambda card: card.since)

    def counts(self) -> Deferred[dict[str, int]]:
        """Count the members that others see, by room.

        Raises:
            BusUnavailable: Redis is away.
        """
        return count_members(self._commands, self._keys, self._attendance.alive)

    # -- what the link brings

    def came_up(self, server: Server) -> None:
        """Catch up with all rooms that are followed."""
        self._canary.listen()
        self._attendance.beat()
        self.directory.beat()
        self._following.came_up(server.run)

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        self._canary.doubt()
        self._following.went_down()

    def pushed(self, push: list[Any]) -> None:
        """Hear what is told on a channel."""
        if push[0] != b"message":
            return
        _, channel, body = push
        followed = self._following.on_channel(channel)
        if followed is None:
            self._canary.hear(channel, body)
        elif body[:1] == MESSAGE:
            self._following.hear(followed, body)
        elif body[:1] == PRESENCE:
            self._attendance.hear(followed, body)

    # -- the rest is our own

    def _said(self, reply: list[Any], room: str, tag: bytes) -> Later[Receipt]:
        if reply[0] == b"reused":
            self._tags.take(tag)
            raise KeyReusedError
        how, epoch, offset, publication = reply
        receipt = Receipt(Position(epoch.decode("ascii"), offset), int(publication))
        if how == b"again":
            self._tags.take(tag)
            return receipt
        followed = self._following.get(room)
        if followed is None:
            seen = Seen(receipt.position.epoch, offset, receipt.publication)
            self._following.remember(room, seen)
        elif not followed.reaches(receipt.position):
            # Whoever said it hears it before it is told where it stands.
            return followed.acknowledge_later(receipt, self._now() + self._settings.timeout / 2)
        return receipt

    def _not_said(self, failure: Failure, tag: bytes) -> Failure:
        if not failure.check(BusTimeout):
            self._tags.take(tag)
        return failure

    def _say_here(self, room: str, said: Said, sender: Any, origin: Any) -> Receipt:
        self._stray(room)
        delivery = self._hub.publish(room, said, sender, self._now())
        if delivery.message is not None:
            self._ear.hear(room, delivery, origin)
        return delivery.receipt

    def _stray(self, room: str) -> None:
        """Let a room go on without Redis, in an epoch of its own that says so."""
        followed = self._following.follow(room)
        if followed.has_strayed:
            return
        self._following.remember(room, followed.seen)
        followed.line, followed.is_quiet, followed.has_strayed = Line(), True, True
        position = Position(f"{LOCAL}{secrets.token_urlsafe(9)}", 0)
        self._hub.reset(room, position.epoch, 0, self._now())
        self._ear.renew(room, position)

    def _announce(self, followed: Followed, change: Change, tag: bytes) -> None:
        but, _ = self._tags.take(tag)
        self._ear.announce(followed.name, change, but)

    def _count_elsewhere(self, room: str) -> int:
        followed = self._following.get(room)
        return 0 if followed is None else followed.roster.count_elsewhere(self.node)

    def _look_around(self) -> None:
        """Let go of rooms that nobody needs, and keep alive those that are needed."""
        now = self._now()
        for followed in self._following.rooms():
            if self._hub.has_members(followed.name) or followed.is_waited_for:
                followed.needed = now
            if followed.acknowledge(now):
                # It was logged, and has not come: something is lost on the way.
                followed.line.fall_behind()
            if now - followed.needed >= LINGER and self._hub.forget(followed.name):
                self._following.unfollow(followed)
            elif self._commands.is_up:
                self._following.load(followed)
                self._touch(followed, now)

    def _touch(self, followed: Followed, now: float) -> None:
        if now - followed.touched >= self._rules.history_ttl / 3 and followed.needed == now:
            followed.touched = now
            keys = followed.keys
            names = [keys.head, keys.log, keys.who]
            self._commands.run(TOUCH, names, [self._following.ttl]).addErrback(_ignore)


def _ignore(_: Failure) -> None:
    """It is tried again."""
