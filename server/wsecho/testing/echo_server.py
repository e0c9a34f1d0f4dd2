# SPDX-License-Identifier: MIT
"""The addresses of a server for tests, and the reports of its lab."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from secrets import token_hex
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from wsecho.core.http.requests import MAX_HEAD
from wsecho.core.lab.chain import PATH, read_chain
from wsecho.core.lab.values import Bounds
from wsecho.core.wire.errors import WireError
from wsecho.core.wire.names import check_room, room_segment
from wsecho.testing.process import running
from wsecho.testing.reports import Report
from wsecho.testing.threads import in_thread

_NOT_FOUND: Final = 404
_OK: Final = 200
_PATIENCE: Final = 30.0
"""Seconds beyond what an answer may wait."""

Get = Callable[[str, float], tuple[int, bytes]]
"""Asks for a URL, within so many seconds; gives the status and the body."""


class EchoServer:
    """A server for tests.

    Args:
        url: its address, such as `http://127.0.0.1:8080`, without a slash behind it.
        get: what asks it.

    Attributes:
        url: its address over HTTP.
    """

    def __init__(self, url: str, get: "Get | None" = None) -> None:
        self.url = url
        self._get = get or _get

    @property
    def echo(self) -> str:
        """The URL of the echo."""
        return f"{self._websocket}/echo"

    def room(self, name: str) -> str:
        """Return the URL of a room; `wsecho.client` takes it, too.

        Args:
            name: the room's, not percent-encoded.

        Raises:
            ValueError: no room can have that name.
        """
        try:
            return f"{self._websocket}/broadcast/{room_segment(check_room(name))}"
        except WireError as error:
            raise ValueError(error.reason) from None

    def lab(self, *steps: str) -> str:
        """Return the URL of a chain of the lab, with a report of its own.

        Args:
            steps: each as `name` or `name=value`, not percent-encoded; none is an echo.

        Raises:
            ValueError: the chain is wrong; the reason names the step.
            LookupError: the server has no lab.
        """
        path = "/".join([PATH, *(quote(step, safe="=:") for step in steps)])
        try:
            read_chain(path, self._bounds)
        except WireError as error:
            raise ValueError(error.reason) from None
        target = f"{path}?report={token_hex(16)}"
        if len(f"GET {target} HTTP/1.1\r\n") > MAX_HEAD:
            raise ValueError(f"the chain makes a request line of over {MAX_HEAD} bytes")
        return f"{self._websocket}{target}"

    def report(self, url: str, wait: float = 5.0) -> Report:
        """Return what the lab saw at a URL, once each connection has ended or has its verdict.

        Args:
            url: as `lab` made it.
            wait: seconds to wait for that, in whole ones; then it is what is known.

        Raises:
            ValueError: the URL has no report.
            LookupError: nobody came there.
        """
        names = parse_qs(urlsplit(url).query).get("report")
        if not names:
            raise ValueError(f"{url} is no URL that lab() has made: it names no report")
        address = f"{self.url}{PATH}/report/{quote(names[0], safe='')}?wait={math.ceil(wait)}"
        answer: Report = self._read(address, wait, f"{url}: ")
        return answer

    async def areport(self, url: str, wait: float = 5.0) -> Report:
        """Return what `report` returns, in a test on asyncio, Trio or Twisted.

        Args:
            url: as `lab` made it.
            wait: seconds.

        Raises:
            ValueError: the URL has no report.
            LookupError: nobody came there.
        """
        return await in_thread(lambda: self.report(url, wait))

    @property
    def _websocket(self) -> str:
        return f"ws{self.url.removeprefix('http')}"

    @cached_property
    def _bounds(self) -> Bounds:
        limits = self._read(f"{self.url}{PATH}")["limits"]
        return Bounds(limits["max-message-size"], limits["lab-time"])

    def _read(self, address: str, wait: float = 0.0, about: str = "") -> Any:
        status, body = self._get(address, wait + _PATIENCE)
        answer = json.loads(body)
        if status != _OK:
            error = LookupError if status == _NOT_FOUND else ValueError
            raise error(f"{about}{answer['error']['reason']}")
        return answer


@contextmanager
def serving(*options: str) -> Iterator[EchoServer]:
    """Run a server in a process of its own, on a free port of loopback, while the block runs.

    It ends however this process ends.

    Args:
        options: of `wsecho serve`, but for `--listen` and those of the log.

    Raises:
        StartError: it cannot start; its own line says why.
    """
    with running(*options) as url:
        yield EchoServer(url)


def _get(address: str, timeout: float) -> tuple[int, bytes]:
    # Not by urllib, which would ask the proxy that the environment may name.
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", address.removeprefix(f"http://{parts.netloc}"))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
