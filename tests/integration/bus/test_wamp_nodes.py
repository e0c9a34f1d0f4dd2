# SPDX-License-Identifier: MIT
"""WAMP over several real servers on one real Redis, with real clients."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from functools import partial
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.integration.test_wamp import run_component
from tests.node import run_node
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import until
from tests.support.wamp import (
    CALL,
    CANCEL,
    ERROR,
    EVENT,
    INTERRUPT,
    INVOCATION,
    PUBLISH,
    RESULT,
    UNREGISTERED,
    YIELD,
    Refused,
    Wamp,
    wamp,
)

AWAY: Final = "wamp.error.network_failure"
UNKNOWN: Final = "wamp.error.timeout"
TAKEN: Final = "wamp.error.procedure_already_exists"
GONE: Final = "wamp.error.canceled"
QUICK: Final = ("--node-ttl", "2", "--redis-timeout", "1")


@contextmanager
def servers(
    redis: RedisServer, count: int, *options: str, prefix: str = ""
) -> Iterator[list[RunningServer]]:
    """So many servers on a Redis, each of one process, under a prefix of their own."""
    prefix = prefix or f"{uuid4().hex}:"
    with ExitStack() as stack:
        yield [
            stack.enter_context(running("--redis", redis.url, "--redis-prefix", prefix, *options))
            for _ in range(count)
        ]


@pytest.fixture(scope="module")
def pair(redis: RedisServer) -> Iterator[list[RunningServer]]:
    """Two servers that the tests share."""
    with servers(redis, 2) as pair:
        yield pair


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a test's own part, bounded in time."""
    asyncio.run(asyncio.wait_for(main, 4 * PATIENCE))


def unique(name: str) -> str:
    """A URI that no other test uses."""
    return f"com.example.{name}.{uuid4().hex}"


async def known_by_all(*clients: Wamp) -> None:
    """Wait until the nodes of some sessions know of one another."""
    ids = {client.id for client in clients}

    async def know() -> bool:
        found = [set(await client.call("wamp.session.list")) for client in clients]
        return all(ids <= each for each in found)

    await until(know)


async def refusal(outcome: Coroutine[Any, Any, Any]) -> str:
    """The URI that something is refused with."""
    with pytest.raises(Refused) as refused:
        await outcome
    return str(refused.value)


async def called(caller: Wamp, callee: Wamp, procedure: str) -> Any:
    """The result of a call that the callee answers with `yes`."""
    _, answer = await caller.begin(CALL, {}, procedure)
    kind, invocation, *_ = await callee.next()
    assert kind == INVOCATION
    await callee.send(YIELD, invocation, {}, ["yes"])
    return (await answer)[3][0]


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_autobahnjs_between_servers(pair: list[RunningServer], serializer: str) -> None:
    """All that it does on one."""
    urls = [server.ws("/ws") for server in pair]
    assert "ok" in run_node("wamp.mjs", urls[0], serializer, urls[1])


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_autobahn_python_between_servers(pair: list[RunningServer], serializer: str) -> None:
    """All that it does on one."""
    urls = [server.ws("/ws") for server in pair]
    assert "ok" in run_component("websocket", urls[0], serializer, urls[1])


