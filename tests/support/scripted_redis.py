# SPDX-License-Identifier: MIT
"""A Redis that answers as a test says, on a connection without a network, by a clock of its own.

It is a reactor, as far as the bus needs one. What is sent to it is kept in `asked`, scripts by
the names of their files. What it has an answer for it answers in order, as Redis does; where a test
says `WAIT` all that is behind waits too.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Final

import hiredis
from attrs import define, field
from twisted.internet import error
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from wsecho.bus.measures import Measures
from wsecho.bus.redis.client import scripts
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.commands import Commands
from wsecho.bus.redis.client.dialing import Dialer
from wsecho.bus.redis.client.greeting import ServerInfo
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.link import Link
from wsecho.bus.redis.client.refusals import Refusals
from wsecho.core.promise import Promise

ADDRESS: Final = RedisAddress(path="/redis")
WAIT: Final = object()
"""An answer that does not come by itself."""

INFO: Final = b"# ServerInfo\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:run1\r\n"

_NAMES: Final = {
    word: prefix + name.lower()
    for name, script in vars(scripts).items()
    if isinstance(script, scripts.Script)
    for word, prefix in ((script.digest, ""), (script.source, "EVAL "))
}
_CONFIRMED: Final = {"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE"}
_DEFAULTS: Final[dict[str, Any]] = {
    "HELLO": {b"server": b"redis"},
    "INFO": INFO,
    "SCRIPT": b"digest",
    "PING": "PONG",
    "TIME": [b"1000", b"5"],
    "PUBLISH": 1,
    "SCAN": [b"0", []],
    "HGETALL": {},
    "HKEYS": [],
    "SMEMBERS": [],
    "XRANGE": [],
    "GET": None,
    "HGET": None,
    "ZSCORE": None,
    "beat": [1],
    "read_log": [b"0-0", 0],
    "attend": None,
    "touch": None,
    "read_kept": [b"0", []],
    "fetch_aside": None,
}


class Refusal(str):
    """An error as Redis words it, with its code in front."""

    __slots__ = ()


class Push(list[Any]):
    """What Redis says unasked."""


def encode(reply: Any) -> bytes:
    """Write a reply in RESP3."""
    match reply:
        case None:
            return b"_\r\n"
        case str():
            mark = b"-" if isinstance(reply, Refusal) else b"+"
            return mark + reply.encode() + b"\r\n"
        case int():
            return b":%d\r\n" % reply
        case bytes():
            return b"$%d\r\n%s\r\n" % (len(reply), reply)
    parts = reply
    if isinstance(reply, dict):
        parts = [part for pair in reply.items() for part in pair]
        mark = b"%"
    else:
        mark = b">" if isinstance(reply, Push) else b"*"
    return b"%s%d\r\n" % (mark, len(reply)) + b"".join(map(encode, parts))


class ScriptedLine(StringTransport):
    """One connection, from Redis's side."""

    def __init__(self, redis: "ScriptedRedis", factory: Any) -> None:
        super().__init__()
        self.reader = hiredis.Reader()
        self.unanswered: deque[tuple[bytes, ...]] = deque()
        self.is_open = True
        self._redis = redis
        self.protocol = factory.buildProtocol(UNIXAddress("/redis"))
        self.protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        """Take what is sent."""
        self.reader.feed(data)
        while (words := self.reader.gets()) is not False:
            self.unanswered.append(tuple(words))

    def abortConnection(self) -> None:
        """Be gone in a moment, as with the reactor."""
        self._redis.callLater(0, self.hang_up)

    def loseConnection(self) -> None:
        """The same, once Redis has taken what was sent."""
        self._redis.callLater(0, self._leave)

    def _leave(self) -> None:
        while self.is_open and self.unanswered:
            self._redis.answer(self.unanswered.popleft())
        self.hang_up()

    def feed(self, data: bytes) -> None:
        """Have something come by it."""
        if self.is_open:
            self.protocol.dataReceived(data)

    def hang_up(self) -> None:
        """End it."""
        if self.is_open:
            self.is_open = False
            self.protocol.connectionLost(Failure(error.ConnectionDone()))


def read_command(words: tuple[bytes, ...]) -> tuple[str, ...]:
    """Write a command for a test: text, and a script by its name, its keys and words in one."""
    if words[0] in {b"EVALSHA", b"EVAL"}:
        return (_NAMES[words[1]], *map(_text, words[3:]))
    if words[0] == b"SCRIPT":
        return ("SCRIPT", _text(words[1]), _NAMES[words[2]].removeprefix("EVAL "))
    return tuple(map(_text, words))


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")


