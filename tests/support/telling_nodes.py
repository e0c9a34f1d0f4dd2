# SPDX-License-Identifier: MIT
"""Servers that tell, without doors: rooms upon a bus, and one listener for all of them."""

from functools import partial
from typing import Any

from attrs import define, field

from tests.support.buses import Member, known, the_reactor
from tests.support.told import NotingListener
from wsecho.bus.memory import MemoryBus
from wsecho.bus.redis.bus import RedisBus
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.context import Settings
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.retries import Keyed
from wsecho.core.rooms.rules import EVENTS, RoomRules, RoomTable
from wsecho.core.wire.positions import Position
from wsecho.events.teller import EventTeller
from wsecho.fanout.rooms import MakeBus, Rooms
from wsecho.server.stats import Stats

EVERYTHING = RoomTable("*", {"tell": frozenset(EVENTS)})


class Visitor(Member):
    """Somebody in a room, who is told nothing."""

    def deliver(self, message: Message) -> None:
        """Nothing is delivered to it."""

    def tell(self, change: Change) -> None:
        """It does not watch."""

    def renew(self, position: Position) -> None:
        """It does not care."""

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """It does not care."""


@define(eq=False)
class TellingNode:
    """One of them."""

    listener: NotingListener
    make_bus: MakeBus
    tables: tuple[RoomTable, ...] = (EVERYTHING,)
    rooms: Rooms = field(init=False)
    teller: EventTeller = field(init=False)

    def __attrs_post_init__(self) -> None:
        reactor = the_reactor()
        self.rooms = Rooms(
            *(Rules(), reactor, Stats(reactor, tells=False), self.make_bus),
            room_rules=RoomRules(tables=self.tables),
        )
        self.teller = EventTeller([self.listener], self.rooms.open_events, reactor)
        self.rooms.bus.start()
        self.teller.startService()

    async def join(self, room: str = "a", **member: Any) -> Visitor:
        """Have somebody come."""
        made = Visitor(hears=False, wants_presence=False, **member)
        await known(self.rooms.attach(room))
        self.rooms.join(room, made)
        return made

    def leave(self, member: Visitor, room: str = "a") -> None:
        """Have him go."""
        self.rooms.leave(room, member)

    async def say(self, text: str | bytes, room: str = "a", key: str | None = None) -> None:
        """Say something."""
        payload = text.encode() if isinstance(text, str) else text
        keyed = None if key is None else Keyed(key, payer="me")
        said = self.rooms.publish(
            *(room, payload),
            is_binary=isinstance(text, bytes),
            author=Author("me", "Me"),
            keyed=keyed,
        )
        await known(said)

    async def say_to_all(self, rooms: list[str], text: str, key: str | None = None) -> None:
        """Say the same in some rooms."""
        keyed = None if key is None else Keyed(key, payer="me")
        said = self.rooms.publish_to_all(rooms, text.encode(), is_binary=False, keyed=keyed)
        await known(said)

    def told(self, room: str | None = None) -> list[str]:
        """What the listener took, in a few words."""
        return self.listener.told(room)

    def events(self) -> list[dict[str, Any]]:
        """What the listener took."""
        return self.listener.taken


def memory_tellers(listener: NotingListener, **more: Any) -> list[TellingNode]:
    """One process is all."""
    node = TellingNode(listener, MemoryBus, **more)
    return [node, node]


def redis_teller(url: str, listener: NotingListener, prefix: str, **more: Any) -> TellingNode:
    """A node on a Redis."""
    settings = Settings(RedisAddress.parse(url), prefix, node_ttl=1.5, speaks_locally=False)
    make: Any = partial(RedisBus, settings, Rules(), the_reactor())
    return TellingNode(listener, make, **more)
