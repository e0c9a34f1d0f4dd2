# SPDX-License-Identifier: MIT
"""What every door does, wherever it is: the contract of a service, in each form that it has.

One process, two workers behind one address, two servers on one Redis, and these behind the nginx
and the haproxy of docs/howto pass the same tests. What a test says at the one and hears at the
other are two addresses only with two servers; else whoever is awake, or is next, takes a
connection, so they come in numbers.
"""

import asyncio
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.test_forwarding import Poller, client
from tests.load.readers import DOORS, Connection, Events, ReaderLog, connect
from tests.load.speakers import Framed, Raw, Session, ask
from tests.support.clusters import Kind, Pair, service
from tests.support.processes import PATIENCE, RunningServer
from tests.support.waiting import settled, until

COPIES = 4
"""Readers of a kind, so that with two workers hardly ever all are at the same one."""

SECRET = "ann-0123456789abc"

# A connection of its own, whatever a balancer keeps for later requests.
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def strict(kind: Kind) -> Iterator[Pair]:
    """A service with narrow limits."""
    limits = ("--max-members", "3", "--max-message-size", "1000", "--message-rate", "4")
    with service(kind, *limits) as pair:
        yield pair


def names(value: Any) -> str:
    """How a test calls a door."""
    return str(value.__name__)


async def post(server: RunningServer, room: str, text: str, **headers: str) -> str:
    """Publish by HTTP; the position."""
    path = f"/broadcast/{quote(room, safe='')}"
    status, answer = await asyncio.to_thread(ask, server, "POST", path, text.encode(), **headers)
    assert status == 201, answer
    return str(answer["position"])


async def visit(
    door: type[Connection], server: RunningServer, room: str, query: str = "", count: int = 1
) -> list[Any]:
    """Open a door so many times."""
    more = (query,) if query else ()
    opened = [
        connect(door, ReaderLog(), server.host, server.port, room, *more) for _ in range(count)
    ]
    return [connection for connection, _ in await asyncio.gather(*opened)]


def leave(*connections: Connection) -> None:
    """Cut connections."""
    for connection in connections:
        connection.kill()


@pytest.mark.parametrize("door", DOORS, ids=names)
def test_said_at_one_heard_at_the_other(pair: Pair, door: type[Connection]) -> None:
    """Live and from the past, by POST, `wsecho.v1`, raw and WAMP; then on by each other door."""
    one, two = pair
    room = f"shared.{door.__name__}/ä"

    async def play() -> None:
        readers = await visit(door, two, room, count=COPIES)
        everybody = [reader.seen for reader in readers]

        async def heard(count: int) -> None:
            await until(lambda: all(seen.offset == count or seen.fault for seen in everybody))
            assert [(seen.numbers, seen.fault) for seen in everybody] == [
                ([*range(count)], "")
            ] * COPIES

        await post(one, room, "0")
        [framed] = await visit(Framed, one, room)
        framed.say("1", id="x")
        await framed.hear(2)
        [raw] = await visit(Raw, one, room)
        raw.send(1, b"2")
        [wamp] = await visit(Session, one, room)
        await heard(3)
        wamp.publish("3")
        await heard(4)
        leave(*readers, framed, raw, wamp)
        for number, other in enumerate(DOORS, 4):
            # It comes back at the other one, where it has never been.
            server = (two, one)[number % 2]
            await post(two, room, str(number))
            opened = [connect(other, seen, server.host, server.port, room) for seen in everybody]
            readers = [connection for connection, _ in await asyncio.gather(*opened)]
            await heard(number + 1)
            leave(*readers)
        assert not sum(seen.refused for seen in everybody)

    asyncio.run(play())


@pytest.mark.parametrize("door", DOORS, ids=names)
def test_a_place_that_is_gone_is_said_at_once(pair: Pair, door: type[Connection]) -> None:
    """4410, or `recovered` false; then it goes on from where the room stands."""

    async def play() -> None:
        room = f"gone-{door.__name__}"
        position = await post(pair[0], room, "0")
        seen = ReaderLog("gone", 7)
        reader, _ = await connect(door, seen, pair[1].host, pair[1].port, room)
        await until(lambda: seen.refused == 1)
        if door is DOORS[0]:
            await is_over(reader)
            reader, _ = await connect(door, seen, pair[0].host, pair[0].port, room)
        await until(lambda: seen.position() == position)
        await post(pair[0], room, "1")
        await until(lambda: seen.numbers == [1])
        assert (seen.refused, seen.fault) == (1, "")
        leave(reader)

    asyncio.run(play())


