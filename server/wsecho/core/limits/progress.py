# SPDX-License-Identifier: MIT
"""How long an answer is waited for: not while what is before the question is still on its way.

A ping stands behind all that was sent before it (RFC 6455 section 5.5.2), and its answer behind
the frame that the peer is sending (section 5.4): on a slow link either takes as long as it takes.
So a peer has its time from when nothing is left before the question, and has it anew whenever it
sends, or takes, anything more. One that does neither has no further time.
"""

from typing import Final

from attrs import define, field, frozen

LOOKS: Final = 4
"""How often it is looked within the time that an answer may take."""

PLACE: Final = 1 << 16
"""Octets that a peer's system has place for, at least; how many it really has, nobody tells."""


@frozen
class Progress:
    """How far a connection has come, by numbers that only differences of are known.

    Attributes:
        received: octets that arrived from the peer.
        taken: octets that the peer's system has acknowledged.
        window: octets that it would take beside these, while the peer reads nothing.
        waiting: octets that were given to the connection, and are not acknowledged.
    """

    received: int = 0
    taken: int = 0
    window: int = 0
    waiting: int = 0

    @property
    def edge(self) -> int:
        """Octets that the peer's system will take in all, while the peer reads nothing."""
        return self.taken + self.window


@define(eq=False)
class Patience:
    """Waits for one answer.

    Args:
        seen: how far the connection had come before the question was sent.
        now: the time in seconds.
        within: seconds that the peer has.
    """

    _seen: Progress
    _since: float
    _within: float
    _end: int = field(init=False)
    _widest: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._end = self._seen.taken + self._seen.waiting
        self._widest = max(PLACE, self._seen.window)

    def look(self, seen: Progress, now: float) -> float:
        """Look how far it has come since.

        Args:
            seen: how far it has come.
            now: the time in seconds.

        Returns:
            the seconds after which to look again; 0 where there is no more time.
        """
        if self._has_moved(seen):
            self._since = now
        self._seen, self._widest = seen, max(self._widest, seen.window)
        left = self._since + self._within - now
        return min(max(0.0, left), self._within / LOOKS)

    def extend(self, now: float) -> None:
        """Give it all its time anew: it was not its fault."""
        self._since = now

    def _has_moved(self, seen: Progress) -> bool:
        before = self._seen
        if seen.received > before.received:
            return True
        if before.taken < self._end:
            return seen.taken > before.taken
        # The peer's system has the question, but the peer may not have got there. Where its
        # window is as wide as ever, it has read all there is, whatever more its system takes.
        is_there = seen.edge - self._widest >= self._end
        return seen.window > before.window or (seen.edge > before.edge and not is_there)
