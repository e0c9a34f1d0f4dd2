# SPDX-License-Identifier: MIT
"""A Redis that cannot be used ends the start: one line, no password, no traceback."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.processes import Process, running, twistd
from tests.support.redis_server import RedisServer, redis_server


def refused(*options: str, status: int = 1) -> str:
    """Start a server that does not start; what it says."""
    process = Process.start(*twistd(), "--listen", "tcp:0:interface=127.0.0.1", *options)
    try:
        assert process.wait() == status
        lines = process.output.splitlines()
        assert len(lines) == 1, process.output
        return lines[0]
    finally:
        process.end()


@contextmanager
def pretending(answer: bytes) -> Iterator[int]:
    """Something on a port that answers whatever is said with the same; nothing for silence."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                while line.recv(1 << 16):
                    line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_wrong_passwords_and_databases() -> None:
    """Of a Redis that asks for one."""
    with redis_server("--requirepass", "secret") as redis:
        there = f"127.0.0.1:{redis.port}"
        for url in (f"redis://{there}", f"redis://:bad-secret@{there}"):
            line = refused("--redis", url)
            assert line == f"wsecho: --redis redis://{there}/0: refuses the user name or password"
        line = refused("--redis", f"redis://:secret@{there}/99")
        assert line.startswith(f"wsecho: --redis redis://{there}/99: has no database 99")
        with running("--redis", f"redis://:secret@{there}/2") as server:
            server.process.wait_for(re.compile("connected to redis"))


def test_nobody_there() -> None:
    """By TCP and by socket, and where sentinels are asked."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (
        f"redis://127.0.0.1:{port}",
        "unix:///nonexistent/redis.sock",
        f"redis+sentinel://:secret@127.0.0.1:{port}/main",
    ):
        line = refused("--redis", url)
        assert re.search("cannot be reached|no sentinel leads to main", line), line
        assert "secret" not in line


def test_what_is_no_redis_or_too_old(redis: RedisServer) -> None:
    """Something else on that port; a version before what is used."""
    with pretending(b"-ERR unknown command `HELLO`, with args beginning with: `3`\r\n") as port:
        assert "too old" in refused("--redis", f"redis://127.0.0.1:{port}")
    with pretending(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "is no Redis" in refused("--redis", f"redis://127.0.0.1:{port}")
    line = refused("--redis", f"rediss://localhost:{redis.port}")
    assert "cannot be reached" in line


@pytest.mark.parametrize(
    "option", ["--redis-prefix={x}", "--redis=redis://:secret@", "--node-ttl=0"]
)
def test_options_that_are_none(option: str) -> None:
    """They are looked at before anything is connected to."""
    line = refused(option, status=2)
    assert line.startswith(f"wsecho: {option.partition('=')[0]}")
    assert "secret" not in line


def test_a_unix_socket(tmp_path: Path) -> None:
    """Redis on the same machine needs no port."""
    path = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(path)):  # noqa: SIM117
        with running("--redis", f"unix://{path}?db=1") as server:
            assert server.process.wait_for(re.compile("connected to unix"))