def test_who_is_there_is_the_same_at_both(pair: Pair) -> None:
    """The members, the counts, and whoever watches is told."""
    one, two = pair

    async def play() -> None:
        watching = await visit(Framed, one, "who", "presence=1", COPIES)
        listeners = await visit(Listener, two, "who", count=2)
        coming = [*await visit(Raw, two, "who"), *await visit(Events, one, "who")]
        # Each watcher knows its elders from the list, and hears of those that came later.
        await until(lambda: {*map(known, watching)} == {COPIES + 2})
        await until(lambda: all(each.heard(2) for each in listeners))
        for server in pair * 2:
            _, listed = await asyncio.to_thread(ask, server, "GET", "/broadcast/who/members")
            doors = sorted(member["door"] for member in listed["members"])
            assert doors == ["raw", "sse", *["v1"] * COPIES]
            _, rooms = await asyncio.to_thread(ask, server, "GET", "/broadcast")
            assert {"room": "who", "members": COPIES + 2} in rooms["rooms"]
        leave(*coming)
        await until(lambda: {*map(known, watching)} == {COPIES})
        await until(lambda: all(each.heard(4) for each in listeners))
        leave(*watching, *listeners)

    asyncio.run(play())


class Listener(Session):
    """Listens to whoever comes and goes."""

    subscriptions = (({}, "wsecho.presence.who"),)

    def heard(self, count: int) -> bool:
        """Whether so many came or went since; of the watchers some may be told late."""
        actions = [
            event[1]["action"] for event in self.events if event[1]["member"]["door"] != "v1"
        ]
        return actions == ["join", "join", "leave", "leave"][:count]


def known(watching: Framed) -> int:
    """How many members somebody who watches knows of."""
    present: set[str] = set()
    for frame in watching.frames:
        if frame["type"] == "joined":
            present = {member["id"] for member in frame["members"]}
        elif frame["action"] == "join":
            present.add(frame["member"]["id"])
        else:
            present.remove(frame["member"]["id"])
    return len(present)


def test_who_names_itself_is_one_member_everywhere(pair: Pair) -> None:
    """At each door and at both; it is gone when the last of its connections is."""
    room, named = "named", f"member={SECRET}"

    async def members() -> list[str]:
        _, listed = await asyncio.to_thread(ask, pair[0], "GET", f"/broadcast/{room}/members")
        return [member["id"] for member in listed["members"]]

    async def play() -> None:
        [watching] = await visit(Framed, pair[0], room, "presence=1")
        first, *others = [
            connection
            for door in DOORS
            for server in pair
            for connection in await visit(door, server, room, named)
        ]
        await until(lambda: known(watching) == 2)
        assert len(await members()) == 2
        leave(*others)
        [again] = await visit(Framed, pair[1], room, named)
        leave(first)
        assert len(await members()) == 2
        leave(again)
        # It is missed once its time to come back is over, and not before.
        await until(lambda: known(watching) == 1)
        assert [frame.get("action") for frame in watching.frames[1:]] == ["join", "leave"]
        leave(watching)

    asyncio.run(play())


class Patterns(Session):
    """Listens to a pattern of rooms."""

    subscriptions = (({"match": "prefix"}, "wsecho.room.pattern"),)


def test_a_session_over_http(pair: Pair) -> None:
    """Each request goes where it likes; it hears of a room what others say by other doors."""

    async def play() -> None:
        async with client() as session:
            here, there = (Poller(server, session) for server in pair)
            await here.open()
            there.address = here.address
            assert await there.say([32, 1, {}, "wsecho.room.polled"]) == 204
            assert (await here.fetch())[:2] == [33, 1]
            for number in range(COPIES):
                waiting = asyncio.ensure_future(there.fetch())
                await post(pair[number % 2], "polled", str(number))
                assert (await waiting)[4] == [str(number)]
                assert await here.say([48, number + 2, {}, "wsecho.echo", [number]]) == 204
                assert await there.fetch() == [50, number + 2, {}, [number]]

    asyncio.run(play())


