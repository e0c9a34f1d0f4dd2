# SPDX-License-Identifier: MIT
"""`wsecho.client`, against real servers that are killed, behind real proxies that misbehave.

`tests/clients.md` says in words what both client libraries show.
"""

import asyncio
import contextlib
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import websockets

from tests.support.certificates import write_certificate
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.proxies import Proxy, free_port, proxying
from tests.support.redis_server import redis_server
from tests.support.tokens import key_file, token
from tests.support.waiting import until
from wsecho.client import (
    BadRequest,
    Closed,
    Event,
    Forbidden,
    Gap,
    Message,
    NotWsecho,
    Position,
    Presence,
    Room,
    Status,
    TooLarge,
    Unauthorized,
    Unavailable,
    connect,
)
from wsecho.client.protocol import liveness

T = TypeVar("T")


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run a program on asyncio, in which nothing may go wrong unseen."""

    async def watched() -> T:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        async with asyncio.timeout(4 * PATIENCE):
            result = await main()
        assert faults == []
        return result

    return asyncio.run(watched())


@contextlib.contextmanager
def at(port: int, *options: str) -> Iterator[RunningServer]:
    """A server at a port that others know."""
    with running(*options, listen=f"tcp:{port}:interface=127.0.0.1") as server:
        yield server


def url_at(port: int, room: str = "lobby") -> str:
    """A room of a server of loopback."""
    return f"ws://127.0.0.1:{port}/broadcast/{room}"


async def read(room: Room, count: int) -> list[Message]:
    """So many messages."""
    async with asyncio.timeout(PATIENCE):
        return [await anext(room) for _ in range(count)]


async def data(room: Room, count: int) -> list[str | bytes]:
    """What so many messages say."""
    return [message.data for message in await read(room, count)]


async def aside(job: Callable[[], T]) -> T:
    """Do what blocks."""
    return await asyncio.to_thread(job)


# -- reading and writing


def test_it_reads_and_writes(server: RunningServer) -> None:
    """Text and binary, by either scheme, in rooms with any name."""

    async def main() -> None:
        name = "a b/ü.#?%"
        url = server.http("/broadcast/a%20b%2F%C3%BC.%23%3F%25")
        async with connect(url) as room, connect(url.replace("http", "ws", 1)) as other:
            assert (room.name, room.status.state, room.pending) == (name, "open", 0)
            begin = room.position
            said: list[str | bytes] = [
                "",
                "héllo\u2028\0",
                b"",
                b"\0\xff",
                "x" * 300_000,
                b"y" * 300_000,
            ]
            positions = [await room.publish(each) for each in said]
            assert [each.offset for each in positions] == list(range(1, 7))
            assert room.position == begin
            for reader in (room, other):
                messages = await read(reader, 6)
                assert [message.data for message in messages] == said
                assert [message.position for message in messages] == positions
                assert reader.position == positions[-1]

    run(main)


def test_many_messages_of_many_calls_keep_their_order(server: RunningServer) -> None:
    """Two senders, each a thousand at once: both read one order, in which each has its own."""

    async def main() -> None:
        url = server.ws("/broadcast/order")
        async with connect(url) as one, connect(url) as two:
            said = [
                asyncio.gather(*(room.publish(f"{name} {n}") for n in range(500)))
                for name, room in (("one", one), ("two", two))
            ]
            first, second = await asyncio.gather(data(one, 1_000), data(two, 1_000))
            assert first == second
            for name, positions in zip(("one", "two"), await asyncio.gather(*said), strict=True):
                own = [each for each in first if str(each).startswith(name)]
                assert own == [f"{name} {n}" for n in range(500)]
                assert positions == sorted(positions, key=lambda position: position.offset)

    run(main)


def test_who_said_it_and_when(server: RunningServer) -> None:
    """And one's own can be left out: live, in a replay, and after a restart under one secret."""

    async def main() -> None:
        url, secret = server.ws("/broadcast/senders"), "a-secret-of-mine"
        before = int(time.time() * 1_000) - 1
        async with (
            connect(url, own=False, member=secret) as room,
            connect(url) as other,
        ):
            for each in range(3):
                await room.publish(f"mine {each}")
                await other.publish(f"theirs {each}")
            for message in await read(room, 3):
                assert str(message.data).startswith("theirs")
                assert message.sender is not None
                assert (message.sender.id, message.sender.name) == (other.member, None)
                assert message.time is not None
                assert before <= message.time <= time.time() * 1_000
            assert len(await read(other, 6)) == 6
            last = await room.publish("mine, the last")
            [own] = await read(other, 1)
            assert own.sender is not None
            assert own.sender.id == room.member
            # One's own at the end are behind the place, too.
            await until(lambda: room._machine.reading.place == last)
            assert room.position == last or room._machine.take(0.0) is None
            assert room.position == last
        async with connect(url, own=False, member=secret, history=100) as room:
            assert await data(room, 3) == [f"theirs {each}" for each in range(3)]

    run(main)


