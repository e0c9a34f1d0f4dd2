# SPDX-License-Identifier: MIT
"""One service in each form that it has: a process, several on one port, several servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.processes import RunningServer, running
from tests.support.proxies import balancing, free_port
from tests.support.redis_server import redis_server

Pair = tuple[RunningServer, RunningServer]


class Kind(StrEnum):
    """What stands behind the two addresses of a service."""

    ALONE = "one-process"
    WORKERS = "two-workers"
    NODES = "two-servers"
    NGINX = "behind-nginx"
    HAPROXY = "behind-haproxy"

    @property
    def has_nodes(self) -> bool:
        """Whether it is two servers, as on two machines."""
        return self not in {Kind.ALONE, Kind.WORKERS}


@contextmanager
def workers(count: int, *options: str, **more: Any) -> Iterator[RunningServer]:
    """A server of so many processes, with a Redis of its own."""
    with (
        redis_server() as redis,
        running("--workers", str(count), "--redis", redis.url, *options, **more) as server,
    ):
        yield server


@contextmanager
def service(kind: Kind, *options: str) -> Iterator[Pair]:
    """Two ways into one service; where it has one address, both are that.

    Behind the address of several processes nobody chooses whom a connection comes to.
    """
    if kind.has_nodes:
        with nodes(*options) as pair, balanced(kind, pair) as ways:
            yield ways
        return
    with workers(2, *options) if kind is Kind.WORKERS else running(*options) as server:
        yield server, server


@contextmanager
def nodes(*options: str) -> Iterator[Pair]:
    """Two servers as on two machines, with a Redis of their own."""
    with redis_server() as redis, TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text("s" * 32)
        shared = ("--redis", redis.url, "--cluster-secret", str(secret), *options)
        one, two = (
            running("--advertise", f"127.0.0.1:{free_port()}", "--proxy", "127.0.0.1", *shared)
            for _ in range(2)
        )
        with one as first, two as second:
            yield first, second


@contextmanager
def balanced(kind: Kind, pair: Pair) -> Iterator[Pair]:
    """Put the balancer of the documentation in front of two servers, where the service has one."""
    if kind is Kind.NODES:
        yield pair
        return
    program = kind.removeprefix("behind-")
    with TemporaryDirectory() as folder:
        upstreams = [server.port for server in pair]
        with balancing(program, Path(folder), upstreams) as port:
            way = RunningServer(pair[0].process, pair[0].host, port)
            yield way, way