def test_patterns_reach_across(pair: Pair) -> None:
    """To rooms that nobody is in, wherever the pattern is listened to."""

    async def play() -> None:
        listeners = await visit(Patterns, pair[1], "x", count=COPIES)
        for number in range(COPIES):
            await post(pair[0], f"pattern-{number}", str(number))
        await until(lambda: all(len(each.events) == COPIES for each in listeners))
        said = [sorted(event[0] for event in each.events) for each in listeners]
        assert said == [[[str(number)] for number in range(COPIES)]] * COPIES
        leave(*listeners)

    asyncio.run(play())


def test_a_key_counts_at_every_door(pair: Pair) -> None:
    """A retry by another door is the same message, and another message is refused."""
    room = "keys"

    async def play() -> None:
        position = await post(pair[0], room, "x", idempotency_key="k")
        for server in pair * COPIES:
            assert await post(server, room, "x", idempotency_key="k") == position
            [framed] = await visit(Framed, server, room)
            framed.say("x", id="1", key="k")
            framed.say("y", id="2", key="k")
            [wamp] = await visit(Session, server, room)
            wamp.publish("x", key="k")
            wamp.publish("y", key="k")
            _, same, other = await framed.hear(3)
            assert same == {"type": "published", "id": "1", "position": position}
            assert (other["type"], other["code"]) == ("error", "bad_request")
            acknowledged, refused = await wamp.hear(2)
            assert (acknowledged[0], refused[0]) == (17, 8)
            assert refused[4] == "wamp.error.invalid_argument"
            leave(framed, wamp)
        _, page = await asyncio.to_thread(ask, pair[1], "GET", f"/broadcast/{room}?history=9")
        assert [message["data"] for message in page["messages"]] == ["x"]

    asyncio.run(play())