def test_history_and_a_place_to_resume_after(server: RunningServer) -> None:
    """The last few; what follows a place that was kept; a place that is lost is a gap."""

    async def main() -> None:
        url = server.ws("/broadcast/history")
        async with connect(url) as room:
            positions = [await room.publish(str(n)) for n in range(10)]
        async with connect(url, history=3) as room:
            assert await data(room, 3) == ["7", "8", "9"]
        async with connect(url, after=positions[4]) as room:
            assert await data(room, 2) == ["5", "6"]
            kept = str(room.position)
        async with connect(url, after=kept) as room:
            assert await data(room, 3) == ["7", "8", "9"]
        async with connect(url, after="lost:4") as room:
            assert room.position == Position("lost", 4)
            with pytest.raises(Gap) as told:
                await anext(room)
            assert (told.value.after, told.value.code) == (Position("lost", 4), "gap")
            assert await data(room, 10) == [str(n) for n in range(10)]
        async with connect(url, after="lost:4", history=2, on_gap="skip") as room:
            assert await data(room, 2) == ["8", "9"]

    run(main)


def test_who_is_there_and_all_that_happens_in_one_stream(server: RunningServer) -> None:
    """Messages, presence and how it stands."""

    async def main() -> None:
        url = server.ws("/broadcast/presence")
        async with connect(url, presence=True) as room, asyncio.timeout(PATIENCE):
            assert [member.id for member in room.members] == [room.member]
            events = room.events()
            assert await anext(events) == Status("open")
            async with connect(url, member="a-secret-of-mine") as other:
                come = await anext(events)
                assert isinstance(come, Presence)
                assert (come.action, come.member.id) == ("join", other.member)
                assert len(room.members) == 2
                await other.publish("hello")
                message = await anext(events)
                assert isinstance(message, Message)
                with pytest.raises(BadRequest, match="presence"):
                    _ = other.members
            # A named member lingers for a while.
            gone = await anext(events)
            assert isinstance(gone, Presence)
            assert (gone.action, gone.member.id) == ("leave", come.member.id)

    run(main)


def test_leaving_ends_what_waits(server: RunningServer) -> None:
    """Readers come to their end, and nothing is left running."""

    async def main() -> None:
        async with connect(server.ws("/broadcast/leaving")) as room:
            reading = asyncio.create_task(data(room, 1))
            events = asyncio.create_task(anext(room.events(), "the end"))
            await asyncio.sleep(0)
        with pytest.raises(StopAsyncIteration):
            await reading
        assert await events == "the end"
        assert [message async for message in room] == []
        with pytest.raises(Closed):
            await room.publish("x")
        assert room.status.state == "closed"
        assert len(asyncio.all_tasks()) == 1

    run(main)


def test_a_thousand_clients_of_one_program(server: RunningServer) -> None:
    """Each in a room of its own."""

    async def one(number: int, gate: asyncio.Semaphore) -> None:
        async with gate, connect(server.ws(f"/broadcast/crowd-{number}")) as room:
            position = await room.publish(str(number))
            [message] = await read(room, 1)
            assert (message.data, message.position) == (str(number), position)

    async def main() -> None:
        gate = asyncio.Semaphore(250)
        await asyncio.gather(*(one(number, gate) for number in range(1_000)))

    run(main)


# -- when it breaks


