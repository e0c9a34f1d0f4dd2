# SPDX-License-Identifier: MIT
"""Real servers for the tests: started on free ports, ended by process id."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from attrs import define, field

PATIENCE: Final = 30.0
"""Seconds after which a test gives up on a process; no test passes by waiting that long."""

EMPTY: Final[Mapping[str, str]] = MappingProxyType({})

_LISTENING: Final = re.compile(r"listening on (\S+):(\d+)")


@define(eq=False)
class Process:
    """A process whose output is read as it comes."""

    popen: "subprocess.Popen[str]"
    _is_group: bool = False
    lines: list[str] = field(factory=list, repr=False)
    _fresh: "queue.Queue[str | None]" = field(factory=queue.Queue)
    _reader: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)

    @classmethod
    def start(
        cls,
        *command: str,
        cwd: Path | None = None,
        environment: Mapping[str, str] = EMPTY,
        descriptors: tuple[int, ...] = (),
        is_group: bool = False,
    ) -> Self:
        """Start a command, which has these descriptors; standard error is in standard output.

        A group's end is that of all that the command started, too.
        """
        popen = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=descriptors,
            process_group=0 if is_group else None,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
        process = cls(popen, is_group)
        process._reader.start()
        return process

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait for a line that the pattern is found in.

        Raises:
            AssertionError: the process ended before, or took too long.
        """
        while True:
            try:
                line = self._fresh.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no {pattern.pattern!r} in: {self.output}") from None
            assert line is not None, f"it ended before {pattern.pattern!r}: {self.output}"
            if match := pattern.search(line):
                return match

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return "".join(self.lines)

    def signal(self, number: int) -> None:
        """Send a signal to this very process."""
        self.popen.send_signal(number)

    def wait(self) -> int:
        """Wait for its end, and for the last of its output."""
        status = self.popen.wait(PATIENCE)
        while self._fresh.get(timeout=PATIENCE) is not None:
            pass
        return status

    def end(self) -> None:
        """End it if it still runs."""
        if self.popen.poll() is None:
            self._terminate()
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self._reader.join(PATIENCE)

    def _terminate(self) -> None:
        if self._is_group:
            os.killpg(self.popen.pid, signal.SIGTERM)
        else:
            self.popen.terminate()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        with self.popen.stdout as output:
            for line in output:
                self.lines.append(line)
                self._fresh.put(line)
        self._fresh.put(None)


@define(eq=False)
class RunningServer:
    """One `twistd -n wsecho`."""

    process: Process
    host: str
    port: int

    def ws(self, path: str) -> str:
        """The URL of a WebSocket address."""
        return f"ws://{self.host}:{self.port}{path}"

    def http(self, path: str) -> str:
        """The URL of an HTTP address."""
        return f"http://{self.host}:{self.port}{path}"


@contextmanager
def running(
    *options: str,
    listen: str = "tcp:0:interface=127.0.0.1",
    program: tuple[str, ...] = (),
    environment: Mapping[str, str] = EMPTY,
    cwd: Path | None = None,
) -> Iterator[RunningServer]:
    """A server with these options, ended at the end; `program` starts it in place of twistd."""
    command = *(program or twistd()), "--listen", listen, *options
    process = Process.start(*command, environment=environment, cwd=cwd)
    try:
        match = process.wait_for(_LISTENING)
        yield RunningServer(process, match[1], int(match[2]))
    finally:
        process.end()


def twistd() -> tuple[str, ...]:
    """The command line of the server, in the environment of the tests."""
    program = Path(sys.executable).with_name("twistd")
    return (str(program), "--nodaemon", "--pidfile=", "wsecho")
