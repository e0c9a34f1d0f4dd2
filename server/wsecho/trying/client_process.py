# SPDX-License-Identifier: MIT
"""One run of a client's command: started, listened to, measured, and ended with all it has started.

A command has a session of its own, so that all of it can be ended together. What leaves the
session is found by a variable of its environment, where the system shows those (`/proc`).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import BinaryIO, Final, Self

from attrs import define, field

_MARK: Final = "WSECHO_TRIED"
"""The variable that all have which a command has started."""

_SOON: Final = 2.0
"""Seconds that a command has to end once it is told to."""

_TICK: Final = 0.02
_KEPT: Final = 4096
MUCH: Final = 1 << 20
"""Octets of output that are worth a word."""

_PROC: Final = Path("/proc")
# What wait4 measures by: kilobytes, but for macOS (getrusage(2)).
_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@define(eq=False)
class ClientOutput:
    """What a command writes: read to its end, the last of it kept.

    Attributes:
        octets: how much there was.
        last: the last of it.
    """

    _pipe: BinaryIO
    octets: int = field(default=0, init=False)
    last: bytes = field(default=b"", init=False)
    _thread: Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        descriptor = self._pipe.fileno()
        while data := os.read(descriptor, 1 << 16):
            self.octets += len(data)
            self.last = (self.last + data)[-_KEPT:]

    def end(self) -> None:
        """Wait for its end, but not for somebody who escaped with it."""
        self._thread.join(_SOON)
        if not self._thread.is_alive():
            self._pipe.close()


@define(eq=False)
class ClientProcess:
    """A command that runs, or has run.

    Attributes:
        output: what it writes, to either output.
        status: its exit status, negative for a signal's number; None until it was ended.
        memory: octets that it had at most, once it has ended; of its children, too, that it has
            waited for.
        was_ended: whether it had to be ended.
        left: whether it has ended by itself and left others running.
    """

    _popen: "subprocess.Popen[bytes]"
    _mark: bytes
    output: ClientOutput
    status: int | None = field(default=None, init=False)
    memory: int = field(default=0, init=False)
    was_ended: bool = field(default=False, init=False)
    left: bool = field(default=False, init=False)

    @classmethod
    def start(cls, words: Sequence[str]) -> Self:
        """Start it; its standard input is open, and nothing comes there.

        Raises:
            OSError: it cannot be started.
        """
        mark = token_hex(16)
        popen = subprocess.Popen(  # noqa: S603  # what the user asks for
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env={**os.environ, _MARK: mark},
            start_new_session=True,
        )
        assert popen.stdout is not None  # noqa: S101  # a pipe
        return cls(popen, f"{_MARK}={mark}".encode(), ClientOutput(popen.stdout))  # type: ignore[arg-type]  # raw

    @property
    def runs(self) -> bool:
        """Whether it runs, or another does that it has started."""
        if not self._has_exited():
            return True
        self.left = any(self._others())
        return self.left

    def end(self) -> None:
        """End it, and all that it has started: asked to first, made to then."""
        self.was_ended = not self._has_exited()
        if self.was_ended:
            self._signal_group(signal.SIGTERM)
            deadline = time.monotonic() + _SOON
            while not self._has_exited() and time.monotonic() < deadline:
                time.sleep(_TICK)
        else:
            self.left = any(self._others())
        # All at once, so that none can fork on; then, one by one, who has left the group.
        self._signal_group(signal.SIGKILL)
        _, status, usage = os.wait4(self._popen.pid, 0)
        self.status = self._popen.returncode = os.waitstatus_to_exitcode(status)
        self.memory = usage.ru_maxrss * _UNIT
        self._kill_others()
        assert self._popen.stdin is not None  # noqa: S101  # a pipe
        self._popen.stdin.close()
        self.output.end()

    def _kill_others(self) -> None:
        deadline = time.monotonic() + _SOON
        while (others := list(self._others())) and time.monotonic() < deadline:
            for pid in others:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_TICK)

    def _signal_group(self, number: int) -> None:
        # It is not waited for yet, so that its number is still its own.
        with suppress(OSError):
            os.killpg(self._popen.pid, number)

    def _has_exited(self) -> bool:
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._popen.pid, how) is not None

    def _others(self) -> Iterator[int]:
        """Yield the processes that have its mark; itself, too, while it runs."""
        for folder in _PROC.glob("[0-9]*"):
            with suppress(OSError):
                # Of somebody else's, or one that is gone, nothing can be read.
                if self._mark in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)
