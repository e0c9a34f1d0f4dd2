# SPDX-License-Identifier: MIT
"""Identifiers: those that the router draws, and the order in which a peer may use its own.

Specification, "IDs": global ones (sessions, publications) are random over 1 to 2^53; request ids
count up from 1. A gap is let pass here, since AutobahnJS leaves one when a request fails locally.
"""

from __future__ import annotations

from typing import Final, Protocol

from wsecho.router.wire.errors import ProtocolViolationError

MAX_ID: Final = 2**53


class Random(Protocol):
    """The part of `random.Random` that the router needs; hand in `random.SystemRandom()`."""

    def getrandbits(self, k: int, /) -> int:
        """An integer of `k` random bits."""

    def randrange(self, stop: int, /) -> int:
        """An integer from 0 up to, but without, `stop`."""


def draw_id(random: Random) -> int:
    """A random id of the global scope."""
    return random.getrandbits(53) + 1


class InOrder:
    """Request ids on a transport that keeps order: each is higher than the one before."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0

    def use(self, request: int) -> None:
        """Take note of a request.

        Raises:
            ProtocolViolationError: the id goes backwards or was used before.
        """
        if request <= self.last:
            raise ProtocolViolationError(f"request id {request} after {self.last}")
        self.last = request


class AnyOrder:
    """Request ids on unbatched long-poll, whose POSTs may overtake: any order, but never twice.

    Remembers the ids above a mark below which all count as used; the mark follows the run without
    gaps and, so that a peer cannot fill the memory by gaps, the older half of `WINDOW` ids.
    """

    __slots__ = ("_mark", "_seen")

    WINDOW: Final = 1024

    def __init__(self) -> None:
        self._mark = 0
        self._seen: set[int] = set()

    def use(self, request: int) -> None:
        """Take note of a request.

        Raises:
            ProtocolViolationError: the id was used before, or fell behind the window.
        """
        if request <= self._mark or request in self._seen:
            raise ProtocolViolationError(f"request id {request} was used before")
        self._seen.add(request)
        while self._mark + 1 in self._seen:
            self._mark += 1
            self._seen.discard(self._mark)
        if len(self._seen) > self.WINDOW:
            # Half of them at once, so that it is not done for every request.
            oldest = sorted(self._seen)[: self.WINDOW // 2]
            self._mark = oldest[-1]
            self._seen.difference_update(oldest)
