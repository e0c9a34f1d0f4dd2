# SPDX-License-Identifier: MIT
"""What the bus is to the rooms: they are said in, heard, and gone on with while Redis is away."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.rooms.census import count_members
from wsecho.bus.redis.rooms.correlation import Correlation
from wsecho.bus.redis.rooms.cursors import Cursors
from wsecho.bus.redis.rooms.guarded_listener import GuardedListener
from wsecho.bus.redis.rooms.housekeeping import Housekeeping
from wsecho.bus.redis.rooms.membership import Membership
from wsecho.bus.redis.rooms.mirroring import Mirroring
from wsecho.bus.redis.rooms.pattern_subscriber import PatternSubscriber
from wsecho.bus.redis.rooms.publishing import Publishing
from wsecho.bus.redis.rooms.records import NO_TAG
from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
from wsecho.core.promise import when
from wsecho.core.rooms.all_rooms import AllRoomsFollower
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twisted.internet.defer import Deferred

    from wsecho.bus.interface import BusListener
    from wsecho.bus.redis.context import BusContext
    from wsecho.bus.redis.rooms.remote_room import RemoteRoom
    from wsecho.core.promise import Later
    from wsecho.core.rooms.hub import Hub
    from wsecho.core.rooms.presence import Card, Change
    from wsecho.core.rooms.retries import Keyed, Receipt
    from wsecho.core.rooms.room import PublishRequest

LOCAL: Final = "local-"
"""Begins the epoch of what was said while Redis was away, and heard here alone."""


class RoomBus:
    """Rooms in all processes that use the same Redis and prefix; `Bus` tells of each method.

    Args:
        context: what it is built upon.
        hub: the rooms, as far as they are followed here.
        listener: delivers.
        outlasting: names what goes some time after the last node.
        renew: puts right what Redis knows of this node, which may have been taken for dead.
        after_beat: takes who lives, with each sign of life that was taken; None where one was not.
    """

    def __init__(
        self,
        context: BusContext,
        hub: Hub[Any],
        listener: BusListener,
        *,
        outlasting: Callable[[], list[str]],
        renew: Callable[[], Deferred[None]],
        after_beat: Callable[[frozenset[str] | None], None],
    ) -> None:
        self._context = context
        self._hub = hub
        self._listener = GuardedListener(listener)
        self._rules = hub.room_rules
        self._cursors = Cursors(self._rules)
        self._correlation = Correlation(context.node)
        self._membership = Membership(
            context.node,
            context.commands,
            context.keys.nodes,
            outlasting,
            context.settings.node_ttl,
            context.rules.history_ttl,
            lambda room: self._rules.of(room).history_ttl,
            context.reactor,
            self._announce,
            renew,
            after_beat,
            self._followed,
            hub.present,
        )
        self._follow_rooms()
        self._say_and_keep()
        hub.count_elsewhere = self._count_elsewhere

    def _follow_rooms(self) -> None:
        context, all_rooms = self._context, AllRoomsFollower()
        mirroring = Mirroring(
            *(self._hub, self._listener, self._correlation),
            *(context.now, context.measures, all_rooms),
        )
        self._remote_rooms = RemoteRooms(
            context.commands,
            context.keys,
            self._cursors,
            self._hub,
            mirroring,
            context.now,
            context.measures,
            all_rooms,
            self._membership.load,
        )
        self._pattern_subscriber = PatternSubscriber(
            *(context.commands, context.keys, self._remote_rooms, self._cursors),
            *(all_rooms, self._correlation, self._listener),
        )

    def _say_and_keep(self) -> None:
        context, rules = self._context, self._context.rules
        self._publishing = Publishing(
            context.commands,
            self._remote_rooms,
            self._cursors,
            self._correlation,
            context.keys,
            self._rules,
            rules.max_keys,
            self._hub.refused,
            context.settings.timeout / 2,
            context.now,
        )
        self._housekeeping = Housekeeping(
            *(context.commands, self._remote_rooms, self._pattern_subscriber, self._hub),
            *(context.now, context.reactor),
        )

    def __len__(self) -> int:
        """Count the rooms that are followed."""
        return len(self._remote_rooms)

    # -- following

    def attach(self, room: str, after: Position | None = None) -> Later[None]:
        """Make a room current here, a place that is to be resumed included.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: Redis is away.
        """
        if self._context.is_alone:
            self._stray(room)
            return None
        if self._context.commands.is_away:
            raise BusUnavailable
        now = self._context.now()
        remote = self._remote_rooms.follow(room)
        remote.used = now
        if remote.is_current:
            if after is None or remote.reaches(after):
                return None
            # Somebody has seen more than was heard here.
            remote.follower.fall_behind()
        waiting = remote.wait(now, after)
        self._remote_rooms.load(remote)
        return waiting

    def hold(self, room: str) -> None:
        """Hear of a room though nobody here is in it."""
        self._housekeeping.hold(room)

    def release(self, room: str) -> None:
        """Take one `hold` back."""
        self._housekeeping.release(room)

    def follow_rooms(self, *, all_rooms: bool) -> Later[None]:
        """Hear of every room there is, or of those that somebody here is in.

        Raises:
            BusUnavailable: Redis is away, and nothing may be said here alone.
        """
        if not all_rooms:
            self._pattern_subscriber.stop()
            return None
        return self._pattern_subscriber.hear(waits=not self._context.is_alone)

    # -- speaking

    def publish(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if self._context.is_alone:
            return self._say_here(room, said, sender, origin)
        return self._publishing.say(room, said, sender, origin)

    def recall(self, room: str, said: PublishRequest, keyed: Keyed) -> Later[Receipt | None]:
        """Return the receipt of what was said before under the same key, or None.

        Raises:
            BusUnavailable: Redis is away, and nothing may be said here alone.
            KeyReusedError: something else was said under it here alone.
        """
        if self._context.is_alone:
            return self._hub.recall(room, said, keyed, self._context.now())
        return self._publishing.recall(room, said, keyed)

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms: in all of them, or in none.

        Raises:
            BusUnavailable: Redis is away, and it may not be said here alone.
            KeyReusedError, OverLimit: it is said here alone, and cannot be.
        """
        if not self._context.is_alone:
            return self._publishing.say_to_all(said)
        for room in said:
            self._stray(room)
        self._hub.check_all(said, self._context.now())
        return {room: self._say_here(room, one, None, None) for room, one in said.items()}

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that a member of this process came or went."""
        remote = self._remote_rooms.get(room)
        if remote is not None:
            tag = NO_TAG if but is None else self._correlation.remember(but)
            self._membership.tell(remote, change, tag)

    # -- who is there

    def members(self, room: str) -> list[Card]:
        """List who is in a room, which is current here.

        Raises:
            OverLimit: there are too many rooms.
        """
        here = list(self._hub.use(room, self._context.now()).presence)
        remote = self._remote_rooms.get(room)
        if remote is None:
            return here
        # Who has just come here has not come round yet.
        cards = {card.id: card for card in (*here, *remote.roster)}
        return sorted(cards.values(), key=lambda card: card.since)

    def counts(self) -> Later[dict[str, int]]:
        """Count the members that others see, by room.

        Raises:
            BusUnavailable: Redis is away.
        """
        commands, keys = self._context.commands, self._context.keys
        # One that has come since the last beat may be in rooms already.
        alive = promise_of(self._membership.look())
        return when(alive, partial(count_members, commands, keys))

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told which nodes live, at once and whenever that changes."""
        self._membership.watch(changed)

    # -- the rest is our own

    def _say_here(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Receipt:
        self._stray(room)
        delivery = self._hub.publish(room, said, sender, self._context.now())
        if delivery.message is not None:
            if self._publishing.events is not None:
                self._publishing.events.miss(room)
            self._listener.on_publication(room, delivery, origin)
        return delivery.receipt

    def _stray(self, room: str) -> None:
        """Let a room go on without Redis, in an epoch of its own that says so."""
        remote = self._remote_rooms.follow(room)
        if remote.has_strayed:
            return
        self._remote_rooms.stray(remote)
        position = Position(f"{LOCAL}{secrets.token_urlsafe(9)}", 0)
        self._hub.reset(room, position.epoch, 0, self._context.now())
        self._listener.renew(room, position)

    def _followed(self) -> list[RemoteRoom]:
        return self._remote_rooms.rooms()

    def _announce(self, remote: RemoteRoom, change: Change, tag: bytes) -> None:
        but, _ = self._correlation.take(tag)
        self._listener.announce(remote.name, change, but)

    def _count_elsewhere(self, room: str) -> int:
        remote = self._remote_rooms.get(room)
        return 0 if remote is None else remote.roster.count_elsewhere(self._context.node)