class ScriptedRedis(Clock):
    """A reactor that leads to one Redis.

    Attributes:
        answers: by command or script: the reply, `WAIT`, what makes one of the command's words,
            or a `bytearray` that is sent as it is.
        asked: what was sent and answered, or waits for its answer, since the last `take`.
        refuses: whether nobody listens.
        lines: the connections that were made.
    """

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.answers: dict[str, Any] = {**_DEFAULTS, **answers}
        self.asked: list[tuple[str, ...]] = []
        self.refuses = False
        self.lines: list[ScriptedLine] = []
        self._next: defaultdict[str, deque[Any]] = defaultdict(deque)
        self._waits = False

    # what endpoints call

    def connectUNIX(self, _path: str, factory: Any, **_: Any) -> None:
        """Connect, or fail to, in a moment."""
        self.callLater(0, self._connect, factory)

    def _connect(self, factory: Any) -> None:
        if self.refuses:
            factory.clientConnectionFailed(None, Failure(error.ConnectionRefusedError()))
        else:
            self._waits = False
            self.lines.append(ScriptedLine(self, factory))

    # what a test does

    @property
    def line(self) -> ScriptedLine:
        """The newest connection."""
        return self.lines[-1]

    def next(self, name: str, *replies: Any) -> None:
        """Give the next replies to a command, or script, before those in `answers`."""
        self._next[name].extend(replies)

    def settle(self) -> None:
        """Answer what has been asked, until nothing more is."""
        super().advance(0)
        while any(self._answer(line) for line in list(self.lines)):
            super().advance(0)

    def advance(self, amount: float) -> None:
        """Let time go by, and answer."""
        self.settle()
        super().advance(amount)
        self.settle()

    def reply(self, reply: Any) -> None:
        """Answer what waits, and what is behind it."""
        assert self._waits, "nothing waits for an answer"
        self._waits = False
        self.line.feed(encode(reply))
        self.settle()

    def push(self, *parts: Any) -> None:
        """Say something unasked."""
        self.settle()
        self.line.feed(encode(Push(parts)))
        self.settle()

    def tell(self, channel: str, body: bytes) -> None:
        """Tell something on a channel that is listened to."""
        self.push(b"message", channel.encode(), body)

    def hang_up(self) -> None:
        """Lose the connection."""
        self.settle()
        self.line.hang_up()
        self._waits = False

    def take(self, *names: str) -> list[tuple[str, ...]]:
        """Return what was asked since the last time; where some are named, those alone."""
        self.settle()
        asked, self.asked = self.asked, []
        return [each for each in asked if not names or each[0] in names]

    def answer(self, words: tuple[bytes, ...]) -> bytes | None:
        """Note a command; return what comes of it, None where that does not come by itself."""
        command = read_command(words)
        self.asked.append(command)
        reply = self._find(command)
        if reply is WAIT:
            return None
        return bytes(reply) if isinstance(reply, bytearray) else encode(reply)

    def _answer(self, line: ScriptedLine) -> bool:
        if self._waits or not line.unanswered or not line.is_open:
            return False
        reply = self.answer(line.unanswered.popleft())
        if reply is None:
            self._waits = True
        else:
            line.feed(reply)
        return True

    def _find(self, command: tuple[str, ...]) -> Any:
        name = command[0]
        if self._next[name]:
            reply = self._next[name].popleft()
        elif name in _CONFIRMED and name not in self.answers:
            reply = Push([name.lower().encode(), command[1].encode(), 1])
        else:
            reply = self.answers.get(name, 1)
        return reply(*command[1:]) if callable(reply) else reply


@define(eq=False)
class RedisWorld:
    """A link to a scripted Redis, and whom it is for."""

    redis: ScriptedRedis
    measures: Measures = field(factory=Measures)
    keys: Keys = field(factory=lambda: Keys("p:", 0))
    events: list[str] = field(factory=list)
    heard: list[list[Any]] = field(factory=list)
    when_up: list[Callable[[], object]] = field(factory=list)
    link: Link = field(init=False)
    commands: Commands = field(init=False)

    def __attrs_post_init__(self) -> None:
        dialer = Dialer(ADDRESS, "me", self.redis, 2.0, self.measures.time, self.keys)
        self.link = Link(dialer, str(ADDRESS), self.redis, self)
        self.commands = Commands(self.link, self.measures, Refusals(self.redis.seconds))

    def came_up(self, server: ServerInfo) -> None:
        """Note it."""
        self.events.append(f"up {server.run}")
        for call in self.when_up:
            call()

    def went_down(self) -> None:
        """Note it."""
        self.events.append("down")

    def pushed(self, push: list[Any]) -> None:
        """Note it."""
        self.heard.append(push)

    def come_back(self) -> None:
        """Let the link connect again, and forget what it said on the way."""
        self.redis.refuses = False
        for _ in range(40):
            if self.commands.is_up:
                break
            self.redis.advance(0.5)
        assert self.commands.is_up
        self.redis.take()

    def go_away(self) -> None:
        """Let Redis be gone, and not come back."""
        self.redis.refuses = True
        self.redis.hang_up()
        self.redis.asked.clear()


def connected(**answers: Any) -> RedisWorld:
    """A world whose link is up; the answers are those to what comes behind the greeting."""
    world = RedisWorld(ScriptedRedis())
    world.link.start()
    world.redis.take()
    assert world.commands.is_up
    world.redis.answers |= answers
    return world


def told(outcome: Any) -> list[Any]:
    """Note what comes of something: the list has the value, or the error, once it is known."""
    found: list[Any] = []
    if isinstance(outcome, Promise):
        outcome.then(found.append, found.append)
    elif isinstance(outcome, Deferred):
        outcome.addErrback(lambda failure: failure.value).addCallback(found.append)
    else:
        found.append(outcome)
    return found
