# SPDX-License-Identifier: MIT
"""The readers whose answers are not over: event streams, and long-polls that wait."""

from collections.abc import Iterator
from typing import Protocol


class Stream(Protocol):
    """One answer that is not over."""

    @property
    def is_paced(self) -> bool:
        """Whether its client comes back at once, so that many of its kind are told by and by."""

    @property
    def is_idle(self) -> bool:
        """Whether it waits for nothing, and holds up no end."""

    def drain(self, retry: float) -> None:
        """Tell the client that it may come back after `retry` seconds, and end the answer."""

    def abort(self) -> None:
        """Cut the connection."""


class Streams:
    """All of them, so that the server's end can tell each."""

    def __init__(self) -> None:
        self._open: dict[Stream, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._open))

    def add(self, stream: Stream) -> None:
        """Register one that began."""
        self._open[stream] = None

    def discard(self, stream: Stream) -> None:
        """Forget one that is over; to do so again does no harm."""
        self._open.pop(stream, None)

    def drain(self, retry: float) -> None:
        """Tell all of them at once."""
        for stream in self:
            stream.drain(retry)
