# SPDX-License-Identifier: MIT
"""The bus over a scripted Redis that has rooms: logs, members, nodes, and who listens where.

It does what the scripts of rooms do, as far as one node sees of it; the scripts themselves are
tried on a real Redis.
"""

from typing import Any, Final

from attrs import define, field

from tests.support.scripted_redis import ADDRESS, Push, ScriptedRedis, encode, told
from wsecho.bus.redis.bus import RedisBus
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.context import Settings
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.retries import Keyed
from wsecho.core.rooms.room import Delivery, PublishRequest
from wsecho.core.wire.positions import Position

KEYS: Final = Keys("p:", 0)
LARGE_TEXT: Final = "x" * ((1 << 16) + 1)


@define(eq=False)
class RoomLog:
    """What Redis has of one room.

    Attributes:
        shown: the time that was shown of the last message.
        entries: offset, publication id, and body of each message.
        who: its members, by node and id.
    """

    epoch: str = ""
    head: int = 0
    last: str = ""
    shown: float = 0.0
    entries: list[tuple[int, str, bytes]] = field(factory=list)
    who: dict[bytes, bytes] = field(factory=dict)

    def add(self, head: str, text: str, time: float, limit: int = 100) -> bytes:
        """Log a message; return what its channel tells."""
        publication = head.split(" ", maxsplit=1)[0]
        self.head, self.last = self.head + 1, publication
        note = "" if time >= self.shown else f";t{self.shown:.6f}"
        self.shown = max(self.shown, time)
        body = f"{time:.6f} {head}{note} {text}".encode()
        self.entries = [*self.entries, (self.head, publication, body)][-limit:]
        if len(body) > 1 << 16:
            return b"l %s %d" % (self.epoch.encode(), self.head)
        return b"m %s %d %s" % (self.epoch.encode(), self.head, body)


