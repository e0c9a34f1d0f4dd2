# SPDX-License-Identifier: MIT
"""Nodes upon a bus, without doors: what each hears is noted."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.task import deferLater

from tests.support.processes import PATIENCE
from wsecho.bus.deferreds import deferred_of
from wsecho.bus.interface import Bus
from wsecho.bus.memory import MemoryBus
from wsecho.bus.redis.bus import RedisBus
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.context import Settings
from wsecho.core.promise import Later
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.retries import Keyed, Receipt
from wsecho.core.rooms.room import Delivery, PublishRequest
from wsecho.core.wire.positions import Position
from wsecho.fanout.rooms import MakeBus, draw_publication, draw_word

T = TypeVar("T")


@define(eq=False)
class Member:
    """Somebody in a room."""

    secret: str | None = None
    wants_own: bool = True
    hears: bool = True
    is_present: bool = True
    wants_presence: bool = True
    door: str = "test"
    got: list[Message] = field(factory=list)
    told: list[str] = field(factory=list)

    @property
    def caller(self) -> Caller:
        """Whoever it is."""
        return Caller("somewhere", secret=self.secret)


@define(eq=False)
class Node:
    """One process, so to say: a hub, a bus, and a listener that notes."""

    make_bus: MakeBus
    rules: Rules = field(factory=Rules)
    hub: Hub[Member] = field(init=False)
    bus: Bus = field(init=False)
    heard: list[tuple[str, Message, Any]] = field(factory=list, init=False)
    events: list[tuple[Any, ...]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.hub = Hub(self.rules, draw_word)
        self.bus = self.make_bus(self.hub, self, now)

    # what the bus calls

    def on_publication(self, room: str, delivery: Delivery[Member], origin: Any) -> None:
        """Note a message, and give it to its audience."""
        assert delivery.message is not None
        self.heard.append((room, delivery.message, origin))
        for member in delivery.audience:
            member.got.append(delivery.message)

    def renew(self, room: str, position: Position) -> None:
        """Note it."""
        self.events.append(("renewed", room, str(position)))

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Note it."""
        self.events.append(("skipped", room, after, upto))

    def announce(self, room: str, change: Change, but: Member | None = None) -> None:
        """Note it, and tell who watches."""
        self.events.append((change.action, room, change.card.id))
        for member in self.hub.watchers(room):
            if member is not but:
                member.told.append(change.action)

    # what a test does

    async def attach(self, room: str = "a", after: str | None = None) -> None:
        """Make a room current."""
        await known(self.bus.attach(room, Position.parse(after) if after else None))

    async def join(self, member: Member, room: str = "a") -> None:
        """Join a room."""
        await self.attach(room)
        joined = self.hub.join(room, member, now())
        if joined.change is not None:
            self.bus.tell(room, joined.change, member)

    def leave(self, member: Member, room: str = "a") -> None:
        """Leave it."""
        outcome = self.hub.leave(room, member, now())
        assert isinstance(outcome, Change)
        self.bus.tell(room, outcome)

    async def say(
        self,
        text: str | bytes,
        room: str = "a",
        *,
        key: str | None = None,
        payer: str = "",
        sender: Member | None = None,
        origin: Any = None,
        author: Author | None = None,
    ) -> Receipt:
        """Say something."""
        payload = text.encode() if isinstance(text, str) else text
        is_binary = isinstance(text, bytes)
        keyed = None if key is None else Keyed(key, payer=payer)
        said = PublishRequest(payload, is_binary, draw_publication(), keyed, author=author)
        return await known(self.bus.publish(room, said, sender, origin))

    async def say_to_all(
        self,
        rooms: list[str],
        text: str | bytes,
        *,
        key: str | None = None,
        payer: str = "",
        author: Author | None = None,
    ) -> dict[str, Receipt]:
        """Say the same in some rooms."""
        payload = text.encode() if isinstance(text, str) else text
        is_binary = isinstance(text, bytes)
        keyed = None if key is None else Keyed(key, payer=payer)
        said = {
            room: PublishRequest(payload, is_binary, draw_publication(), keyed, author=author)
            for room in rooms
        }
        return await known(self.bus.publish_to_all(said))

    def texts(self, room: str = "a") -> list[str]:
        """What was heard of a room."""
        return [said.payload.decode() for name, said, _ in self.heard if name == room]

    def history(self, room: str = "a") -> list[str]:
        """What is remembered of a room."""
        return [said.payload.decode() for said in self.hub.read(room, now())]


def the_reactor() -> Any:
    """The one that pytest-twisted runs."""
    from twisted.internet import reactor  # noqa: PLC0415  # which it has chosen by now

    return reactor


def now() -> float:
    """The time."""
    seconds: float = the_reactor().seconds()
    return seconds


async def known(outcome: Later[T]) -> T:
    """Wait where it takes time."""
    return await deferred_of(outcome)


async def until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it took too long.
    """
    end = now() + patience
    while not holds():
        assert now() < end, "it never held"
        await deferLater(the_reactor(), 0.01)


def memory_nodes(rules: Rules) -> list[Node]:
    """One process is all."""
    node = Node(MemoryBus, rules)
    return [node, node]


def redis_node(url: str, rules: Rules | None = None, **settings: Any) -> Node:
    """A node on a Redis, started."""
    rules = rules or Rules()
    make = partial(RedisBus, Settings(RedisAddress.parse(url), **settings), rules, the_reactor())
    node = Node(make, rules)
    node.bus.start()
    return node