def test_a_killed_server_that_forgets_is_a_gap() -> None:
    """Told once, before the first message behind it; what was being said then is said again."""
    port = free_port()

    async def main(servers: contextlib.ExitStack) -> None:
        server = servers.enter_context(at(port))
        async with connect(url_at(port)) as room:
            last = await room.publish("before")
            server.process.signal(signal.SIGKILL)
            server.process.popen.wait(PATIENCE)
            await until(lambda: room.status.state == "offline")
            waiting = asyncio.create_task(room.publish("while it was away"))
            await aside(lambda: servers.enter_context(at(port)))
            position = await waiting
            assert position.epoch != last.epoch
            assert await data(room, 1) == ["before"]
            with pytest.raises(Gap) as told:
                await anext(room)
            assert told.value.after == last
            assert told.value.position == Position(position.epoch, 0) == room.position
            await room.publish("behind")
            assert await data(room, 2) == ["while it was away", "behind"]

    with contextlib.ExitStack() as servers:
        run(lambda: main(servers))


def test_a_killed_server_with_redis_loses_nothing() -> None:
    """Nor what others said meanwhile."""
    port = free_port()
    with redis_server() as redis, running("--redis", redis.url) as other:

        async def main(servers: contextlib.ExitStack) -> None:
            server = servers.enter_context(at(port, "--redis", redis.url))
            async with connect(url_at(port)) as room, connect(other.ws("/broadcast/lobby")) as far:
                await room.publish("0")
                server.process.signal(signal.SIGKILL)
                server.process.popen.wait(PATIENCE)
                for number in range(1, 6):
                    await far.publish(str(number))
                late = asyncio.create_task(room.publish("late"))
                await aside(lambda: servers.enter_context(at(port, "--redis", redis.url)))
                await late
                assert await data(room, 7) == [*"012345", "late"]
                assert await data(far, 7) == [*"012345", "late"]

        with contextlib.ExitStack() as servers:
            run(lambda: main(servers))


def test_a_server_that_restarts_in_order_is_come_back_to() -> None:
    """By its `closing` frame; members and messages go on."""
    port = free_port()
    with redis_server() as redis:

        async def main(servers: contextlib.ExitStack) -> None:
            server = servers.enter_context(at(port, "--redis", redis.url))
            async with connect(url_at(port), presence=True) as room:
                for number in range(3):
                    await room.publish(str(number))
                    server.process.signal(signal.SIGTERM)
                    await aside(server.process.wait)
                    again = lambda: servers.enter_context(at(port, "--redis", redis.url))  # noqa: E731
                    server = await aside(again)
                assert await data(room, 3) == ["0", "1", "2"]
                await until(lambda: room.status.state == "open")
                assert room.member in [member.id for member in room.members]

        with contextlib.ExitStack() as servers:
            run(lambda: main(servers))


def test_an_answer_that_gets_lost_doubles_nothing(server: RunningServer) -> None:
    """The server took the message; it is said again under its key."""

    async def main() -> None:
        async with proxying(server.port) as proxy:
            url = url_at(proxy.port, "eaten")
            async with connect(url) as room, connect(server.ws("/broadcast/eaten")) as other:
                proxy.eat_answers = True
                saying = asyncio.gather(*(room.publish(str(number)) for number in range(10)))
                assert await data(other, 10) == [str(number) for number in range(10)]
                proxy.cut()
                proxy.is_cut = proxy.eat_answers = False
                positions = await saying
                assert [position.offset for position in positions] == list(range(1, 11))
                await room.publish("end")
                assert await data(other, 1) == ["end"]
                assert await data(room, 11) == [*(str(number) for number in range(10)), "end"]

    run(main)


def test_cut_again_and_again_nothing_is_lost_and_nothing_doubled(server: RunningServer) -> None:
    """In whatever moment."""

    async def main() -> None:
        async with proxying(server.port) as proxy:
            url, count = url_at(proxy.port, "cut"), 600

            async def say(room: Room) -> None:
                for number in range(count):
                    await room.publish(str(number))

            async def cut() -> None:
                while True:
                    await asyncio.sleep(0.15)
                    proxy.cut()
                    proxy.is_cut = False

            async with connect(url) as room, connect(url) as other:
                saying, cutting = asyncio.create_task(say(room)), asyncio.create_task(cut())
                reading = asyncio.create_task(data(room, count))
                assert await data(other, count) == [str(number) for number in range(count)]
                assert await reading == [str(number) for number in range(count)]
                await saying
                cutting.cancel()

    run(main)


