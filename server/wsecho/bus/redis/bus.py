# SPDX-License-Identifier: MIT
"""Rooms over Redis: said there, heard here in the order in which they were logged."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from wsecho.bus.measures import Measures
from wsecho.bus.redis.client.canary import Canary
from wsecho.bus.redis.client.commands import Commands
from wsecho.bus.redis.client.dialing import Dialer
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.link import Link
from wsecho.bus.redis.client.refusals import Refusals
from wsecho.bus.redis.context import BusContext
from wsecho.bus.redis.dispatch import PushDispatch
from wsecho.bus.redis.events.queue import RedisEvents
from wsecho.bus.redis.events.steps import SUBJECT, EventSteps
from wsecho.bus.redis.nodes.node_bus import NodeBus
from wsecho.bus.redis.rooms.room_bus import RoomBus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred

    from wsecho.bus.interface import BusListener, EventSource
    from wsecho.bus.redis.client.greeting import ServerInfo
    from wsecho.bus.redis.context import Settings
    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.core.promise import Later
    from wsecho.core.rooms.hub import Hub, Rules


class RedisBus(NodeBus, RoomBus):
    """The `Bus` over Redis: its connection, its life, and what is pushed.

    What it is to the nodes is inherited from `NodeBus`, what it is to the rooms from `RoomBus`;
    neither knows of the other.

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
        self.node = secrets.token_urlsafe(9)
        self._events: RedisEvents | None = None
        self.measures = Measures()
        self.speaks_locally, self.node_ttl = settings.speaks_locally, settings.node_ttl
        keys, measures = Keys(settings.prefix, settings.address.database), self.measures
        self._link = self._make_link(settings, keys, reactor)
        self._commands = Commands(self._link, measures, Refusals(reactor.seconds))
        self._canary = Canary(self._link, keys.node(self.node), reactor, settings.timeout, measures)
        context = BusContext(
            *(self.node, settings, rules, self._commands, keys, measures, reactor, now)
        )
        NodeBus.__init__(self, context, self.catch_up)
        RoomBus.__init__(
            *(self, context, hub, listener),
            outlasting=self._outlasting,
            renew=self._renew,
            after_beat=self._wills.look,
        )
        self._dispatch = PushDispatch(
            *(self._commands, keys, self._remote_rooms, self._membership),
            *(self._pattern_subscriber, self.node, self._canary.hear),
        )

    def _make_link(self, settings: Settings, keys: Keys, reactor: Any) -> Link:
        address, name = settings.address, f"wsecho-{self.node}"
        dialer = Dialer(address, name, reactor, settings.timeout, self._answered, keys)
        return Link(dialer, str(address), reactor, self)

    def _answered(self, seconds: float) -> None:
        self.measures.time(seconds)
        self._link.answered()

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
    def pressure(self) -> Backpressure:
        """Holds back who says more while Redis has too much to answer."""
        return self._link.pressure

    def check_health(self) -> None:
        """See to it that messages get through.

        Raises:
            BusUnavailable: Redis is away, or does not pass on what it is told.
        """
        self._link.check()
        self._canary.check()

    # -- what happens

    def open_events(self, listeners: Sequence[str], source: EventSource) -> RedisEvents:
        """Have what happens wait for those who are told, of all nodes."""
        commands, keys = self._commands, self._keys
        steps = EventSteps(commands, keys, self._lasting, listeners, self._events_lost)
        events = RedisEvents(self.node, commands, keys, self._leases, steps, source)
        self._events = self._publishing.events = events
        self.listen(SUBJECT, lambda _: source.woken())
        self.watch_nodes(events.watch)
        return events

    def _events_lost(self, count: int) -> None:
        if self._events is not None:
            self._events.note_lost(count)

    def _outlasting(self) -> list[str]:
        return [*super()._outlasting(), *([] if self._events is None else self._events.names())]

    def _renew(self) -> Deferred[None]:
        renewed = super()._renew()
        return renewed.addCallback(lambda _: None if self._events is None else self._events.renew())

    # -- what is pushed

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, in one order."""
        self._dispatch.listen(subject, heard)

    def catch_up(self) -> Later[None]:
        """Hear first what had been said, on any subject, before this was called.

        Raises:
            BusUnavailable: Redis is away.
        """
        return self._dispatch.catch_up()

    # -- what the link brings

    def came_up(self, server: ServerInfo) -> None:
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