def test_keys_count_for_many_rooms_at_once(pair: Pair) -> None:
    """All of them hear it, or none."""
    one, two = pair
    first = ask(one, "POST", "/broadcast/many", b"x", idempotency_key="k")
    assert ask(two, "POST", "/broadcast/many", b"x", idempotency_key="k") == first
    assert ask(two, "POST", "/broadcast/many", b"y", idempotency_key="k")[0] == 422
    body = b'{"rooms":["many","more"],"data":"y"}'
    for server in pair * 2:
        assert ask(server, "POST", "/broadcast", body, idempotency_key="k")[0] == 422
    assert ask(one, "GET", "/broadcast/more?history=9")[1]["messages"] == []
    said = ask(one, "POST", "/broadcast", body, idempotency_key="l")
    assert said[0] == 201
    assert ask(two, "POST", "/broadcast", body, idempotency_key="l") == said
    assert len(ask(two, "GET", "/broadcast/more?history=9")[1]["messages"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/broadcast/a?after=x", b"", 400, "bad_request"),
        ("GET", "/broadcast/a?history=x", b"", 400, "bad_request"),
        ("GET", "/broadcast/a?after=gone:7&member=short", b"", 400, "bad_request"),
        ("GET", "/broadcast/%0A", b"", 400, "bad_request"),
        ("GET", "/broadcast/a/b", b"", 404, "not_found"),
        ("DELETE", "/broadcast/a", b"", 405, "method_not_allowed"),
        ("POST", "/broadcast/a", b"\xff", 400, "bad_request"),
        ("POST", "/broadcast", b'{"rooms":["a","\\u0000"],"data":"x"}', 400, "bad_request"),
        ("POST", "/broadcast/a", b"x" * 1001, 413, "too_large"),
        ("POST", "/lp/nobody/receive", b"", 404, "not_found"),
    ],
)
def test_errors_over_http(
    strict: Pair, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    """The status and the code; nothing of it is said."""
    for server in strict * 2:
        found, answer = ask(server, method, path, body)
        assert (found, answer["error"]["code"]) == (status, code)
        assert answer["error"]["reason"]


@pytest.mark.parametrize(
    ("door", "frames", "code"),
    [
        (Raw, [(1, b"\xff")], 1007),
        (Raw, [(2, b"x" * 1001)], 1009),
        (Raw, [(1, b"x")] * 9, 1008),
        (Framed, [(1, b"\xff")], 1007),
        (Session, [(1, b"[")], 1002),
        (Session, [(1, b"[" + b" " * 1000)], 1009),
    ],
)
def test_close_codes(
    strict: Pair, door: type[Connection], frames: list[tuple[int, bytes]], code: int
) -> None:
    """Of whoever sends what may not be sent."""

    async def play() -> None:
        for server in strict:
            [speaker] = await visit(closing(door), server, "closing")
            for opcode, payload in frames:
                speaker.send(opcode, payload)
            await is_over(speaker)
            assert speaker.code == code

    asyncio.run(play())


async def is_over(connection: Connection) -> None:
    """Wait until a connection is gone."""
    await until(lambda: connection.is_over)


def closing(door: type[Connection]) -> Any:
    """A speaker that notes how it was closed."""
    return type(door.__name__, (door,), {"code": 0, "closed": Raw.closed})


def test_errors_that_end_nothing(pair: Pair) -> None:
    """At `wsecho.v1` and at WAMP; then it speaks on."""

    async def play() -> None:
        [framed] = await visit(Framed, pair[0], "errors")
        for text in (b"no JSON", b'{"type":"shout"}', b'{"type":"publish","id":7}'):
            framed.send(1, text)
        framed.send(2, b"binary")
        framed.say("0", id="8")
        await framed.hear(6)
        assert {frame["code"] for frame in framed.frames[1:5]} == {"bad_request"}
        assert framed.frames[3]["id"] == 7
        assert framed.frames[5]["type"] == "published"
        [wamp] = await visit(Session, pair[1], "errors")
        wamp.publish()
        wamp.publish(1)
        wamp.ask_for(16, {"acknowledge": True, "retain": True}, wamp.topic(), ["x"])
        wamp.ask_for(48, {}, "wsecho.members", ["\0"])
        wamp.publish("1")
        await wamp.hear(5)
        wrong = "wamp.error.invalid_argument"
        assert [answer[4] for answer in wamp.answers[:4]] == [
            *(wrong, wrong, "wamp.error.option_not_allowed", wrong)
        ]
        assert wamp.answers[4][0] == 17
        leave(framed, wamp)

    asyncio.run(play())


def test_a_room_has_so_many_members_in_all(strict: Pair) -> None:
    """Wherever they are: `refused`, and `wsecho.error.over_limit`; who leaves makes place."""
    one, two = strict

    async def play() -> None:
        inside = [
            *await visit(Framed, one, "full", count=2),
            *await visit(Raw, two, "full"),
        ]
        for server in strict * 2:
            await is_told(server, "/broadcast/full?history=1", "refused")
            [wamp] = await visit(Session, server, "full")
            wamp.ask_for(32, {}, wamp.topic())
            [refused] = await wamp.hear(1)
            assert refused[4] == "wsecho.error.over_limit"
            leave(wamp)
        leave(inside.pop())
        await until(lambda: listed(one, "full", 2))
        inside += await visit(Framed, two, "full")
        leave(*inside)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("limit", "refusal"), [("max-connections", 503), ("max-connections-per-address", 429)]
)
def test_there_are_so_many_connections_in_all(kind: Kind, limit: str, refusal: int) -> None:
    """Wherever they are; a server that dies takes its own along."""

    async def play(one: RunningServer, two: RunningServer) -> None:
        inside = await visit(Raw, one, "a", count=4)
        await status(two, "/echo", refusal, **UPGRADE)
        if kind is Kind.NODES:
            one.process.signal(signal.SIGKILL)
        else:
            leave(*inside)
        await status(two, "/echo", 101, **UPGRADE)

    with service(kind, f"--{limit}", "4", "--node-ttl", "1") as pair:
        asyncio.run(play(*pair))


async def listed(server: RunningServer, room: str, count: int) -> bool:
    """Whether a room has so many members."""
    _, answer = await asyncio.to_thread(ask, server, "GET", f"/broadcast/{room}/members")
    return len(answer["members"]) == count


async def is_told(server: RunningServer, path: str, wanted: str) -> None:
    """Wait until a stream of events begins with one of this name."""

    def look() -> str:
        connection = HTTPConnection(server.host, server.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        lines = iter(answer.readline, b"")
        name = next(line for line in lines if line.startswith(b"event: "))
        connection.close()
        return name.decode().removeprefix("event: ").strip()

    assert await settled(lambda: asyncio.to_thread(look), wanted) == wanted


async def status(server: RunningServer, path: str, wanted: int, **headers: str) -> None:
    """Wait until a request is answered like this."""

    def look() -> int:
        connection = HTTPConnection(server.host, server.port, timeout=PATIENCE)
        connection.request("GET", path, headers=headers)
        # The body's end may be far away.
        found = connection.getresponse().status
        connection.close()
        return found

    assert await settled(lambda: asyncio.to_thread(look), wanted) == wanted