def test_events_and_calls_between_servers(pair: list[RunningServer]) -> None:
    """With binary, disclosure, lists of receivers, progress, both ways to cancel, a timeout."""

    async def main() -> None:
        topic = unique("t")
        async with wamp(pair[0]) as one, wamp(pair[1]) as two:
            await known_by_all(one, two)
            subscription = await two.subscribe(topic)

            async def is_known() -> bool:
                return bool(await one.call("wamp.subscription.lookup", topic) == subscription)

            await until(is_known)
            assert await one.call("wamp.subscription.list_subscribers", subscription) == [two.id]
            for lists in ({"exclude": [two.id]}, {"eligible": [one.id]}):
                await one.publish(topic, "hidden", **lists)
            publication = await one.publish(topic, b"\0\xff", 2**70, disclose_me=True)
            event = await two.next()
            assert event[:3] == [EVENT, subscription, publication]
            assert (event[3]["publisher"], event[4]) == (one.id, [b"\0\xff", 2**70])
            registration = await one.register(topic)
            assert await refusal(two.register(topic)) == TAKEN
            request, answer = await two.begin(
                CALL, {"receive_progress": True, "disclose_me": True}, topic, [b"x"]
            )
            kind, invocation, where, details, args = await one.next()
            assert (kind, where, args) == (INVOCATION, registration, [b"x"])
            assert details["caller"] == two.id
            for part in range(3):
                await one.send(YIELD, invocation, {"progress": True}, [part])
            await one.send(YIELD, invocation, {}, ["done"])
            assert [(await two.next())[3] for _ in range(3)] == [[0], [1], [2]]
            assert await answer == [RESULT, request, {}, ["done"]]
            for mode, options in (("kill", {}), ("killnowait", {}), ("", {"timeout": 100})):
                request, answer = await two.begin(CALL, options, topic)
                invocation = (await one.next())[1]
                if mode:
                    await two.send(CANCEL, request, {"mode": mode})
                interrupt = await one.next()
                assert interrupt[:2] == [INTERRUPT, invocation]
                if mode == "kill":
                    await one.send(ERROR, INVOCATION, invocation, {}, "com.example.stopped")
                with pytest.raises(Refused) as refused:
                    await answer
                expected = {"kill": "com.example.stopped", "killnowait": GONE, "": UNKNOWN}
                assert refused.value.args == (expected[mode],)

    run(main())


def test_calls_are_shared_by_workers_of_all_servers(pair: list[RunningServer]) -> None:
    """Round robin is one round over all, whoever calls."""

    async def main() -> None:
        procedure = unique("p")
        async with AsyncExitStack() as stack:
            callees = [
                await stack.enter_async_context(wamp(pair[number % 2])) for number in range(4)
            ]
            for callee in callees:
                await callee.register(procedure, invoke="roundrobin")

            async def serve(number: int) -> None:
                while True:
                    _, invocation, *_ = await callees[number].unasked.get()
                    await callees[number].send(YIELD, invocation, {}, [number])

            serving = [asyncio.create_task(serve(number)) for number in range(4)]
            await known_by_all(*callees)
            served = [await callees[turn % 3].call(procedure) for turn in range(12)]
            assert served == [0, 1, 2, 3] * 3
            for task in serving:
                task.cancel()

    run(main())


def test_a_retained_event_awaits_who_comes_later(redis: RedisServer) -> None:
    """On a server that was started later; it outlives the one that it was published on."""

    async def main() -> None:
        topic, prefix = unique("t"), f"{uuid4().hex}:"
        with servers(redis, 1, prefix=prefix) as [first]:
            async with wamp(first) as one:
                await one.publish(topic, "old", retain=True)
                publication = await one.publish(topic, "new", retain=True)
        with servers(redis, 1, prefix=prefix) as [second]:
            async with wamp(second) as two:

                async def has_it() -> bool:
                    async with wamp(second) as other:
                        await other.subscribe(topic, get_retained=True)
                        await other.call("wsecho.echo")
                        return other.events() == [["new"]]

                await until(has_it)
                await two.subscribe(topic, get_retained=True)
                event = await two.next()
                assert (event[2], event[3]) == (publication, {"retained": True})

    run(main())


