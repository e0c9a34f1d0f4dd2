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
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import Keyed
from wsecho.core.rooms.rules import EVENTS, RoomRules, RoomTable
from wsecho.events.teller import EventTeller
from wsecho.fanout.rooms import MakeBus, Rooms
from wsecho.server.stats import Stats

EVERYTHING = RoomTable("*", {"tell": frozenset(EVENTS)})


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

    async def stop(self) -> None:
        """End it, as a server ends."""
        await self.teller.end(1.0)
        self.rooms.bus.stop()

    def die(self) -> None:
        """End it as a crash would, as far as others see: it does nothing any more."""
        self.teller.cut()
        self.rooms.bus._link.stop()  # type: ignore[attr-defined]
        self.rooms.bus._membership._loop.stop()  # type: ignore[attr-defined]

    async def join(self, room: str = "a", **member: Any) -> Member:
        """Have somebody come."""
        made = Member(hears=False, wants_presence=False, **member)
        await known(self.rooms.attach(room))
        self.rooms.join(room, made)  # type: ignore[arg-type]  # nobody delivers to it
        return made

    def leave(self, member: Member, room: str = "a") -> None:
        """Have him go."""
        self.rooms.leave(room, member)  # type: ignore[arg-type]

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
