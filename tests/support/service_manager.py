# SPDX-License-Identifier: MIT
"""A service manager for the tests: it hears what a server tells of itself, and keeps its socket."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from attrs import define, field

from tests.support.processes import PATIENCE, Process

_LARGEST: Final = 4096


@define(eq=False)
class NotifySocket:
    """Where a server tells how it is.

    Attributes:
        name: its name, for `$NOTIFY_SOCKET`.
    """

    name: str
    _socket: socket.socket = field(repr=False)

    @classmethod
    @contextmanager
    def at(cls, name: str) -> Iterator[Self]:
        """One that is there until the end.

        Args:
            name: a path, or `@` and an abstract name.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(f"\0{name[1:]}" if name.startswith("@") else name)
            sock.settimeout(PATIENCE)
            yield cls(name, sock)

    def next(self) -> dict[str, str]:
        """Wait for a message; signs of life are one, too."""
        lines = self._socket.recv(_LARGEST).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def next_state(self) -> dict[str, str]:
        """Wait for a message that is no sign of life."""
        while True:
            message = self.next()
            if message != {"WATCHDOG": "1"}:
                return message

    def waiting(self) -> list[bytes]:
        """What has come and was not looked at; it is taken."""
        found = []
        self._socket.setblocking(False)
        try:
            while True:
                found.append(self._socket.recv(_LARGEST))
        except BlockingIOError:
            return found
        finally:
            self._socket.settimeout(PATIENCE)


@define(eq=False)
class KeptSocket:
    """A listening socket that stays open while servers come and go, as a socket unit's does.

    Attributes:
        socket: it.
    """

    socket: socket.socket

    @classmethod
    @contextmanager
    def at(cls, address: "tuple[str, int] | Path") -> Iterator[Self]:
        """One that is there until the end."""
        family = socket.AF_UNIX
        if not isinstance(address, Path):
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind(str(address) if isinstance(address, Path) else address)
            if isinstance(address, Path):
                address.chmod(0o660)
            sock.listen(4096)
            yield cls(sock)

    def start(self, *command: str) -> Process:
        """Start a program by `systemd-socket-activate`, which waits for the first who comes."""
        number = self.socket.fileno()
        activate = f"exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec systemd-socket-activate"
        return Process.start(
            *("bash", "-c", f'{activate} --fdname=http "$@"', "bash", *command),
            descriptors=(number,),
        )