def test_a_server_that_is_killed_leaves_nothing(redis: RedisServer) -> None:
    """Calls to it fail at once, its sessions and procedures go within `--node-ttl`."""

    async def main() -> None:
        procedure = unique("p")
        with servers(redis, 2, *QUICK) as [staying, dying]:
            async with wamp(staying) as here, wamp(staying) as caller:
                async with wamp(dying) as there:
                    await known_by_all(here, there)
                    await here.subscribe("wamp.session.on_leave")
                    await there.register(procedure)
                    await there.subscribe(procedure)
                    await here.register(f"{procedure}.here")
                    _, answer = await caller.begin(CALL, {}, procedure)
                    await there.begin(CALL, {}, f"{procedure}.here")
                    assert (await there.next())[0] == INVOCATION
                    assert (await here.next())[0] == INVOCATION
                    dying.process.signal(signal.SIGKILL)
                assert await refusal(caller.ask(CALL, {}, procedure)) == GONE
                with pytest.raises(Refused) as refused:
                    await asyncio.wait_for(answer, PATIENCE)
                assert refused.value.args == (GONE,)
                came = [await here.next() for _ in range(2)]
                assert {message[0] for message in came} == {INTERRUPT, EVENT}
                [event] = [message for message in came if message[0] == EVENT]
                assert event[4][0] == there.id
                assert set(await here.call("wamp.session.list")) == {here.id, caller.id}
                assert await here.call("wamp.subscription.lookup", procedure) is None
                await here.register(procedure)

    run(main())


def test_redis_is_stopped_and_goes_on() -> None:
    """What was on its way is unknown, then all is refused at once, then all is as it was."""

    async def main() -> None:
        topic = unique("t")
        with redis_server() as redis, servers(redis, 2, *QUICK) as [first, second]:
            async with wamp(first) as one, wamp(second) as two:
                await known_by_all(one, two)
                await two.subscribe(topic)
                await two.register(topic)
                assert await one.publish(topic, "before")
                redis.signal(signal.SIGSTOP)
                try:
                    waiting = [await one.begin(PUBLISH, {"acknowledge": True}, topic, ["lost?"])]
                    waiting.append(await one.begin(CALL, {}, topic))
                    for _, answer in waiting:
                        with pytest.raises(Refused) as refused:
                            await answer
                        assert refused.value.args[0] in {UNKNOWN, AWAY}
                    for refused_now in (
                        one.publish(topic, "refused"),
                        one.call(topic),
                        one.call("wamp.session.count"),
                        one.register(f"{topic}.new"),
                    ):
                        assert await refusal(refused_now) == AWAY
                    assert await one.call("wsecho.echo", "local") == "local"
                finally:
                    redis.signal(signal.SIGCONT)

                async def is_back() -> bool:
                    try:
                        await one.publish(topic, "after")
                        return two.id in await one.call("wamp.session.list")
                    except Refused:
                        return False

                await until(is_back)
                assert await refusal(one.register(topic)) == TAKEN
                _, answer = await one.begin(CALL, {}, topic, ["again"])
                while (message := await two.next())[0] != INVOCATION or message[4:] != [["again"]]:
                    assert message[0] in {EVENT, INVOCATION, INTERRUPT}
                    assert message[4:] != [["refused"]]
                await two.send(YIELD, message[1], {}, ["yes"])
                assert (await answer)[3] == ["yes"]

    run(main())


def test_redis_comes_back_with_nothing() -> None:
    """Registrations stay where they were, and what was retained is there for those to come."""

    async def main() -> None:
        topic = unique("t")
        with redis_server() as redis, servers(redis, 2, *QUICK) as [first, second]:
            async with wamp(first) as one, wamp(second) as two:
                await known_by_all(one, two)
                await two.register(topic)
                await one.publish(topic, "kept", retain=True)
                redis.kill()
                redis.restore(None)
                redis.start()

                async def is_back() -> bool:
                    there = [redis.ask("KEYS", f"*:{name}*") for name in ("kept", "claims")]
                    return all(there) and await is_well(one) and await is_well(two)

                await until(is_back)
                assert await refusal(one.register(topic)) == TAKEN
                assert await called(one, two, topic) == "yes"
                keys = {key.decode() for key in redis.ask("KEYS", "*:kept:*")}
                assert len(keys) == 1
                assert redis.ask("HLEN", keys.pop()) == 1

    run(main())