class RedisRooms:
    """Redis's side.

    Args:
        redis: answers by it.

    Attributes:
        logs: by the room's name.
        nodes: those that live.
        channels: what is listened to, and the patterns.
        time: Redis's, in seconds.
        loses: whether nothing that is told arrives.
    """

    def __init__(self, redis: ScriptedRedis) -> None:
        self.redis = redis
        self.logs: dict[str, RoomLog] = {}
        self.nodes: set[bytes] = set()
        self.channels: set[str] = set()
        self.time = 1000.0
        self.loses = False
        self._ids = iter(range(1, 1 << 20))
        self._receipts: dict[str, tuple[str, list[Any]]] = {}
        redis.answers |= {
            "HELLO": self._greeted,
            "TIME": self._tell_time,
            "SCAN": self._scan,
            "PUBLISH": self._tell,
            "HGETALL": self._who,
            "HKEYS": self._who_keys,
            "SUBSCRIBE": self._listen,
            "UNSUBSCRIBE": self._leave,
            "XRANGE": self._range,
            "PSUBSCRIBE": self._listen_to_all,
            "PUNSUBSCRIBE": self._leave_all,
            "publish": self._publish,
            "load": self._load,
            "standing": self._standing,
            "attend": self._attend,
            "beat": self._beat,
        }

    # what a test does

    def log(self, room: str) -> RoomLog:
        """Return the log of a room, begun where there is none."""
        log = self.logs.setdefault(room, RoomLog())
        log.epoch = log.epoch or f"e{next(self._ids)}"
        return log

    def say(self, text: str, room: str = "a", tag: str = "-") -> int:
        """Have another node say something; return the offset."""
        log, publication = self.log(room), str(next(self._ids))
        notice = log.add(f"{publication} t {tag}", text, self.time)
        self.tell(KEYS.room(room).channel, notice)
        return log.head

    def enter(self, node: str, name: str, room: str = "a") -> None:
        """Have a member enter on another node, which tells of it."""
        text = b'["%s", null, "test", 1.0]' % name.encode()
        self.log(room).who[f"{node}/{name}".encode()] = text
        self.tell(KEYS.room(room).channel, b"p join %s - %s" % (node.encode(), text))

    def leave(self, node: str, name: str, room: str = "a") -> None:
        """Have it leave."""
        text = self.log(room).who.pop(f"{node}/{name}".encode())
        self.tell(KEYS.room(room).channel, b"p leave %s - %s" % (node.encode(), text))

    def tell(self, channel: str, body: bytes) -> None:
        """Tell something, if anybody listens."""
        self.redis.settle()
        found = self._pushed(channel, body)
        if found and self.redis.line.is_open:
            self.redis.line.feed(found)
            self.redis.settle()

    # commands

    def _pushed(self, channel: str, body: bytes) -> bytes:
        name, found = channel.encode(), b""
        if self.loses:
            return found
        if channel in self.channels:
            found += encode(Push([b"message", name, body]))
        for pattern in self.channels:
            if pattern.endswith("{*}") and channel.startswith(pattern[:-2]):
                found += encode(Push([b"pmessage", pattern.encode(), name, body]))
        return found

    def _greeted(self, *_: str) -> Any:
        self.channels.clear()
        return {b"server": b"redis"}

    def _listen(self, channel: str, kind: bytes = b"subscribe") -> Any:
        self.channels.add(channel)
        return Push([kind, channel.encode(), 1])

    def _leave(self, channel: str, kind: bytes = b"unsubscribe") -> Any:
        self.channels.discard(channel)
        return Push([kind, channel.encode(), 0])

    def _listen_to_all(self, pattern: str) -> Any:
        return self._listen(pattern, b"psubscribe")

    def _leave_all(self, pattern: str) -> Any:
        return self._leave(pattern, b"punsubscribe")

    def _tell(self, channel: str, body: str) -> Any:
        found = self._pushed(channel, body.encode())
        return bytearray(found + encode(1))

    def _tell_time(self) -> Any:
        return [b"%d" % self.time, b"0"]

    def _scan(self, *_: str) -> Any:
        return [b"0", [KEYS.room(name).head.encode() for name in self.logs]]

    def _who(self, key: str) -> Any:
        return self.logs.get(self._room(key), RoomLog()).who

    def _who_keys(self, key: str) -> Any:
        return list(self._who(key)) if key.endswith(":who") else []

    def _room(self, key: str) -> str:
        return KEYS.room_on(f"p:{{0}}{key[2 : key.index('}') + 1]}")

    def _range(self, key: str, begin: str, _end: str) -> Any:
        offset = int(begin.removesuffix("-0"))
        found = [each for each in self.logs[self._room(key)].entries if each[0] == offset]
        return [
            [b"%d-0" % at, [b"p", publication.encode(), b"m", body]]
            for at, publication, body in found
        ]

    # scripts

    def _stand(self, key: str, fresh: str, seen_epoch: str, seen_offset: str) -> RoomLog:
        log = self.logs.setdefault(self._room(key), RoomLog())
        if not log.epoch or (log.epoch == seen_epoch and log.head < int(seen_offset)):
            log.epoch, log.head, log.last = fresh, 0, ""
            log.entries.clear()
        return log

    def _publish(self, head: str, _log: str, *words: str) -> Any:
        receipt = words[0] if len(words) > 10 else ""
        fresh, epoch, offset, _, limit, _bytes, publication, begin, text, channel, *more = words[
            2 if receipt else 0 :
        ]
        if receipt in self._receipts:
            digest, found = self._receipts[receipt]
            return found if digest == more[0] else [b"reused"]
        log = self._stand(head, fresh, epoch, offset)
        notice = log.add(begin, text, self.time, int(limit))
        answer = [b"said", log.epoch.encode(), log.head, publication.encode()]
        if receipt:
            self._receipts[receipt] = more[0], [b"again", *answer[1:]]
        return bytearray(self._pushed(channel, notice) + encode(answer))

    def _load(self, head: str, _log: str, *words: str) -> Any:
        fresh, epoch, offset, _, room, only_behind, _use, takes_large = words
        log, seen = self._stand(head, fresh, epoch, offset), int(offset)
        ours = log.epoch == epoch and seen > 0
        known = {at: publication for at, publication, _ in log.entries}
        anchor = log.last if seen == log.head else known.get(seen, "")
        answer: list[Any] = [log.epoch.encode(), log.head, log.last.encode()]
        answer += [anchor.encode() if ours else b"", 0, b"%f" % self.time]
        left = int(room)
        for at, _, body in log.entries:
            if ours and only_behind and at <= seen:
                continue
            if len(body) > left and not (len(answer) == 6 and takes_large):
                answer[4] = 2 if len(answer) == 6 else 1
                break
            answer += [at, body]
            left -= len(body)
        return answer

    def _standing(self, head: str, _log: str) -> Any:
        log = self.logs.get(self._room(head), RoomLog())
        time = log.entries[-1][2].split(b" ")[0] if log.entries else b""
        return [log.epoch.encode(), log.head, log.last.encode(), time]

    def _attend(self, who: str, name: str, text: str, _ttl: str, channel: str, notice: str) -> Any:
        log = self.log(self._room(who))
        if text:
            log.who[name.encode()] = text.encode()
        else:
            log.who.pop(name.encode(), None)
        return bytearray(self._pushed(channel, notice.encode()) + encode(None))

    def _beat(self, *words: str) -> Any:
        node = words[-3].encode()
        lived = node in self.nodes
        self.nodes.add(node)
        return [int(lived), *sorted(self.nodes)]


