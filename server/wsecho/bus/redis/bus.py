# SPDX-License-Identifier: MIT
"""Rooms over Redis: said there, heard here in the order in which they were logged."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from twisted.internet.defer import DeferredList

from wsecho.bus.measures import Measures
from wsecho.bus.redis.client.canary import Canary
from wsecho.bus.redis.client.commands import Commands
from wsecho.bus.redis.client.dialing import Dialer
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.link import Link
from wsecho.bus.redis.client.refusals import Refusals
from wsecho.bus.redis.dispatch import PushDispatch
from wsecho.bus.redis.nodes.census import count_members
from wsecho.bus.redis.nodes.directory import RedisDirectory
from wsecho.bus.redis.nodes.leases import Leases
from wsecho.bus.redis.nodes.messaging import NodeMessaging
from wsecho.bus.redis.nodes.outbox import Outbox
from wsecho.bus.redis.nodes.wills import Wills
from wsecho.bus.redis.rooms.correlation import Correlation
from wsecho.bus.redis.rooms.housekeeping import Housekeeping
from wsecho.bus.redis.rooms.membership import Membership
from wsecho.bus.redis.rooms.pattern_subscriber import PatternSubscriber
from wsecho.bus.redis.rooms.publishing import Publishing
from wsecho.bus.redis.rooms.records import NO_TAG
from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
from wsecho.core.rooms.all_rooms import AllRoomsFollower
from wsecho.core.rooms.retries import Receipt
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twisted.internet.defer import Deferred

    from wsecho.bus.interface import BusListener
    from wsecho.bus.later import Later
    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.greeting import Server
    from wsecho.bus.redis.rooms.remote_room import RemoteRoom
    from wsecho.core.rooms.hub import Hub, Rules
    from wsecho.core.rooms.presence import Card, Change
    from wsecho.core.rooms.room import PublishRequest

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

    address: RedisAddress
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
        listener: delivers.
        now: seconds, by which ages and waits are measured.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        reactor: Any,
        hub: Hub[Any],
        listener: BusListener,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._listener = listener
        self._now = now
        self.node = secrets.token_urlsafe(9)
        self.measures = Measures()
        self._keys = Keys(settings.prefix, settings.address.database)
        self._correlation = Correlation(self.node)
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
        self._leases = Leases(
            *(self.node, self._commands, self._keys, lasting),
            speaks_locally=self._settings.speaks_locally,
        )
        self.claim, self.cede = self._leases.claim, self._leases.cede
        self.take_turn = self._leases.take_turn
        self._wills = Wills(
            *(self.node, self._commands, self._keys, ttl, self._now),
            speaks_locally=self._settings.speaks_locally,
        )
        outbox = Outbox(lambda: self._dispatch.catch_up())  # noqa: PLW0108  # made below
        self._messaging = messaging = NodeMessaging(
            self._commands, self._keys, str(int(2000 * ttl)), lasting, self._wills, outbox
        )
        wills = self._wills
        self.bequeath, self.revoke, self.inherit = wills.bequeath, wills.revoke, wills.inherit
        self.is_spent, self.spend = wills.is_spent, wills.spend
        self.broadcast, self.broadcast_logged, self.send_to = (
            messaging.broadcast,
            messaging.broadcast_logged,
            messaging.send_to,
        )
        self.announce = messaging.tell
        self.keep, self.drop, self.kept = messaging.keep, messaging.drop, messaging.kept
        self.directory = RedisDirectory(self._commands, self._keys, ttl, reactor)

    def _carry_rooms(self, rules: Rules, reactor: Any) -> None:
        hub, listener, now, all_rooms = self._hub, self._listener, self._now, AllRoomsFollower()
        self._membership = Membership(
            self.node,
            self._commands,
            self._keys.nodes,
            lambda: [self._keys.claims, self._keys.turns, *self._messaging.names],
            self._settings.node_ttl,
            rules.history_ttl,
            reactor,
            self._announce,
            self._renew,
            self._wills.look,
            lambda: self._remote_rooms.rooms(),  # noqa: PLW0108  # made below
            hub.present,
        )
        self._remote_rooms = RemoteRooms(
            self._commands,
            self._keys,
            str(max(1, int(rules.history_ttl * 1000))),
            hub,
            listener,
            self._correlation,
            now,
            self.measures,
            all_rooms,
            self._membership.load,
        )
        self._pattern_subscriber = PatternSubscriber(
            self._commands, self._keys, self._remote_rooms, all_rooms, self._correlation, listener
        )
        patience = self._settings.timeout / 2
        self._publishing = Publishing(
            self._commands,
            self._remote_rooms,
            self._correlation,
            self._keys,
            rules.history,
            rules.max_keys,
            hub.refused,
            patience,
            now,
        )
        self._dispatch = PushDispatch(
            self._commands,
            self._keys,
            self._remote_rooms,
            self._membership,
            self._pattern_subscriber,
            self.node,
            self._canary.hear,
        )
        self.catch_up = self._dispatch.catch_up
        self._housekeeping = Housekeeping(
            self._commands,
            self._remote_rooms,
            self._pattern_subscriber,
            hub,
            rules.history_ttl,
            now,
            reactor,
        )
        hub.count_elsewhere = self._count_elsewhere

    # -- its life

    def start(self) -> None:
        """Connect."""
        self._link.start()
        self._canary.start()
        self._membership.start()
        self._housekeeping.start()
        self.directory.start()

    def stop(self) -> None:
        """Let go of the connection."""
        self._housekeeping.stop()
        self._canary.stop()
        self._membership.stop()
        self.directory.stop()
        self._link.stop()
        self._dispatch.went_down()
        self._remote_rooms.went_down()
        self._pattern_subscriber.went_down()

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
        self._dispatch.listen(subject, heard)

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told which nodes live, at once and whenever that changes."""
        self._membership.watch(changed)

    def __len__(self) -> int:
        """Count the rooms that are followed."""
        return len(self._remote_rooms)

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
        remote = self._remote_rooms.follow(room)
        remote.used = self._now()
        if remote.is_current:
            if after is None or remote.reaches(after):
                return None
            # Somebody has seen more than was heard here.
            remote.line.fall_behind()
        waiting = remote.wait(self._now())
        self._remote_rooms.load(remote)
        return waiting

    def hold(self, room: str) -> None:
        """Hear of a room though nobody here is in it."""
        self._housekeeping.hold(room)

    def release(self, room: str) -> None:
        """Take one `hold` back."""
        self._housekeeping.release(room)

    def overhear(self, *, all_rooms: bool) -> Later[None]:
        """Hear of every room there is, or of those that somebody here is in.

        Raises:
            BusUnavailable: Redis is away, and nothing may be said here alone.
        """
        if not all_rooms:
            self._pattern_subscriber.stop()
            return None
        return self._pattern_subscriber.hear(
            waits=not (self._commands.is_away and self._settings.speaks_locally)
        )

    def publish(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if self._commands.is_away and self._settings.speaks_locally:
            return self._say_here(room, said, sender, origin)
        return self._publishing.say(room, said, sender, origin)

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms: in all of them, or in none.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if not (self._commands.is_away and self._settings.speaks_locally):
            return self._publishing.say_to_all(said)
        for room in said:
            self._stray(room)
        self._hub.check_all(said, self._now())
        return {room: self._say_here(room, one, None, None) for room, one in said.items()}

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that a member of this process came or went."""
        remote = self._remote_rooms.get(room)
        if remote is not None:
            tag = NO_TAG if but is None else self._correlation.remember(but)
            self._membership.tell(remote, change, tag)

    def members(self, room: str) -> list[Card]:
        """List who is in a room, which is current here.

        Raises:
            OverLimit: there are too many rooms.
        """
        here = list(self._hub.use(room, self._now()).presence)
        remote = self._remote_rooms.get(room)
        if remote is None:
            return here
        # Who has just come here has not come round yet.
        cards = {card.id: card for card in (*here, *remote.roster)}
        return sorted(cards.values(), key=lambda card: card.since)

    def counts(self) -> Deferred[dict[str, int]]:
        """Count the members that others see, by room.

        Raises:
            BusUnavailable: Redis is away.
        """
        # One that has come since the last beat may be in rooms already.
        return self._membership.look().addCallback(
            lambda alive: count_members(self._commands, self._keys, alive)
        )

    # -- what the link brings

    def came_up(self, server: Server) -> None:
        """Catch up with all rooms that are followed."""
        self.measures.connects += 1
        self._canary.listen()
        self._dispatch.came_up()
        self._membership.beat()
        self.directory.beat()
        self._remote_rooms.came_up(server.run)
        self._pattern_subscriber.came_up()

    def went_down(self) -> None:
        """Know nothing any more of what is said elsewhere."""
        self._canary.doubt()
        self._wills.doubt()
        self._membership.doubt()
        self._dispatch.went_down()
        self._remote_rooms.went_down()
        self._pattern_subscriber.went_down()

    def pushed(self, push: list[Any]) -> None:
        """Hear what is told on a channel."""
        self._dispatch.take(push)

    # -- the rest is our own

    def _renew(self) -> Deferred[None]:
        """Put right what Redis knows of what is this node's, which it may have been taken for."""
        renewed = DeferredList([self._leases.renew(), self._wills.renew()])
        return renewed.addCallback(lambda _: None)

    def _answered(self, seconds: float) -> None:
        self.measures.time(seconds)
        self._link.answered()

    def _say_here(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Receipt:
        self._stray(room)
        delivery = self._hub.publish(room, said, sender, self._now())
        if delivery.message is not None:
            self._listener.on_publication(room, delivery, origin)
        return delivery.receipt

    def _stray(self, room: str) -> None:
        """Let a room go on without Redis, in an epoch of its own that says so."""
        remote = self._remote_rooms.follow(room)
        if remote.has_strayed:
            return
        self._remote_rooms.stray(remote)
        position = Position(f"{LOCAL}{secrets.token_urlsafe(9)}", 0)
        self._hub.reset(room, position.epoch, 0, self._now())
        self._listener.renew(room, position)

    def _announce(self, remote: RemoteRoom, change: Change, tag: bytes) -> None:
        but, _ = self._correlation.take(tag)
        self._listener.announce(remote.name, change, but)

    def _count_elsewhere(self, room: str) -> int:
        remote = self._remote_rooms.get(room)
        return 0 if remote is None else remote.roster.count_elsewhere(self.node)
