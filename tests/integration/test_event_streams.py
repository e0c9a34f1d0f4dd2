# SPDX-License-Identifier: MIT
"""Event streams as the clients of others read them: what ends them, and what they come back to."""

import json
import re
import signal
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
import requests
from httpx_sse import connect_sse
from websockets.sync.client import connect

from tests.node import node_process
from tests.support.processes import PATIENCE, Process, RunningServer, running

TEXT = "a\u2028b\u2029c\x85d\x0b\x0c\x1c\x1d\x1e\r\n☃"


def say(server: RunningServer, text: str, room: str = "a") -> None:
    """Publish a text."""
    url = server.http(f"/broadcast/{room}")
    with urllib.request.urlopen(url, data=text.encode(), timeout=PATIENCE) as answer:
        assert answer.status == 201


@contextmanager
def listening(server: RunningServer, path: str) -> Iterator[Process]:
    """Npm's `eventsource` at an address."""
    process = node_process("eventsource.mjs", server.http(path))
    try:
        yield process
    finally:
        process.end()


def wait_for(process: Process, what: str) -> Any:
    """Wait until it prints an event of a type, or a message that says something; return it."""
    pattern = re.compile(rf'^\["{what}",|"data":"{what}"')
    return json.loads(process.wait_for(pattern).string)[1]


def restart(
    stack: ExitStack, server: RunningServer, *options: str, by: signal.Signals
) -> RunningServer:
    """End a server by a signal, and start another at its port."""
    server.process.signal(by)
    server.process.wait()
    again = running(*options, listen=f"tcp:{server.port}:interface=127.0.0.1")
    return stack.enter_context(again)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_an_eventsource_misses_nothing_that_was_said_after_a_restart(by: signal.Signals) -> None:
    """Its `Last-Event-ID` is of another life of the room: it is told, and `history` helps."""
    with ExitStack() as stack:
        server = stack.enter_context(running())
        source = stack.enter_context(listening(server, "/broadcast/a?history=10"))
        wait_for(source, "joined")
        say(server, "before")
        wait_for(source, "before")
        server = restart(stack, server, by=by)
        for text in ("one", "two"):
            say(server, text)
        assert wait_for(source, "joined")["recovered"] is False
        wait_for(source, "one")
        wait_for(source, "two")
        say(server, "end")
        wait_for(source, "end")
        assert source.wait() == 0


def test_an_eventsource_that_is_refused_comes_back() -> None:
    """Until there is place for it; it would give up for good at a 503."""
    with running("--max-members", "1") as server, ExitStack() as stack:
        with connect(server.ws("/broadcast/a")):
            source = stack.enter_context(listening(server, "/broadcast/a"))
            assert wait_for(source, "refused")["code"] == "over_limit"
        wait_for(source, "joined")
        say(server, "end")
        assert source.wait() == 0


def by_httpx(url: str) -> Iterator[str]:
    """What `httpx-sse` reads as the data of messages."""
    with httpx.Client(timeout=PATIENCE) as client, connect_sse(client, "GET", url) as source:
        for event in source.iter_sse():
            if event.event == "message":
                yield event.data


def by_requests(url: str) -> Iterator[str]:
    """What stands behind `data:` in the lines that `requests` reads."""
    headers = {"Accept": "text/event-stream"}
    with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as answer:
        answer.encoding = "utf-8"
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith('data: {"type":"message"'):
                yield line.removeprefix("data: ")


@pytest.mark.parametrize("read", [by_httpx, by_requests])
def test_clients_that_split_lines_by_unicode_read_whole_messages(
    server: RunningServer, read: Callable[[str], Iterator[str]]
) -> None:
    """Whatever ends a line in a message's text."""
    room = read.__name__
    say(server, TEXT, room)
    data = next(read(server.http(f"/broadcast/{room}?history=1")))
    assert json.loads(data)["data"] == TEXT