def test_a_server_that_was_taken_for_dead_has_lost_its_claims(redis: RedisServer) -> None:
    """Whoever registered meanwhile serves on, and the callee of before is told."""

    async def main() -> None:
        procedure = unique("p")
        with servers(redis, 2, *QUICK) as [first, second]:
            async with wamp(first) as one, wamp(second) as two:
                await known_by_all(one, two)
                registration = await two.register(procedure)
                second.process.signal(signal.SIGSTOP)
                try:

                    async def has_it() -> bool:
                        try:
                            await one.register(procedure)
                        except Refused:
                            return False
                        return True

                    await until(has_it)
                finally:
                    second.process.signal(signal.SIGCONT)
                revoked = await two.next()
                assert revoked[:2] == [UNREGISTERED, 0]
                assert revoked[2]["registration"] == registration
                await known_by_all(one, two)
                assert await called(two, one, procedure) == "yes"
                assert await refusal(two.register(procedure)) == TAKEN

    run(main())


def test_what_others_write_there_harms_nothing(redis: RedisServer) -> None:
    """Nor what a later version of ours says."""

    async def main() -> None:
        topic, prefix = unique("t"), f"{uuid4().hex}:"
        with servers(redis, 1, prefix=prefix) as [first]:
            async with wamp(first) as one:
                await one.publish(topic, "kept", retain=True)
            redis.ask("HSET", f"{prefix}{{@}}:kept:wamp:realm1", "7", "garbage")
            with servers(redis, 1, prefix=prefix) as [second]:
                async with wamp(first) as one, wamp(second) as two:
                    await known_by_all(one, two)
                    await two.subscribe(topic)
                    for channel in ("subject", "log"):
                        for garbage in ("", "garbage", "0-0 1-1 garbage", "\x82"):
                            redis.ask("PUBLISH", f"{prefix}{channel}:wamp:realm1", garbage)
                    await one.publish(topic, "after")
                    assert (await two.next())[4] == ["after"]
                    await two.subscribe(topic, get_retained=True)
                    assert (await two.next())[4] == ["kept"]

    run(main())


def test_alone_each_serves_its_own() -> None:
    """`--when-bus-down local`."""

    async def main() -> None:
        topic = unique("t")
        options = (*QUICK, "--when-bus-down", "local")
        with redis_server() as redis, servers(redis, 2, *options) as [first, second]:
            async with wamp(first) as one, wamp(first) as beside, wamp(second) as two:
                await known_by_all(one, beside, two)
                for client in (beside, two):
                    await client.subscribe(topic)
                await two.register(f"{topic}.there")
                redis.kill()

                async def is_alone() -> bool:
                    return int(await one.call("wamp.session.count")) == 2

                await until(is_alone)
                await one.publish(topic, "local")
                assert (await beside.next())[4] == ["local"]
                await beside.register(f"{topic}.here")
                assert await called(one, beside, f"{topic}.here") == "yes"
                there = await refusal(one.call(f"{topic}.there"))
                assert there == "wamp.error.no_such_procedure"
                redis.start()
                await known_by_all(one, beside, two)
                assert await refusal(two.register(f"{topic}.here")) == TAKEN
                assert two.events() == []

    run(main())


def test_what_is_acknowledged_is_seen_once_by_all() -> None:
    """In one order, while Redis is stopped, killed and started, and connections are dropped."""

    async def main() -> None:
        topic = unique("t")

        async def play(clients: list[Wamp], redis: RedisServer) -> None:
            for client in clients:
                await client.subscribe(topic)
            acknowledged, unknown = await speak_through_trouble(clients, [topic], redis)
            for client in clients:
                await until(partial(is_well, client))
            heard = [[text for [text] in client.events()] for client in clients]
            for each in heard:
                assert len(set(each)) == len(each)
                assert acknowledged - unknown <= set(each)
                assert set(each) <= acknowledged | unknown
                order = [text for text in each if text in acknowledged]
                assert order == [text for text in heard[0] if text in acknowledged]

        await with_three(play)

    run(main())


