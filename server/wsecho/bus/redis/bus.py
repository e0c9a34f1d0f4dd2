# SPDX-License-Identifier: MIT
"""Rooms over Redis: said there, heard here in the order in which they were logged."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from twisted.internet.defer import DeferredList

from wsecho.bus.redis.attendance import Attendance
from wsecho.bus.redis.canary import Canary
from wsecho.bus.redis.census import count_members
from wsecho.bus.redis.claiming import Claiming
from wsecho.bus.redis.commands import Commands
from wsecho.bus.redis.dialing import Dialer
from wsecho.bus.redis.directory import RedisDirectory
from wsecho.bus.redis.everyroom import EveryRoom
from wsecho.bus.redis.following import Following
from wsecho.bus.redis.hearing import Hearing
from wsecho.bus.redis.keeping import Keeping
from wsecho.bus.redis.keys import Keys
from wsecho.bus.redis.link import Link
from wsecho.bus.redis.measures import Measures
from wsecho.bus.redis.records import NO_TAG
from wsecho.bus.redis.refusals import Refusals
from wsecho.bus.redis.saying import Saying
from wsecho.bus.redis.tags import Tags
from wsecho.bus.redis.telling import Telling
from wsecho.bus.redis.wills import Wills
from wsecho.core.errors import BusUnavailable
from wsecho.core.overheard import Overheard
from wsecho.core.positions import Position
from wsecho.core.retries import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twisted.internet.defer import Deferred

    from wsecho.bus.interface import Ear
    from wsecho.bus.later import Later
    from wsecho.bus.redis.address import Address
    from wsecho.bus.redis.followed import Followed
    from wsecho.bus.redis.greeting import Server
    from wsecho.core.hub import Hub, Rules
    from wsecho.core.presence import Card, Change
    from wsecho.core.rooms import Said

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
        now: seconds, by which ages and waits are measured.
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
        self._hub = hub
        self._ear = ear
        self._now = now
        self.node = secrets.token_urlsafe(9)
        self.measures = Measures()
        self._keys = Keys(settings.prefix, settings.address.database)
        self._tags = Tags(self.node)
        self.speaks_locally, self.node_ttl = settings.speaks_locally, settings.node_ttl
        self._connect(reactor)
        self._meet_others(rules, reactor)
        self._carry_rooms(rules, reactor)

    def _connect(self, reactor: Any) -> None:
        address, timeout = self._settings.address, self._settings.timeout
        name = f"wsecho-{self.node}"
        self._refusals = Refusals(reactor.seconds)
        dialer = Dialer(address, name, reactor, timeout, self._answered, self._keys)
        self._link = Link(dialer, str(address), reactor, self)
        self.when_relieved = self._link.when_relieved
        self._commands = Commands(self._link, self.measures, self._refusals)
        channel = self._keys.node(self.node)
        self._canary = Canary(self._link, channel, reactor, timeout, self.measures)

    def _meet_others(self, rules: Rules, reactor: Any) -> None:
        """Make what WAMP and the forwarding of sessions need of the other nodes."""
        ttl = self._settings.node_ttl
        lasting = self._lasting = str(int(max(rules.history_ttl, ttl) * 1000))
        self._claiming = Claiming(
            *(self.node, self._commands, self._keys, lasting),
            speaks_locally=self._settings.speaks_locally,
        )
        self.claim, self.cede = self._claiming.claim, self._claiming.cede
        self.take_turn = self._claiming.take_turn
        self._wills = Wills(
            *(self.node, self._commands, self._keys, ttl, self._now),
            speaks_locally=self._settings.speaks_locally,
        )
        self._telling = telling = Telling(
            self._commands, self._keys, str(int(2000 * ttl)), lasting, self._wills
        )
        wills = self._wills
        self.bequeath, self.revoke, self.inherit = wills.bequeath, wills.revoke, wills.inherit
        self.is_spent, self.spend = wills.is_spent, wills.spend
        self.cry, self.proclaim, self.whisper = telling.cry, telling.proclaim, telling.whisper
        self.announce = telling.tell
        self.keep, self.drop, self.kept = telling.keep, telling.drop, telling.kept
        self.catch_up = telling.catch_up
        self.directory = RedisDirectory(self._commands, self._keys, ttl, reactor)

    def _carry_rooms(self, rules: Rules, reactor: Any) -> None:
        hub, ear, now, overheard = self._hub, self._ear, self._now, Overheard()
        self._attendance = Attendance(
            self.node,
            self._commands,
            self._keys.nodes,
            lambda: [self._keys.claims, self._keys.turns, *self._telling.names],
            self._settings.node_ttl,
            rules.history_ttl,
            reactor,
            self._announce,
            self._renew,
            self._wills.look,
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
            overheard,
            self._attendance.load,
        )
        self._every_room = EveryRoom(
            self._commands, self._keys, self._following, overheard, self._tags, ear
        )
        patience = self._settings.timeout / 2
        self._saying = Saying(
            self._commands,
            self._following,
            self._tags,
            self._keys,
            rules.history,
            rules.max_keys,
            hub.refused,
            patience,
            now,
        )
        self._hearing = Hearing(
            self._commands,
            self._keys,
            self._following,
            self._attendance,
            self._every_room,
            self.node,
            self._canary.hear,
        )
        self._keeping = Keeping(
            self._commands, self._following, self._every_room, hub, rules.history_ttl, now, reactor
        )
        hub.count_elsewhere = self._count_elsewhere

    # -- its life

    def start(self) -> None:
        """Connect."""
        self._link.start()
        self._canary.start()
        self._attendance.start()
        self._keeping.start()
        self.directory.start()

    def stop(self) -> None:
        """Let go of the connection."""
        self._keeping.stop()
        self._canary.stop()
        self._attendance.stop()
        self.directory.stop()
        self._link.stop()
        self._following.went_down()
        self._every_room.went_down()

    @property
    def is_up(self) -> bool:
        """Whether Redis is connected to."""
        return self._commands.is_up

    @property
    def is_away(self) -> bool:
        """Whether Redis is not connected to, and not awaited for the first time either."""
        return self._commands.is_away

    @property
    def is_behind(self) -> bool:
        """Whether Redis has so much to answer that no more should be asked just now."""
        return self._link.is_behind

    def check_health(self) -> None:
        """See to it that messages get through.

        Raises:
            BusUnavailable: Redis is away, or does not pass on what it is told.
        """
        self._link.check()
        self._canary.check()

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, in one order."""
        self._hearing.listen(subject, heard)

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told which nodes live, at once and whenever that changes."""
        self._attendance.watch(changed)

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
        followed.used = self._now()
        if followed.is_current:
            if after is None or followed.reaches(after):
                return None
            # Somebody has seen more than was heard here.
            followed.line.fall_behind()
        waiting = followed.wait(self._now())
        self._following.load(followed)
        return waiting

    def hold(self, room: str) -> None:
        """Hear of a room though nobody here is in it."""
        self._keeping.hold(room)

    def release(self, room: str) -> None:
        """Take one `hold` back."""
        self._keeping.release(room)

    def overhear(self, *, all_rooms: bool) -> Later[None]:
        """Hear of every room there is, or of those that somebody here is in.

        Raises:
            BusUnavailable: Redis is away, and nothing may be said here alone.
        """
        if not all_rooms:
            self._every_room.stop()
            return None
        return self._every_room.hear(
            waits=not (self._commands.is_away and self._settings.speaks_locally)
        )

    def publish(self, room: str, said: Said, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if self._commands.is_away and self._settings.speaks_locally:
            return self._say_here(room, said, sender, origin)
        return self._saying.say(room, said, sender, origin)

    def publish_to_all(self, said: Mapping[str, Said]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms: in all of them, or in none.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if not (self._commands.is_away and self._settings.speaks_locally):
            return self._saying.say_to_all(said)
        for room in said:
            self._stray(room)
        self._hub.check_all(said, self._now())
        return {room: self._say_here(room, one, None, None) for room, one in said.items()}

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that a member of this process came or went."""
        followed = self._following.get(room)
        if followed is not None:
            tag = NO_TAG if but is None else self._tags.remember(but)
            self._attendance.tell(followed, change, tag)

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
        # One that has come since the last beat may be in rooms already.
        return self._attendance.look().addCallback(
            lambda alive: count_members(self._commands, self._keys, alive)
        )

    # -- what the link brings

    def came_up(self, server: Server) -> None:
        """Catch up with all rooms that are followed."""
        self.measures.connects += 1
        self._canary.listen()
        self._hearing.came_up()
        self._attendance.beat()
        self.directory.beat()
        self._following.came_up(server.run)
        self._every_room.came_up()

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        self._canary.doubt()
        self._wills.doubt()
        self._attendance.doubt()
        self._following.went_down()
        self._every_room.went_down()

    def pushed(self, push: list[Any]) -> None:
        """Hear what is told on a channel."""
        self._hearing.take(push)

    # -- the rest is our own

    def _renew(self) -> Deferred[None]:
        """Put right what Redis knows of what is this node's, which it may have been taken for."""
        renewed = DeferredList([self._claiming.renew(), self._wills.renew()])
        return renewed.addCallback(lambda _: None)

    def _answered(self, seconds: float) -> None:
        self.measures.time(seconds)
        self._link.answered()

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
        self._following.stray(followed)
        position = Position(f"{LOCAL}{secrets.token_urlsafe(9)}", 0)
        self._hub.reset(room, position.epoch, 0, self._now())
        self._ear.renew(room, position)

    def _announce(self, followed: Followed, change: Change, tag: bytes) -> None:
        but, _ = self._tags.take(tag)
        self._ear.announce(followed.name, change, but)

    def _count_elsewhere(self, room: str) -> int:
        followed = self._following.get(room)
        return 0 if followed is None else followed.roster.count_elsewhere(self.node)