@define(eq=False)
class Somebody:
    """Somebody in a room."""

    secret: str | None = None
    wants_own: bool = True
    hears: bool = True
    is_present: bool = True
    wants_presence: bool = True
    door: str = "test"

    @property
    def caller(self) -> Any:
        """Whoever it is."""
        return Caller("somewhere", secret=self.secret)


@define(eq=False)
class BusWorld:
    """One node on a scripted Redis that has rooms, without doors: what it is told is noted.

    Attributes:
        events: what the listener was told.
        fails: whether the listener fails at all that it is told.
    """

    rules: Rules = field(factory=Rules)
    speaks_locally: bool = False
    redis: ScriptedRedis = field(factory=ScriptedRedis)
    rooms: RedisRooms = field(init=False)
    hub: Hub[Any] = field(init=False)
    bus: RedisBus = field(init=False)
    events: list[tuple[Any, ...]] = field(factory=list)
    fails: bool = False
    origins: list[Any] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        words = iter(f"w{number}" for number in range(1 << 20))
        self.rooms = RedisRooms(self.redis)
        self.hub = Hub(self.rules, lambda: next(words))
        settings = Settings(ADDRESS, "p:", node_ttl=15.0, speaks_locally=self.speaks_locally)
        self.bus = RedisBus(*(settings, self.rules, self.redis, self.hub, self, self.redis.seconds))
        self.bus.start()
        self.redis.take()

    # what the bus calls

    def on_publication(self, room: str, delivery: Delivery[Any], origin: Any) -> None:
        """Note it."""
        assert delivery.message is not None
        self.origins.append(origin)
        self._note("said", room, delivery.message.payload.decode())

    def renew(self, room: str, position: Position) -> None:
        """Note it."""
        self._note("renewed", room, position.epoch, position.offset)

    def skip(self, room: str, _epoch: str, after: int, upto: int) -> None:
        """Note it."""
        self._note("skipped", room, after, upto)

    def announce(self, room: str, change: Change, but: Any = None) -> None:
        """Note it."""
        self._note(change.action, room, change.card.id, *([] if but is None else [but]))

    def _note(self, *event: Any) -> None:
        self.events.append(event)
        if self.fails:
            raise ValueError("a door's own fault")

    # what a test does

    def attach(self, room: str = "a", after: Position | None = None) -> list[Any]:
        """Make a room current."""
        got = told(self.bus.attach(room, after))
        self.redis.settle()
        return got

    def say(self, text: str, room: str = "a", key: str | None = None, **more: Any) -> list[Any]:
        """Say something."""
        keyed = None if key is None else Keyed(key, payer=more.get("payer", ""))
        author = more.get("author")
        number = next(self._publications)
        said = PublishRequest(text.encode(), False, number, keyed, author=author)
        got = told(self.bus.publish(room, said, more.get("sender"), more.get("origin")))
        self.redis.settle()
        return got

    def join(self, guest: Somebody, room: str = "a") -> Card:
        """Join a room."""
        assert self.attach(room) == [None]
        joined = self.hub.join(room, guest, self.redis.seconds())
        if joined.change is not None:
            self.bus.tell(room, joined.change, guest)
            self.redis.settle()
        return joined.card

    _publications: Any = field(factory=lambda: iter(range(5000, 1 << 20)), init=False)

    def texts(self, room: str = "a") -> list[str]:
        """What was heard of a room."""
        return [event[2] for event in self.events if event[:2] == ("said", room)]

    def history(self, room: str = "a") -> list[str]:
        """What is remembered of it."""
        return [each.payload.decode() for each in self.hub.read(room, self.redis.seconds())]

    def go_away(self) -> None:
        """Let Redis be gone, and not come back."""
        self.redis.refuses = True
        self.redis.hang_up()
        self.redis.take()

    def come_back(self, run: str = "") -> None:
        """Let it be back, as another run where one is named."""
        self.redis.refuses = False
        if run:
            self.redis.answers["INFO"] = b"redis_version:7.2.0\r\nrun_id:%s\r\n" % run.encode()
        for _ in range(40):
            if self.bus.is_up:
                break
            self.redis.advance(0.5)
        assert self.bus.is_up