def test_a_black_hole_is_noticed(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing came and no pong: it is left, and what was said goes another way."""
    assert liveness.SILENCE + liveness.PATIENCE < 60
    monkeypatch.setattr(liveness, "SILENCE", 0.5)
    monkeypatch.setattr(liveness, "PATIENCE", 0.5)

    async def main() -> None:
        async with proxying(server.port) as proxy, connect(url_at(proxy.port, "hole")) as room:
            await asyncio.sleep(1.5)
            assert room.status.state == "open"
            proxy.black_hole()
            await room.publish("through")
            assert await data(room, 1) == ["through"]

    run(main)


def test_a_proxy_that_swallows_is_told_of(server: RunningServer) -> None:
    """Within the time that was given."""

    async def main() -> None:
        async with proxying(server.port, swallow_upgrades=True) as proxy:
            with pytest.raises(Unavailable):
                await connect(url_at(proxy.port), give_up_after=2).__aenter__()
            assert proxy.swallowed
            # What is swallowed only for a while is waited for.
            entering = asyncio.create_task(connect(url_at(proxy.port)).__aenter__())
            await until(lambda: proxy.swallowed > 1)
            proxy.swallow_upgrades = False
            proxy.cut()
            proxy.is_cut = False
            await (await entering).close()

    run(main)


def test_a_server_that_comes_later_is_waited_for() -> None:
    """Refused connections pass; up to `give_up_after`."""
    port = free_port()

    async def main() -> None:
        with pytest.raises(Unavailable, match="given up after 1 s"):
            await connect(url_at(port), give_up_after=1).__aenter__()
        entering = asyncio.create_task(connect(url_at(port)).__aenter__())
        await asyncio.sleep(0.5)
        server = await aside(lambda: servers.enter_context(at(port)))
        room = await entering
        await room.publish("x")
        server.process.signal(signal.SIGKILL)
        server.process.popen.wait(PATIENCE)
        await room.close()

    with contextlib.ExitStack() as servers:
        run(main)


def test_an_outage_can_be_given_up() -> None:
    """Whoever reads or writes is told."""
    port = free_port()

    async def main() -> None:
        with at(port) as server:
            room = await connect(url_at(port), give_up_after=2).__aenter__()
            server.process.signal(signal.SIGKILL)
            server.process.popen.wait(PATIENCE)
            saying = asyncio.create_task(room.publish("x"))
            with pytest.raises(Unavailable):
                await anext(room)
            with pytest.raises(Unavailable):
                await saying
            with pytest.raises(Unavailable):
                await room.publish("x")
            await room.close()

    run(main)


# -- slow readers


def test_who_reads_too_slowly_misses_nothing_that_is_kept() -> None:
    """What a server leaves out (`skip`) or closes for (`close`) is fetched again."""

    async def main(server: RunningServer) -> None:
        url = server.ws("/broadcast/slow")
        async with connect(url) as room, connect(url) as other:
            count, text = 600, "x" * 40_000
            for number in range(0, count, 50):
                reading = asyncio.create_task(data(other, 50))
                said = (room.publish(f"{each} {text}") for each in range(number, number + 50))
                await asyncio.gather(*said)
                await reading
            # Publishing goes on though nobody reads.
            assert (await room.publish("the end")).offset == count + 1
            found = await data(room, count + 1)
            assert [str(each).partition(" ")[0] for each in found[:-1]] == [
                str(number) for number in range(count)
            ]
            assert found[-1] == "the end"

    keeps = ("--history", "2000", "--history-bytes", "200MiB", "--max-keys", "0")
    for policy in ("skip", "close", "latest"):
        with running("--slow", policy, "--send-queue", "64KiB", *keeps) as server:
            run(lambda: main(server))  # it runs at once


def test_what_is_left_out_for_a_slow_reader_can_be_skipped() -> None:
    """Then it is told as a gap, and never silently."""

    async def main(server: RunningServer) -> list[Event]:
        url, events = server.ws("/broadcast/slow"), []
        async with connect(url, on_gap="skip") as room, connect(url) as other:
            for number in range(1_500):
                await other.publish(f"{number} {'x' * 20_000}")
                if number % 50 == 49:
                    await read(other, 50)
            last = await other.publish("the end")
            async for event in room.events():
                events.append(event)
                if isinstance(event, Message) and event.position == last:
                    return events
        raise AssertionError(events)

    with running("--slow", "latest", "--send-queue", "64KiB", "--max-keys", "0") as server:
        events = run(lambda: main(server))
    place = None
    for event in events:
        if isinstance(event, Gap):
            assert place in {None, event.after}
            place = event.position
        elif isinstance(event, Message):
            here = event.position
            assert place in {None, Position(here.epoch, here.offset - 1)}
            place = here
    assert [event for event in events if isinstance(event, Gap)]


# -- what is refused


@pytest.fixture(scope="module")
def with_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that asks for tokens."""
    keys = key_file(tmp_path_factory.mktemp("keys"))
    with running("--token-key", str(keys)) as server:
        yield server


READ_ONLY = {"join": ["*"]}


def test_a_publish_that_is_not_allowed(with_tokens: RunningServer) -> None:
    """Forbidden for that message; reading goes on. So is joining, at once."""

    async def main() -> None:
        url = with_tokens.ws("/broadcast/refused")
        async with connect(url, token=token(rooms=READ_ONLY, sub="a")) as room:
            with pytest.raises(Forbidden):
                await room.publish("x")
            async with connect(url, token=token()) as other:
                await other.publish("y")
            assert await data(room, 1) == ["y"]
        with pytest.raises(Forbidden):
            await connect(url, token=token(rooms={"join": ["other"]})).__aenter__()
        with pytest.raises(Unauthorized):
            await connect(url).__aenter__()
        with pytest.raises(Unauthorized):
            await connect(url, token=lambda: "not.a.token").__aenter__()

    run(main)


@pytest.mark.parametrize("is_async", [True, False])
def test_a_token_is_renewed_before_it_expires(with_tokens: RunningServer, is_async: bool) -> None:
    """Nobody notices; the function may be async or not."""
    asked: list[None] = []

    def fetch() -> str:
        asked.append(None)
        return token(exp=int(time.time()) + 4, sub="a")

    async def fetch_async() -> str:
        await asyncio.sleep(0.01)
        return fetch()

    async def main() -> None:
        source = fetch_async if is_async else fetch
        async with connect(with_tokens.ws("/broadcast/renewed"), token=source) as room:
            end = time.time() + 7
            while time.time() < end:
                await room.publish("x")
                await read(room, 1)
                await asyncio.sleep(0.2)
            statuses = [room.status.state]
        assert statuses == ["open"]
        assert len(asked) >= 3

    run(main)


def test_a_token_that_expired_is_asked_for_again(with_tokens: RunningServer) -> None:
    """After 4401, where the function had nothing better before; a string is the end."""
    end = int(time.time()) + 3

    def fetch() -> str:
        return token(exp=end if time.time() < end else end + 1_000, sub="a")

    async def main() -> None:
        url = with_tokens.ws("/broadcast/expired")
        async with connect(url, token=fetch) as room:
            await until(lambda: time.time() > end + 1)
            await room.publish("x")
            assert await data(room, 1) == ["x"]
        soon = token(exp=int(time.time()) + 2)
        async with connect(url, token=soon) as room:
            with pytest.raises(Unauthorized):
                await anext(room)

    run(main)


def test_a_token_function_that_fails_or_hangs(
    with_tokens: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that names the argument."""
    monkeypatch.setattr("wsecho.client.tokens.ask.__defaults__", (0.5,))

    def fail() -> str:
        raise KeyError("secret")

    async def hang() -> str:
        await asyncio.Event().wait()
        return ""

    def hang_too() -> str:
        time.sleep(3)
        return ""

    async def main() -> None:
        for source in (fail, hang, hang_too, lambda: None, lambda: 3, lambda: "", lambda: "a b"):
            with pytest.raises(Unauthorized, match="token: the function"):
                await connect(with_tokens.ws("/broadcast/x"), token=source).__aenter__()  # type: ignore[arg-type]

    run(main)


def test_the_largest_that_fits_and_one_octet_more() -> None:
    """The one is said, the other is refused, and nothing else suffers."""

    async def main(server: RunningServer) -> None:
        async with connect(server.ws("/broadcast/large")) as room:
            await room.publish("first")
            frame = len(room._machine.publishing.outbox.add("", 0.0, None).frame)
            room._machine.publishing.outbox.clear()
            size = 65_536 - frame
            assert (await room.publish("x" * size)).offset == 2
            with pytest.raises(TooLarge):
                await room.publish("x" * (size + 1))
            with pytest.raises(TooLarge):
                await room.publish(b"x" * size)
            assert (await room.publish("last")).offset == 3
            assert [len(each) for each in await data(room, 3)] == [5, size, 4]

    with running("--max-message-size", "65536") as server:
        run(lambda: main(server))


def test_what_comes_too_fast_is_said_more_slowly() -> None:
    """Whether the server drops it or closes: all of it, once."""

    async def main(server: RunningServer) -> None:
        async with connect(server.ws("/broadcast/fast")) as room:
            await asyncio.gather(*(room.publish(str(number)) for number in range(40)))
            assert sorted(map(int, await data(room, 40))) == list(range(40))

    for policy in ("drop", "close"):
        with running("--message-rate", "20", "--over-rate", policy) as server:
            run(lambda: main(server))  # it runs at once


async def serve_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 404 to everything, as any web server does."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    writer.close()


async def serve_echo(socket: websockets.ServerConnection) -> None:
    """Be a WebSocket server, but another."""
    async for message in socket:
        await socket.send(message)


async def greet_otherwise(socket: websockets.ServerConnection) -> None:
    """Take the subprotocol, and say something else."""
    await socket.send("welcome")


def test_a_server_that_is_no_wsecho() -> None:
    """It says so, at once, and names the argument."""

    async def main() -> None:
        echo = websockets.serve(serve_echo, "127.0.0.1", 0)
        odd = websockets.serve(greet_otherwise, "127.0.0.1", 0, subprotocols=["wsecho.v1"])  # type: ignore[list-item]
        plain = await asyncio.start_server(serve_http, "127.0.0.1", 0)
        async with plain, echo as echoing, odd as greeting:
            for server in (plain, echoing, greeting):
                port = next(iter(server.sockets)).getsockname()[1]
                async with asyncio.timeout(PATIENCE):
                    with pytest.raises(NotWsecho, match=r"^url"):
                        await connect(url_at(port)).__aenter__()

    run(main)


def test_a_proxy_that_passes_no_upgrade_on_is_told_of(server: RunningServer) -> None:
    """The server answers 200 to what it takes for a long-poll."""

    async def strip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = await aside(lambda: requests.get(server.http("/broadcast/a"), timeout=PATIENCE))
        body = answer.content
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    async def main() -> None:
        proxy = await asyncio.start_server(strip, "127.0.0.1", 0)
        async with proxy:
            with pytest.raises(NotWsecho, match="Upgrade"):
                await connect(url_at(proxy.sockets[0].getsockname()[1])).__aenter__()

    run(main)


# -- ways


def test_tls_needs_a_certificate_that_counts(tmp_path: Path) -> None:
    """The system's, or those that are given; one that does not is told at once."""
    path = write_certificate(tmp_path, 1)
    listen = f"ssl:0:interface=127.0.0.1:privateKey={path}"
    with running(listen=listen) as server:
        url = f"wss://localhost:{server.port}/broadcast/tls"

        async def main() -> None:
            with pytest.raises(NotWsecho, match="certificate"):
                await connect(url).__aenter__()
            with pytest.raises(NotWsecho, match="TLS"):
                await connect(url_at(plain.port).replace("ws", "wss", 1)).__aenter__()
            async with connect(url, ssl=ssl.create_default_context(cafile=str(path))) as room:
                await room.publish("x")
                assert await data(room, 1) == ["x"]

        with running() as plain:
            run(main)


def test_a_proxy_of_http(server: RunningServer) -> None:
    """By CONNECT, as `proxy` or the environment says."""
    targets = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        targets.append(head.split()[1])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await Proxy(server.port).serve(reader, writer)

    async def main() -> None:
        proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        async with (
            proxy,
            connect("ws://rooms.invalid/broadcast/a", proxy=f"http://127.0.0.1:{port}") as room,
        ):
            await room.publish("x")
            assert await data(room, 1) == ["x"]
        assert targets == [b"rooms.invalid:80"]

    run(main)


def test_neither_twisted_nor_autobahn_is_imported() -> None:
    """By whoever writes a client."""
    program = (
        "from wsecho.client import connect, publish, Room; import wsecho.client, sys; "
        "assert not {'twisted', 'autobahn'} & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE)
    only = "import wsecho.client, sys; assert 'websockets' not in sys.modules"
    subprocess.run([sys.executable, "-c", only], check=True, timeout=PATIENCE)