@pytest.mark.parametrize("match", ["prefix", "wildcard"])
def test_who_is_subscribed_to_many_rooms_misses_nothing(match: str) -> None:
    """The same for rooms that nobody is in: in each one order, and all that it has."""

    async def main() -> None:
        name = unique("r").replace(".", "-")
        rooms = [f"wsecho.room.{name}.{number}" for number in range(5)]
        # An empty component of a wildcard stands for any.
        many = f"wsecho.room.{name}."

        async def play(clients: list[Wamp], redis: RedisServer) -> None:
            for client in clients:
                await client.subscribe(many, match=match)
            acknowledged, unknown = await speak_through_trouble(clients, rooms, redis)

            heard: list[list[str]] = [[] for _ in clients]

            def all_came() -> bool:
                for each, client in zip(heard, clients, strict=True):
                    each += [text for [text] in client.events()]
                return all(acknowledged <= set(each) for each in heard)

            await until(all_came)
            for each in heard:
                assert len(set(each)) == len(each)
                assert set(each) <= acknowledged | unknown
                for room in rooms:
                    assert in_room(each, room) == in_room(heard[0], room)

        await with_three(play)

    def in_room(heard: list[str], room: str) -> list[str]:
        return [text for text in heard if text.startswith(f"{room} ")]

    run(main())


async def with_three(play: Callable[[list[Wamp], RedisServer], Awaitable[None]]) -> None:
    """Have a session at each of three servers."""
    with redis_server() as redis, servers(redis, 3, *QUICK) as nodes:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(wamp(node)) for node in nodes]
            await known_by_all(*clients)
            await play(clients, redis)


async def speak_through_trouble(
    clients: list[Wamp], topics: list[str], redis: RedisServer
) -> tuple[set[str], set[str]]:
    """Publish, while Redis is stopped, killed and started, and connections are dropped.

    Returns:
        what was acknowledged, and what may have come or not: once and to all, then.
    """
    acknowledged: set[str] = set()
    unknown: set[str] = set()
    is_over = asyncio.Event()

    async def speak(number: int) -> None:
        count = 0
        while not is_over.is_set():
            count += 1
            topic = topics[count % len(topics)]
            text = f"{topic} {number}-{count}"
            try:
                await clients[number].publish(topic, text, exclude_me=False)
                acknowledged.add(text)
            except Refused as refused:
                if refused.args == (UNKNOWN,):
                    unknown.add(text)
                await asyncio.sleep(0.05)

    speaking = [asyncio.create_task(speak(number)) for number in range(len(clients))]
    for trouble in ("stop", "drop", "kill", "drop"):
        before = len(acknowledged)
        await until(partial(exceeds, acknowledged, before + 50))
        await asyncio.to_thread(make_trouble, redis, trouble)
    before = len(acknowledged)
    await until(partial(exceeds, acknowledged, before + 50))
    is_over.set()
    await asyncio.gather(*speaking)
    return acknowledged, unknown


async def exceeds(found: set[str], number: int) -> bool:
    """Whether there are more than so many."""
    return len(found) > number


async def is_well(client: Wamp) -> bool:
    """Whether a session's server has heard all that was published before."""
    try:
        await client.call("com.example.nothing")
    except Refused as refused:
        return refused.args == ("wamp.error.no_such_procedure",)
    return False


def make_trouble(redis: RedisServer, kind: str) -> None:
    """Stop Redis for some time, drop its connections, or kill it and start it again."""
    if kind == "stop":
        redis.signal(signal.SIGSTOP)
        try:
            subprocess.run(["sleep", "2"], check=True)
        finally:
            redis.signal(signal.SIGCONT)
    elif kind == "drop":
        redis.ask("CLIENT", "KILL", "TYPE", "pubsub")
    else:
        redis.kill()
        redis.start()
