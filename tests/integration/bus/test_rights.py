# SPDX-License-Identifier: MIT
"""What a Redis user must be allowed: what its page lists; and what is said if it is less."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs, formatEvent

from tests.integration.bus.test_databases import use_all
from tests.integration.bus.test_start import refused
from tests.support.buses import Member, Node, known, redis_node, the_reactor, until
from tests.support.processes import running
from tests.support.redis_server import RedisServer, redis_server
from wsecho.bus.redis.bus import RedisBus
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.errors import RedisError
from wsecho.bus.redis.client.probe import probe
from wsecho.bus.redis.client.rights import COMMANDS, acl
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

asynchronous = pytest_twisted.ensureDeferred
SECTION = "“What Redis must allow”"
PAGE = (Path(__file__).parents[3] / "docs/howto/redis.md").read_text()


def listed() -> list[str]:
    """The words of the page's line."""
    line = re.search(r"ACL SETUSER wsecho on '>SECRET' ('?~(?:.|\n)*?)\n```", PAGE)
    assert line is not None
    return [word.strip("'") for word in line[1].replace("\\\n", " ").split()]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis with a user who may do what the page lists."""
    with redis_server() as server:
        server.ask("ACL", "SETUSER", "wsecho", "on", ">SECRET", *listed())
        yield server


def url(redis: RedisServer) -> str:
    """As that user."""
    return redis.url.replace("://", "://wsecho:SECRET@")


def test_the_page_lists_what_is_used() -> None:
    """For the prefix and the database that there are without options."""
    assert listed() == acl("wsecho:").split()


@asynchronous  # type: ignore[untyped-decorator]
async def test_what_is_listed_is_enough(redis: RedisServer) -> None:
    """For everything that there is to do; Redis has denied nothing."""
    nodes = [redis_node(url(redis)) for _ in range(2)]
    one, two = nodes
    await use_all(one, "nobody", "word")
    await known(one.bus.kept("wamp:realm"))
    one.bus.drop("wamp:realm", ["kept"])
    await known(one.bus.take_turn("place"))
    one.bus.cede("place", "me")
    one.bus.hold("held")
    member = Member()
    await two.join(member)
    for number in range(40):
        await one.say(str(number), key=f"k{number}")
    await one.say_to_all(["a", "b"], "all", key="all")
    await until(lambda: len(member.got) >= 41)
    two.leave(member)
    await known(one.bus.counts())
    assert one.bus.directory is not None
    one.bus.directory.enter("node", ("127.0.0.1", 1))  # type: ignore[arg-type]
    await known(one.bus.directory.find("node"))
    redis.ask("SCRIPT", "FLUSH")
    await one.say("after")
    for text in (b"logged" * 10, b"again"):
        await known(one.bus.broadcast_logged("wamp:realm", text))
    for node in nodes:
        node.bus.stop()
    await until(lambda: len(redis.ask("CLIENT", "LIST", "TYPE", "pubsub")) == 0)
    assert redis.ask("ACL", "LOG") == []


def test_a_right_that_is_missing_ends_the_start(redis: RedisServer) -> None:
    """In one line that names it, and what to do."""
    redis.ask("ACL", "SETUSER", "wsecho", "-xadd")
    line = refused("--redis", url(redis))
    assert line.startswith(f"wsecho: --redis {redis.url}/0: refuses a script: ")
    assert line.endswith(
        "(XADD); give its user the rights that the documentation lists under " + SECTION
    )
    assert f"## {SECTION[1:-1]}\n" in PAGE
    assert "SECRET" not in line


def test_each_right_is_missed(redis: RedisServer) -> None:
    """Before anything else is done, by its name."""
    for command in COMMANDS:
        database = 1 if command == "select" else 0
        redis.ask("ACL", "SETUSER", "wsecho", f"-{command}", "&wsecho:{1}{*}")
        with pytest.raises(RedisError) as caught:
            probe(RedisAddress.parse(f"{url(redis)}/{database}"), "wsecho:")
        assert command.partition("|")[0] in str(caught.value).lower()
        redis.ask("ACL", "SETUSER", "wsecho", f"+{command}")
        probe(RedisAddress.parse(f"{url(redis)}/{database}"), "wsecho:")


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (["resetchannels", "&other:*"], "a script"),
        (["resetchannels", "&wsecho:*"], "PSUBSCRIBE wsecho:{0}{*}"),
        (["resetkeys", "~other:*"], "a script"),
        (["off"], "user name or password"),
        ([">OTHER", "<SECRET"], "user name or password"),
    ],
)
def test_keys_channels_and_logins(redis: RedisServer, rules: list[str], named: str) -> None:
    """The same."""
    redis.ask("ACL", "SETUSER", "wsecho", *rules)
    assert named in refused("--redis", url(redis))


def test_a_replica_ends_the_start(redis: RedisServer) -> None:
    """It says what to give instead."""
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    redis.ask("CONFIG", "SET", "replica-serve-stale-data", "yes")
    assert "it is a replica: give the master's address" in refused("--redis", url(redis))


def test_a_full_redis_is_no_reason_not_to_start(redis: RedisServer) -> None:
    """What it holds can be read meanwhile."""
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    with running("--redis", url(redis)) as server:
        assert server.process.wait_for(re.compile("connected to redis"))


def setting(*words: str) -> Any:
    """What is set there."""

    def set_it(redis: RedisServer) -> None:
        assert redis.ask(*words) == b"OK"

    return set_it


WAYS = {
    "NOPERM": (
        setting("ACL", "SETUSER", "wsecho", "-xadd"),
        setting("ACL", "SETUSER", "wsecho", "+xadd"),
        "give its user the rights",
    ),
    "channels": (
        setting("ACL", "SETUSER", "wsecho", "resetchannels"),
        setting("ACL", "SETUSER", "wsecho", "resetchannels", "&wsecho:*", "&wsecho:{0}{*}"),
        "give its user the rights",
    ),
    "login": (
        setting("ACL", "SETUSER", "wsecho", "off"),
        setting("ACL", "SETUSER", "wsecho", "on"),
        "user name or password",
    ),
    "READONLY": (
        setting("REPLICAOF", "127.0.0.1", "1"),
        setting("REPLICAOF", "NO", "ONE"),
        "it is a replica",
    ),
    "OOM": (
        setting("CONFIG", "SET", "maxmemory", "1"),
        setting("CONFIG", "SET", "maxmemory", "0"),
        "raise its maxmemory",
    ),
    "NOREPLICAS": (
        setting("CONFIG", "SET", "min-replicas-to-write", "1"),
        setting("CONFIG", "SET", "min-replicas-to-write", "0"),
        "min-replicas-to-write",
    ),
}


async def try_to_say(node: Node, times: int) -> int:
    """Say something so often; how often it was not refused."""
    said = 0
    for _ in range(times):
        with suppress(BusUnavailable, BusTimeout):
            await node.say("x")
            said += 1
        await deferLater(the_reactor(), 0.02)
    return said


@pytest.mark.parametrize("name", WAYS)
@asynchronous  # type: ignore[untyped-decorator]
async def test_what_begins_while_it_runs_is_told_once(redis: RedisServer, name: str) -> None:
    """Redis's own words and what to do, however often it is tried; and it is over by itself."""
    begin, end, advice = WAYS[name]
    node = redis_node(url(redis))
    await node.say("before")
    with capturedLogs() as events:
        begin(redis)
        if name == "login":
            redis.ask("CLIENT", "KILL", "USER", "wsecho")
        await until(lambda: advice in " ".join(map(formatEvent, events)) or tried(node))
        assert await try_to_say(node, 50) == 0
    lines = [formatEvent(event) for event in events]
    assert len([line for line in lines if advice in line]) <= 2, lines
    assert len(lines) <= 4, lines
    assert "SECRET" not in str(lines)
    # A connection was made again a few times, not many times a second.
    assert node.bus.measures is not None
    assert node.bus.measures.connects <= 4
    end(redis)
    said = 0
    for _ in range(300):
        said = said or await try_to_say(node, 1)
        await deferLater(the_reactor(), 0.0 if said else 0.1)
    assert said
    node.bus.stop()


