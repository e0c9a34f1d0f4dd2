# SPDX-License-Identifier: MIT
"""Proxies between a browser and the server: nginx, and some that misbehave on purpose."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from tests.support.processes import PATIENCE
from tests.support.waiting import wait_until_open

_UPGRADE: Final = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_STREAM: Final = re.compile(rb"^GET [^ ]*/events")


@define(eq=False)
class Proxy:
    """A TCP proxy that reads along.

    Attributes:
        swallow_upgrades: requests for a WebSocket are taken and never answered.
        hold_streams: answers to requests for server-sent events are held back.
        eat_answers: what comes from upstream gets lost; what goes there does not.
        is_cut: nothing gets through.
    """

    upstream: int
    swallow_upgrades: bool = False
    hold_streams: bool = False
    eat_answers: bool = False
    is_cut: bool = False
    port: int = field(init=False)
    swallowed: int = field(default=0, init=False)
    _websockets: set[asyncio.Event] = field(factory=set, init=False)
    _tasks: set["asyncio.Task[None]"] = field(factory=set, init=False)

    def cut(self) -> None:
        """Drop every connection; none is let through until `is_cut` is reset."""
        self.is_cut = True
        for task in self._tasks:
            task.cancel()

    def black_hole(self) -> None:
        """Let every open WebSocket go silent, both ways, without closing it."""
        for silence in self._websockets:
            silence.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        if self.is_cut:
            writer.close()
            return
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(
                "127.0.0.1", self.upstream
            )
        except OSError:
            writer.close()
            return
        silence = asyncio.Event()
        there = asyncio.create_task(self._there(reader, upstream_writer, silence))
        back = asyncio.create_task(self._back(upstream_reader, writer, silence))
        self._tasks |= {there, back}
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        for side in (writer, upstream_writer):
            side.close()

    async def _there(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            if _UPGRADE.search(data):
                self._websockets.add(silence)
                if self.swallow_upgrades:
                    self.swallowed += 1
                    silence.set()
            elif _STREAM.search(data) and self.hold_streams:
                self.swallowed += 1
                silence.set()
                writer.write(data)
            if not silence.is_set():
                writer.write(data)

    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            if not silence.is_set() and not self.eat_answers:
                writer.write(data)
        # A side that is silent does not say goodbye either.
        if silence.is_set():
            await asyncio.Event().wait()


@asynccontextmanager
async def proxying(upstream: int, **faults: bool) -> AsyncIterator[Proxy]:
    """Run a proxy in front of a port, gone at the end."""
    proxy = Proxy(upstream, **faults)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in proxy._tasks:
            task.cancel()


_NGINX: Final = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""
_SITE: Final = """\
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://127.0.0.1:{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        {upgrade}
    }}
}}
"""
_ALLOW: Final = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
_DROP: Final = 'proxy_set_header Upgrade ""; proxy_set_header Connection "";'


@define(eq=False)
class Nginx:
    """A real nginx of Debian's.

    Attributes:
        folder: where its files are.
        port: where it listens, on loopback.
    """

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]" = field(init=False)

    def front(self, upstream: int, *, websockets: bool) -> None:
        """Configure it to stand in front of a port, with or without upgrades."""
        upgrade = _ALLOW if websockets else _DROP
        self.configure(_SITE.format(port=self.port, upstream=upstream, upgrade=upgrade))

    def configure(self, site: str) -> None:
        """Write its configuration."""
        text = _NGINX.format(folder=self.folder, site=site)
        (self.folder / "nginx.conf").write_text(text)

    def command(self, *more: str) -> list[str]:
        """Its command line."""
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), *more]

    def reload(self) -> None:
        """Let it read its configuration again."""
        subprocess.run(self.command("-s", "reload"), check=True, capture_output=True)


@contextmanager
def nginx(folder: Path, upstream: int, *, websockets: bool) -> Iterator[Nginx]:
    """Run nginx in front of a port, ended at the end by its process id."""
    server = Nginx(folder, free_port())
    server.front(upstream, websockets=websockets)
    with listening(server.command(), server.port) as process:
        server.process = process
        yield server


@contextmanager
def listening(command: list[str], port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a program of Debian's until the end, once it listens on a port."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is missing: apt install {command[0]}")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


_PAGE: Final = Path(__file__).parents[2] / "docs/howto/proxies.md"
_BLOCK: Final = "```{0}\n(.*?)^```$"


def advised(language: str, port: int, upstreams: Sequence[int]) -> str:
    """The configuration that the documentation gives, for a port and two upstreams on loopback."""
    found = re.findall(_BLOCK.format(language), _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    [text] = found
    text, listens = re.subn(r"(listen|bind) :?80\b", rf"\1 127.0.0.1:{port}", text)
    for address, upstream in zip(("10.0.0.5", "10.0.0.6"), upstreams, strict=True):
        assert text.count(f"{address}:8080") == 1
        text = text.replace(f"{address}:8080", f"127.0.0.1:{upstream}")
    assert listens == 1
    return str(text)


@contextmanager
def balancing(program: str, folder: Path, upstreams: Sequence[int]) -> Iterator[int]:
    """Run nginx or haproxy as the documentation has it, in front of two ports; where it listens."""
    port = free_port()
    text = advised(program, port, upstreams)
    if program == "nginx":
        server = Nginx(folder, port)
        server.configure(text)
        command = server.command()
    else:
        (folder / "haproxy.cfg").write_text(text)
        command = [program, "-db", "-f", str(folder / "haproxy.cfg")]
    with listening(command, port):
        yield port
