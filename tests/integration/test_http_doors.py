# SPDX-License-Identifier: MIT
"""Rooms over plain HTTP, by clients that others wrote, over real sockets."""

import asyncio
import random
import signal
import socket
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.support.events import Event, EventReader
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import settled

MESSAGES: Final = 400


async def events(
    session: aiohttp.ClientSession, url: str, last_id: str = ""
) -> AsyncGenerator[Event, None]:
    """Read a stream of events until it ends."""
    headers = {"Accept": "text/event-stream"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    async with session.get(url, headers=headers) as answer:
        assert answer.status == 200
        reader = EventReader()
        async for chunk in answer.content.iter_any():
            for event in reader.feed(chunk):
                yield event


async def position(session: aiohttp.ClientSession, url: str) -> str:
    """Where a room stands."""
    async with session.get(url) as answer:
        where: str = (await answer.json())["position"]
        return where


def test_a_stream_and_a_poll_get_what_is_posted(anywhere: RunningServer) -> None:
    """By aiohttp; text, binary, and a retry that says nothing twice."""

    async def main() -> None:
        url = anywhere.http("/broadcast/posted")
        async with aiohttp.ClientSession() as session:
            stream = events(session, url)
            joined = await anext(stream)
            poll = asyncio.create_task(fetch(session, f"{url}?after={joined.last_id}&wait=30"))
            await asyncio.sleep(0)
            for _ in range(2):
                async with session.post(
                    url, data="héllo", headers={"Idempotency-Key": "once"}
                ) as answer:
                    assert answer.status == 201
                    location = answer.headers["Location"]
            octets = {"Content-Type": "application/octet-stream"}
            async with session.post(url, data=b"\xff", headers=octets) as answer:
                assert answer.status == 201
            text, binary = await anext(stream), await anext(stream)
            assert (text.frame["data"], binary.frame["base64"]) == ("héllo", "/w==")
            assert (await poll)["messages"][0] == text.frame
            assert (await fetch(session, anywhere.http(location)))["messages"] == [text.frame]
            await stream.aclose()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


async def fetch(session: aiohttp.ClientSession, url: str) -> Any:
    """Get some JSON."""
    async with session.get(url) as answer:
        assert answer.status == 200
        return await answer.json()


async def follow_stream(session: aiohttp.ClientSession, url: str, start: str) -> list[str]:
    """Read to the last message by streams that break again and again."""
    read: list[str] = []
    last_id = start
    while len(read) < MESSAGES:
        stream = events(session, url, last_id)
        patience = random.randint(1, 40)
        async for event in stream:
            if event.name == "message":
                read.append(event.frame["data"])
                last_id = event.last_id
                patience -= 1
            if len(read) >= MESSAGES or not patience:
                break
        await stream.aclose()
    return read


async def follow_polls(session: aiohttp.ClientSession, url: str, start: str) -> list[str]:
    """Read to the last message by polls, some of which are given up."""
    read: list[str] = []
    after = start
    while len(read) < MESSAGES:
        limit = random.randint(1, 20)
        patience = random.choice([0.001, 30])
        try:
            page = await asyncio.wait_for(
                fetch(session, f"{url}?after={after}&wait=20&limit={limit}"), patience
            )
        except TimeoutError:
            continue
        assert page["recovered"] is True
        read += [message["data"] for message in page["messages"]]
        after = page["position"]
    return read


def test_readers_that_break_and_come_back_lose_nothing(anywhere: RunningServer) -> None:
    """Nothing comes twice either, while somebody publishes all the time."""

    async def main() -> None:
        url = anywhere.http("/broadcast/busy")
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            start = await position(session, url)
            readers = [
                asyncio.create_task(follow(session, url, start))
                for follow in (follow_stream, follow_polls)
                for _ in range(10)
            ]
            for number in range(MESSAGES):
                async with session.post(url, data=str(number)) as answer:
                    assert answer.status == 201
            expected = [str(number) for number in range(MESSAGES)]
            for read in await asyncio.gather(*readers):
                assert read == expected

    asyncio.run(asyncio.wait_for(main(), 4 * PATIENCE))


def test_a_stream_that_is_not_read_harms_nobody() -> None:
    """It is ended; who reads gets everything."""

    async def main() -> None:
        with running("--send-queue", "64KiB") as server:
            url = server.http("/broadcast/a")
            silent = socket.socket()
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.connect((server.host, server.port))
            silent.sendall(
                b"GET /broadcast/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
            )
            async with aiohttp.ClientSession(read_bufsize=1 << 20) as session:
                stream = events(session, url)
                await anext(stream)
                await members_are(session, url, 2)
                for number in range(400):
                    async with session.post(url, data=f"{number}" + "x" * 20_000) as answer:
                        assert answer.status == 201
                    event = await anext(stream)
                    assert event.frame["data"].startswith(f"{number}x")
                await members_are(session, url, 1)
                await stream.aclose()
            silent.close()

    asyncio.run(asyncio.wait_for(main(), 4 * PATIENCE))


async def members_are(session: aiohttp.ClientSession, url: str, count: int) -> None:
    """Wait until a room has so many members."""

    async def number() -> int:
        return len((await fetch(session, f"{url}/members"))["members"])

    assert await settled(number, count) == count


def test_the_end_is_told_to_streams_and_polls() -> None:
    """`closing` before the stream ends; a poll is answered, not cut."""

    async def main() -> None:
        with running() as server:
            url = server.http("/broadcast/a")
            async with aiohttp.ClientSession() as session:
                stream = events(session, f"{url}?member=0123456789abcdef")
                joined = await anext(stream)
                poll = asyncio.create_task(
                    fetch(session, f"{url}?after={joined.last_id}&wait=60&member=fedcba9876543210")
                )
                await members_are(session, url, 2)
                server.process.signal(signal.SIGTERM)
                assert [event.name async for event in stream] == ["closing"]
                assert (await poll)["position"] == joined.last_id
            assert server.process.wait() == -signal.SIGTERM
            assert "Traceback" not in server.process.output

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


def curl(*arguments: str) -> str:
    """Run curl, and return what it printed."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    # 28: the stream's time was over, as it was told.
    assert done.returncode in {0, 28}, done.stderr
    return done.stdout


def test_curl_sends_large_bodies(server: RunningServer, tmp_path: Path) -> None:
    """It waits for 100 Continue before a large one, and is told 413 instead."""
    body = tmp_path / "body"
    body.write_bytes(b"x" * (3 << 20))
    url = server.http("/broadcast/large")
    send = ["--data-binary", f"@{body}", "-H", "Expect: 100-continue", "-w", " %{http_code}"]
    assert curl(*send, url).endswith(" 201")
    body.write_bytes(b"x" * ((16 << 20) + 1))
    assert curl(*send, url).endswith(" 413")