def tried(node: Node) -> bool:
    """Try to say something, and wait on."""
    with suppress(BusUnavailable):
        node.bus.publish("a", PublishRequest(b"x", False, 1), None, None)
    return False


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_refused_channel_shifts_nothing(redis: RedisServer) -> None:
    """Each answer is that of its own command, and the connection stands."""
    node = redis_node(url(redis))
    await until(lambda: node.bus.is_up)
    assert isinstance(node.bus, RedisBus)
    outcomes: list[Any] = []

    def ask(*words: str) -> None:
        asked = node.bus._link.ask(*words)  # type: ignore[attr-defined]
        asked.addErrback(lambda failure: failure.value.code).addCallback(outcomes.append)

    for number in range(3):
        ask("SUBSCRIBE", "foreign")
        ask("HINCRBY", "wsecho:x", "y", "1")
        ask("PSUBSCRIBE", "wsecho:*")
        ask("SUBSCRIBE", f"wsecho:{number}")
    await until(lambda: len(outcomes) == 12)
    for number in range(3):
        channel = f"wsecho:{number}".encode()
        refused, count, pattern, subscribed = outcomes[4 * number : 4 * number + 4]
        # Allowed by the very pattern that stands in the list.
        assert (refused, count) == ("NOPERM", number + 1)
        assert (pattern[:2], subscribed[:2]) == (
            [b"psubscribe", b"wsecho:*"],
            [b"subscribe", channel],
        )
    assert node.bus.measures.connects == 1
    node.bus.stop()


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_room_that_is_forbidden_harms_no_other(redis: RedisServer) -> None:
    """Whoever wants it is refused; the connection stands, on which all the others are served."""
    redis.ask("ACL", "SETUSER", "wsecho", "resetkeys", "~wsecho:{@}*", "~wsecho:{fine}*")
    node = redis_node(url(redis))
    member = Member()
    await node.join(member, "fine")
    for text in ("x", "y", "z"):
        await node.say(text, "fine")
        with pytest.raises(BusUnavailable):
            await node.join(Member(), "forbidden")
        with pytest.raises(BusUnavailable):
            await node.say(text, "forbidden")
    assert [each.payload for each in member.got] == [b"x", b"y", b"z"]
    assert node.bus.measures is not None
    assert node.bus.measures.connects == 1
    node.bus.stop()
