# SPDX-License-Identifier: MIT
"""Limits as real clients meet them, each with its metric."""

import asyncio
import json
import resource
import signal
import socket
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import websockets
from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import until


def metrics(server: RunningServer) -> dict[tuple[str, ...], float]:
    """Scrape; each sample by its name and its labels' values, in the order of their names."""
    with urlopen(server.http("/metrics"), timeout=PATIENCE) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def refused(server: RunningServer, path: str = "/echo") -> tuple[int, str | None]:
    """Try to open a WebSocket; the status and `Retry-After`."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(server.ws(path))
    response = caught.value.response
    return response.status_code, response.headers.get("Retry-After")


@pytest.mark.parametrize(
    ("options", "path", "status", "limit"),
    [
        (("--max-connections-per-address", "3"), "/echo", 429, "max-connections-per-address"),
        (("--max-members", "2"), "/broadcast/a", 503, "max-members"),
        (("--max-rooms", "1"), "/broadcast/b", 503, "max-rooms"),
    ],
)
def test_too_many(options: tuple[str, ...], path: str, status: int, limit: str) -> None:
    """The status, the time to come back, and the count."""

    async def main(server: RunningServer) -> None:
        held = [await websockets.connect(server.ws("/broadcast/a")) for _ in range(2)]
        if limit == "max-connections-per-address":
            held.append(await websockets.connect(server.ws("/echo")))
        assert await refused(server, path) == (status, "5")
        await held.pop().close()
        found = await asyncio.to_thread(metrics, server)
        assert found["wsecho_limit_hits_total", limit] == 1
        assert found["wsecho_handshakes_refused_total", "over_limit", str(status)] == 1
        for client in held:
            await client.close()

    with running(*options) as server:
        asyncio.run(main(server))


def test_too_many_in_all_and_place_for_who_comes_after() -> None:
    """Plain HTTP is told the same."""

    async def main(server: RunningServer) -> None:
        held = [await websockets.connect(server.ws("/echo")) for _ in range(2)]
        assert await refused(server) == (503, "5")
        with pytest.raises(HTTPError) as caught:
            await asyncio.to_thread(urlopen, server.http("/healthz"))
        with caught.value as answer:
            assert answer.code == 503
            assert json.load(answer)["error"]["code"] == "over_limit"
        for client in held:
            await client.close()
        found = await asyncio.to_thread(metrics, server)
        assert found["wsecho_limit_hits_total", "max-connections"] == 2

    with running("--max-connections", "2") as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("options", "sent", "code", "limit"),
    [
        (("--max-message-size", "100"), ["x" * 101], 1009, "max-message-size"),
        (("--message-rate", "2"), ["x"] * 3, 1008, "message-rate"),
        (("--byte-rate", "100"), ["x" * 90] * 2, 1008, "byte-rate"),
        (("--auto-ping", "0.2", "--auto-ping-timeout", "0.2"), [], 1006, "auto-ping-timeout"),
    ],
)
def test_limits_on_an_open_connection(
    options: tuple[str, ...], sent: list[str], code: int, limit: str
) -> None:
    """The close code, and the count."""

    async def main(server: RunningServer) -> None:
        async with websockets.connect(server.ws("/echo")) as client:
            if limit == "auto-ping-timeout":
                client.transport.pause_reading()
                await counted(server, limit)
                client.transport.resume_reading()
            for message in sent:
                await client.send(message)
            await asyncio.wait_for(client.wait_closed(), PATIENCE)
            assert client.close_code == code
        await counted(server, limit)

    with running(*options) as server:
        asyncio.run(main(server))


async def counted(server: RunningServer, limit: str) -> None:
    """Wait until a limit was met."""

    async def hits() -> bool:
        counts = await asyncio.to_thread(metrics, server)
        return bool(counts.get(("wsecho_limit_hits_total", limit)))

    await until(hits)


@pytest.mark.parametrize(
    ("begin", "piece", "answer"),
    [
        (b"", b"", b""),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n", b""),
        (b"POST /lp/open HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n", b" ", b" 408 "),
    ],
)
def test_slow_senders_are_closed(begin: bytes, piece: bytes, answer: bytes) -> None:
    """Who sends nothing, a head in drops, or a body in drops."""

    async def main(server: RunningServer) -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(begin)

        async def trickle() -> None:
            while True:
                writer.write(piece)
                # How slow it is, which is what is tested.
                await asyncio.sleep(0.05)

        task = asyncio.create_task(trickle())
        try:
            data = await asyncio.wait_for(reader.read(), PATIENCE)
        except ConnectionResetError:
            data = b""
        task.cancel()
        writer.close()
        assert answer in data
        await counted(server, "open-timeout")

    with running("--open-timeout", "0.5") as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("descriptors", [64, 18], ids=["for 32 of us", "not even for 9"])
def test_running_out_of_descriptors_ends_nobody(descriptors: int) -> None:
    """Neither the server nor those who are in; new ones come in again when there is room."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors},) * 2);"
        "from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
    )
    program = (sys.executable, "-c", code, "--nodaemon", "--pidfile=", "wsecho")
    with running(program=program) as server:
        complaint = f"needs 20256 file descriptors, but the system allows {descriptors}"
        assert complaint in server.process.output

        async def main() -> None:
            inside = await websockets.connect(server.ws("/echo"))
            flood = [await asyncio.open_connection(server.host, server.port) for _ in range(100)]
            await inside.send("still here")
            assert await asyncio.wait_for(inside.recv(), PATIENCE) == "still here"
            for _, writer in flood:
                writer.transport.abort()
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        late = await websockets.connect(server.ws("/echo"))
                    except (OSError, websockets.InvalidHandshake, EOFError):
                        continue
                    break
            await late.close()
            await inside.close()

        asyncio.run(main())
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == -signal.SIGTERM


def test_the_soft_limit_on_descriptors_is_raised() -> None:
    """To what `--max-connections` needs."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with running("--max-connections", "3000") as server:
        limits: Any = resource.prlimit(server.process.popen.pid, resource.RLIMIT_NOFILE)
        assert limits[0] >= min(3000, hard)


def test_a_rawsocket_over_the_limit_is_closed() -> None:
    """Without a word."""
    with running("--max-connections", "1") as server, connect(server) as held:
        held.sendall(b"\x7f\xf1\0\0")
        assert len(held.recv(4)) == 4
        with connect(server) as second:
            second.sendall(b"\x7f\xf1\0\0")
            assert second.recv(4) == b""


def connect(server: RunningServer) -> socket.socket:
    """Open a plain connection."""
    return socket.create_connection((server.host, server.port), PATIENCE)


def test_json_logs_carry_what_a_connection_was() -> None:
    """One line when it opened and one when it closed, without payload, token or target."""

    async def main(server: RunningServer) -> None:
        async with websockets.connect(server.ws("/broadcast/a?token=hush")) as client:
            await client.send("payload")
            await client.recv()

    with running("--log-format", "json") as server:
        asyncio.run(main(server))
        server.process.signal(signal.SIGTERM)
        server.process.wait()
        lines = [json.loads(line) for line in server.process.lines if line.startswith("{")]
        opened, closed = (line for line in lines if "event" in line)
        assert (opened["event"], closed["event"]) == ("opened", "closed")
        assert opened["door"] == closed["door"] == "raw"
        assert opened["peer"] == closed["peer"]
        assert (closed["code"], closed["messages_in"], closed["messages_out"]) == (1000, 1, 1)
        assert closed["seconds"] >= 0
        assert "hush" not in server.process.output
        assert "payload" not in server.process.output
