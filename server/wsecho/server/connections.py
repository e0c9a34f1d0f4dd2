# SPDX-License-Identifier: MIT
"""All that is open, so that the end can tell each of them: sockets, streams, sessions.

Whatever is to be told before the server stops, and may hold its end up, is `Drainable` and
registers here while it lives.
"""

from collections.abc import Iterator
from math import ceil
from typing import Protocol

from wsecho.core.wire.errors import Stopping


class Drainable(Protocol):
    """Something open that is told when the server stops."""

    @property
    def is_paced(self) -> bool:
        """Whether its client comes back at once, so that many of its kind are told by and by."""

    @property
    def is_idle(self) -> bool:
        """Whether it waits for nothing (a kept-alive HTTP connection), and holds up no end."""

    def drain(self, retry: float) -> None:
        """Tell the client that it may come back after `retry` seconds, and begin to close."""

    def abort(self) -> None:
        """Cut it off: the time is over."""


class Connections:
    """What is open.

    Attributes:
        retry: once the server is stopping, the seconds after which somebody who is answered now
            may come back; None before.
        is_replaced: whether another process serves at the same addresses already, so that these
            take traffic all the while.
    """

    def __init__(self) -> None:
        self._open: dict[Drainable, None] = {}
        self.retry: float | None = None
        self.is_replaced = False

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Drainable]:
        return iter(list(self._open))

    def __contains__(self, connection: Drainable) -> bool:
        return connection in self._open

    @property
    def is_stopping(self) -> bool:
        """Whether the server takes nothing new."""
        return self.retry is not None

    @property
    def retry_after(self) -> str:
        """The value of `Retry-After` in answers while the server is stopping, whole seconds."""
        return str(max(1, ceil(self.retry or 0)))

    def check(self) -> None:
        """Let something new begin.

        Raises:
            Stopping: the server is about to end.
        """
        if self.retry is not None:
            raise Stopping(self.retry)

    def add(self, connection: Drainable) -> None:
        """Register something that opened."""
        self._open[connection] = None

    def discard(self, connection: Drainable) -> None:
        """Forget something that is closed; to do so again does no harm."""
        self._open.pop(connection, None)
