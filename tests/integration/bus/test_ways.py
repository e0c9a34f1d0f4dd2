# SPDX-License-Identifier: MIT
"""Ways to Redis: encrypted, and by sentinels that know who is the master now."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_twisted
from twisted.internet.task import deferLater

from tests.integration.bus.test_start import refused
from tests.support.buses import Member, redis_node, the_reactor, until
from tests.support.certificates import write_certificate
from tests.support.processes import PATIENCE, running
from tests.support.proxies import free_port
from tests.support.redis_server import RedisServer, redis_server
from wsecho.core.wire.errors import BusTimeout, BusUnavailable

asynchronous = pytest_twisted.ensureDeferred


def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for ends the start; so does another name."""
    both, port = str(write_certificate(tmp_path, 1)), free_port()
    options = ("--tls-port", str(port), "--tls-cert-file", both, "--tls-key-file", both)
    with redis_server(*options, "--tls-ca-cert-file", both, "--tls-auth-clients", "no"):
        assert "certificate that does not hold" in refused("--redis", f"rediss://localhost:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", both)
        assert "certificate that does not hold" in refused("--redis", f"rediss://127.0.0.1:{port}")
        with running("--redis", f"rediss://localhost:{port}/1") as server:
            server.process.wait_for(re.compile(f"connected to rediss://localhost:{port}/1"))


@contextmanager
def sentinel(folder: Path, master: RedisServer) -> Iterator[RedisServer]:
    """One sentinel that watches a master."""
    port = free_port()
    config = folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor main 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"
    )
    program = shutil.which("redis-server") or "redis-server"
    with (folder / "sentinel.log").open("ab") as log:
        process = subprocess.Popen([program, str(config), "--sentinel"], stdout=log, stderr=log)
    watching = RedisServer(folder, port)
    watching.process = process
    try:
        yield watching
    finally:
        process.kill()
        process.wait(PATIENCE)


def answers(server: RedisServer, *words: str) -> object:
    """What it answers; None while it does not."""
    try:
        return server.ask(*words)
    except (OSError, AssertionError):
        return None


@asynchronous  # type: ignore[untyped-decorator]  # it has no annotations
async def test_sentinels_lead_to_whoever_is_master(tmp_path: Path) -> None:
    """After the master's death to another: nobody at a door has to do anything."""
    with (
        redis_server() as first,
        redis_server("--replicaof", "127.0.0.1", str(first.port)) as new,
        sentinel(tmp_path, first) as watching,
    ):
        await until(lambda: b"master_link_status:up" in new.ask("INFO", "replication"))
        await until(lambda: answers(watching, "SENTINEL", "replicas", "main"))
        url = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{watching.port}/main"
        node = redis_node(url, prefix=f"{uuid4().hex}:", timeout=0.5)
        member = Member()
        await node.join(member)
        await node.say("before")
        first.kill()
        said = False
        while not said:
            await deferLater(the_reactor(), 0.1)
            with suppress(BusUnavailable, BusTimeout):
                await node.say("after", key="k")
                said = True
        await until(lambda: len(member.got) == 2)
        assert [each.payload for each in member.got] == [b"before", b"after"]
        assert not [event for event in node.events if event[0] in {"renewed", "skipped"}]
        node.bus.stop()
