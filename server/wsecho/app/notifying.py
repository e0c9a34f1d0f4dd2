# SPDX-License-Identifier: MIT
"""What the service manager is told: that the server is ready, reloads, stops, and is alive.

systemd's protocol, sd_notify(3): datagrams of ``NAME=VALUE`` lines, sent to the Unix socket that
``$NOTIFY_SOCKET`` names. Without that variable nothing is ever sent. The watchdog is fed from the
event loop, so that a loop that is stuck feeds it no more, and the manager starts the server anew.
"""

import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final, Self

from twisted.logger import Logger

from wsecho.loops import Loop

SPARE: Final = 10.0
"""Seconds that an end may take beyond `--drain`, for workers that have to be killed."""

_SEND_WITHIN: Final = 1.0
_MICROSECONDS: Final = 1_000_000
# What the manager knows us by is not for the processes that we start.
_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")

IsWell = Callable[[float], bool]
"""Tells whether all that serves has shown life in so many seconds."""

_log: Final = Logger()


class NotifySocket:
    """Where the service manager listens.

    Args:
        name: the socket's, as `$NOTIFY_SOCKET` has it: a path, or `@` and an abstract name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._address = f"\0{name[1:]}" if name.startswith("@") else name

    def tell(self, *assignments: str) -> None:
        """Send some lines as one datagram; where that cannot be, the log says so."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                # A manager with too much to do must not hold the event loop for long.
                sock.settimeout(_SEND_WITHIN)
                sock.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            _log.error(
                "the service manager at {address} cannot be told {what}: {why}",
                address=self._name,
                what=assignments[0],
                why=error.strerror or str(error),
            )


class _State(Enum):
    """What the manager knows of the server; each is told once."""

    STARTING = auto()
    READY = auto()
    RELOADING = auto()
    STOPPING = auto()


class ServiceManager:
    """Who started this process, and wants to know how it is.

    Args:
        tell: sends lines to it; None where nobody wants to know.
        watchdog: seconds without a sign of life after which it starts the server anew; 0 for none.
    """

    def __init__(self, tell: Callable[..., None] | None = None, watchdog: float = 0.0) -> None:
        self._tell = tell
        self._watchdog = watchdog
        self._state = _State.STARTING

    @classmethod
    def of(cls, environ: MutableMapping[str, str], pid: int) -> Self:
        """Read who it is from the environment, and take that out of it.

        Args:
            environ: the environment.
            pid: of this process: a watchdog may be another's, by `$WATCHDOG_PID`.
        """
        name, microseconds, watched = (environ.pop(variable, "") for variable in _VARIABLES)
        if not name:
            return cls()
        if not name.startswith(("/", "@")):
            _log.error("NOTIFY_SOCKET={address} is no path and no abstract name", address=name)
            return cls()
        watchdog = 0.0
        if watched in {"", str(pid)}:
            with suppress(ValueError):
                watchdog = max(0, int(microseconds or "0")) / _MICROSECONDS
        return cls(NotifySocket(name).tell, watchdog)

    def ready(self) -> None:
        """Tell that it serves, at its start and after it has reloaded."""
        if self._state in {_State.STARTING, _State.RELOADING}:
            self._enter(_State.READY, "READY=1")

    def reloading(self) -> None:
        """Tell that it reads its files again; before it is ready, that is a part of the start."""
        if self._state is _State.READY:
            # `Type=notify-reload` takes none that was sent before its signal.
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self._enter(_State.RELOADING, "RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self, within: float) -> None:
        """Tell that it ends; the manager's own patience may be less than is needed.

        Args:
            within: seconds that clients are given.
        """
        if self._state is not _State.STOPPING:
            patience = int((within + SPARE) * _MICROSECONDS)
            self._enter(_State.STOPPING, "STOPPING=1", f"EXTEND_TIMEOUT_USEC={patience}")

    def feed(self, is_well: IsWell, clock: Any) -> None:
        """Feed the watchdog, where there is one, for as long as the event loop runs.

        Args:
            is_well: whoever has not shown life for half of its time makes it go hungry.
            clock: the event loop's.
        """
        tell = self._tell
        if tell is None or not self._watchdog:
            return

        def feed() -> None:
            if is_well(self._watchdog / 2):
                tell("WATCHDOG=1")

        Loop("feeding the watchdog", feed, clock).start(self._watchdog / 4)

    def _enter(self, state: _State, *assignments: str) -> None:
        self._state = state
        if self._tell is not None:
            self._tell(*assignments)
