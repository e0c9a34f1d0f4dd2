# SPDX-License-Identifier: MIT
"""A planned stop drives no WAMP client away: each comes back by itself, at its defaults."""

import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import pytest

from tests.node import running_node
from tests.support.clusters import workers
from tests.support.processes import Process, RunningServer, running
from tests.support.proxies import free_port

Client = Callable[[str], AbstractContextManager[Process]]
REPLACED: Final = re.compile("all workers were replaced")


def by_node(name: str) -> Client:
    """A client from npm."""
    return lambda address: running_node("returns.mjs", name, address)


def by_python(kind: str, url: str) -> Client:
    """Autobahn|Python's component."""

    @contextmanager
    def client(address: str) -> Iterator[Process]:
        process = Process.start(
            sys.executable, "-m", "tests.integration.returning", kind, url.format(address)
        )
        try:
            yield process
        finally:
            process.end()

    return client


CLIENTS: Final[dict[str, Client]] = {
    "autobahnjs-websocket": by_node("websocket"),
    "autobahnjs-longpoll": by_node("longpoll"),
    "autobahnjs-rawsocket": by_node("rawsocket"),
    "wampy": by_node("wampy"),
    "autobahn-python-websocket": by_python("websocket", "ws://{}/ws"),
    "autobahn-python-rawsocket": by_python("rawsocket", "rs://{}"),
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_after_a_restart(client: Client) -> None:
    """SIGTERM, and another server at the same address."""
    listen = f"tcp:{free_port()}:interface=127.0.0.1"
    with running(listen=listen) as server, client(address_of(server)) as process:
        process.wait_for(re.compile("open 1: echo 1"))
        server.process.signal(signal.SIGTERM)
        assert server.process.wait() == -signal.SIGTERM
        assert "Traceback" not in server.process.output
        with running(listen=listen):
            process.wait_for(re.compile("open 2: echo 2"))


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_after_the_replacement_of_its_worker(client: Client) -> None:
    """SIGUSR2 to the parent: the address stands all the time."""
    with workers(2) as server, client(address_of(server)) as process:
        process.wait_for(re.compile("open 1: echo 1"))
        server.process.signal(signal.SIGUSR2)
        server.process.wait_for(REPLACED)
        process.wait_for(re.compile("open 2: echo 2"))
        assert "Traceback" not in server.process.output


def address_of(server: RunningServer) -> str:
    """Where it is, as `HOST:PORT`."""
    return f"{server.host}:{server.port}"
