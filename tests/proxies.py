# SPDX-License-Identifier: MIT
"""Proxies between a browser and the server: nginx, and some that misbehave on purpose."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from tests.processes import PATIENCE
from tests.waiting import wait_until_open

_UPGRADE: Final = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_STREAM: Final = re.compile(rb"^GET [^ ]*/events")


@define(eq=False)
class Proxy:
    """A TCP proxy that reads along.

    Attributes:
        swallow_upgrades: requests for a WebSocket are taken and never answered.
        hold_streams: answers to requests for server-sent events are held back.
        is_cut: nothing gets through.
    """

    upstream: int
    swallow_upgrades: bool = False
    hold_streams: bool = False
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
            if not silence.is_set():
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
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            {upgrade}
        }}
    }}
}}
"""
_ALLOW: Final = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
_DROP: Final = 'proxy_set_header Upgrade ""; proxy_set_header Connection "";'


@define(eq=False)
class Nginx:
    """A real nginx of Debian's, in front of a port."""

    folder: Path
    upstream: int
    port: int
    process: "subprocess.Popen[bytes]" = field(init=False)

    def configure(self, *, websockets: bool) -> None:
        """Write its configuration: with or without upgrades."""
        text = _NGINX.format(
            folder=self.folder,
            port=self.port,
            upstream=self.upstream,
            upgrade=_ALLOW if websockets else _DROP,
        )
        (self.folder / "nginx.conf").write_text(text)

    def command(self, *more: str) -> list[str]:
        """Its command line."""
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), *more]

    def reload(self) -> None:
        """Let it read its configuration again."""
        subprocess.run(self.command("-s", "reload"), check=True, capture_output=True)


@contextmanager
def nginx(folder: Path, upstream: int, *, websockets: bool) -> Iterator[Nginx]:
    """Run nginx, ended at the end by its process id."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is missing: apt install nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Nginx(folder, upstream, port)
    server.configure(websockets=websockets)
    server.process = subprocess.Popen(server.command(), stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port)
        yield server
    finally:
        server.process.terminate()
        server.process.wait(PATIENCE)
