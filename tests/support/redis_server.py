# SPDX-License-Identifier: MIT
"""Real Redis servers for the tests: on free ports, in folders of their own, ended by process id."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import hiredis
import pytest
from attrs import define, field

from tests.support.processes import PATIENCE


@define(eq=False)
class RedisServer:
    """One redis-server.

    Attributes:
        folder: where it keeps its data.
        port: where it listens, on loopback.
        options: further ones, as on its command line.
    """

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes]" = field(init=False)

    @property
    def url(self) -> str:
        """How it is reached."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), "--save", "", *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(int(PATIENCE / 0.02)):
            with suppress(OSError, AssertionError):
                assert not isinstance(self.ask("PING"), hiredis.ReplyError)
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def signal(self, number: int) -> None:
        """Send a signal to this very process."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def save(self) -> Path:
        """Copy what it would come back with if it crashed now."""
        copy = Path(tempfile.mkdtemp(dir=self.folder.parent))
        return Path(shutil.copytree(self.folder, copy / "data"))

    def restore(self, copy: Path | None) -> None:
        """Let it, while it is down, have the data of a copy, or none."""
        shutil.rmtree(self.folder)
        if copy is None:
            self.folder.mkdir()
        else:
            shutil.copytree(copy, self.folder)

    def ask(self, *words: str) -> Any:
        """Ask it something on a connection of its own."""
        reader = hiredis.Reader(notEnoughData=None)
        with socket.create_connection(("127.0.0.1", self.port), 2) as line:
            for command in self._login(), words:
                if command:
                    line.sendall(_encode(*command))
                    reply = None
                    while reply is None:
                        data = line.recv(1 << 16)
                        assert data
                        reader.feed(data)
                        reply = reader.gets()
        return reply

    def _login(self) -> tuple[str, ...]:
        if "--requirepass" not in self.options:
            return ()
        return ("AUTH", self.options[self.options.index("--requirepass") + 1])


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """Run one that keeps what it acknowledged, ended at the end."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is missing: apt install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "data"
        folder.mkdir()
        keep = ("--appendonly", "yes", "--appendfsync", "always")
        server = RedisServer(folder, port, (*keep, *options))
        server.start()
        try:
            yield server
        finally:
            with suppress(ProcessLookupError):
                server.process.kill()
            server.process.wait(PATIENCE)


def _encode(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    parts += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"".join(parts)
