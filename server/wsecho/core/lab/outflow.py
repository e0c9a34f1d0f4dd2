# SPDX-License-Identifier: MIT
"""What waits to be sent, and when each octet of it may go: late, slowly, in small segments.

Long fillings are made as they are sent, so that nobody is sent them out of memory.
"""

from collections import deque
from enum import Enum
from typing import Final

from attrs import define, field, frozen

PIECE: Final = 1 << 16
"""Octets that are given out at once."""

MAX_ENTRIES: Final = 1024
"""Frames that may be on their way."""

PAUSE: Final = 0.002
"""Seconds between two segments."""

_PATTERN: Final = b"0123456789abcdef" * 256
_SLICES: Final = 20
"""Times a second that something is sent where so many octets a second are: about."""


class HalfEnd(Enum):
    """How our half of the connection ends."""

    FIN = "fin"
    RESET = "reset"


@frozen
class OctetPace:
    """How octets go.

    Attributes:
        segment: octets of each segment; 0 for any.
        pause: seconds between two segments.
        rate: octets a second; 0 for any.
    """

    segment: int = 0
    pause: float = 0.0
    rate: int = 0


AT_ONCE: Final = OctetPace()


@define(eq=False)
class OutEntry:
    """Something to be sent.

    Args:
        octets: what it begins with.
        filling: how many octets of a pattern follow.
        origin: where in the pattern they begin.
        due: when it may go.
        pace: how.
        end: what the connection does behind it.
        mark: what is told once it has gone.
    """

    octets: bytes
    filling: int = 0
    due: float = 0.0
    pace: OctetPace = AT_ONCE
    end: HalfEnd | None = None
    mark: object = None
    origin: int = 0
    _sent: int = field(default=0, init=False)

    def __len__(self) -> int:
        return len(self.octets) + self.filling - self._sent

    @property
    def has_begun(self) -> bool:
        """Whether some of it has gone."""
        return self._sent > 0

    def take(self, most: int) -> bytes:
        """Take the next octets."""
        begin = self._sent
        self._sent += min(most, len(self))
        octets = self.octets[begin : self._sent]
        place = self.origin - len(self.octets)
        filled = (max(self.origin, place + end) for end in (begin, self._sent))
        return octets + pattern(*filled)


def pattern(begin: int, end: int) -> bytes:
    """Return some of the text that large messages consist of."""
    size = len(_PATTERN)
    first = begin // size * size
    repeated = _PATTERN * (-(-(end - first) // size))
    return repeated[begin - first : end - first]


@define(eq=False)
class Outflow:
    """Gives out octets in order, each as soon as it may go.

    Attributes:
        end: how our half ends now, once all before it was given out.
    """

    _entries: deque[OutEntry] = field(factory=deque, init=False)
    _free_at: float = field(default=0.0, init=False)
    _latest: float = field(default=0.0, init=False)
    held: int = field(default=0, init=False)
    """Octets that are in memory."""
    end: HalfEnd | None = field(default=None, init=False)
    _gone: list[object] = field(factory=list, init=False)

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, entry: OutEntry) -> None:
        """Send something behind all that was pushed before; it is not due before that is."""
        entry.due = self._latest = max(entry.due, self._latest)
        self._entries.append(entry)
        self.held += len(entry.octets)

    def clear(self) -> bool:
        """Forget what waits; tell whether a frame was cut by it."""
        is_cut = bool(self._entries) and self._entries[0].has_begun
        self._entries.clear()
        self.held, self._latest, self._free_at = 0, 0.0, 0.0
        return is_cut

    def take_gone(self) -> list[object]:
        """Take the marks of what has been given out."""
        gone, self._gone = self._gone, []
        return gone

    @property
    def next_time(self) -> float | None:
        """When something may go next; None where nothing waits."""
        if not self._entries or self.end is not None:
            return None
        return max(self._entries[0].due, self._free_at)

    def take(self, now: float) -> bytes:
        """Take what may go now, at most about `PIECE`; each segment that is to be one, alone."""
        pieces: list[bytes] = []
        size = 0
        while size < PIECE and (moment := self.next_time) is not None and moment <= now:
            entry = self._entries[0]
            if entry.end is not None and not len(entry):
                if not pieces:
                    self._pop()
                    self.end = entry.end
                break
            piece = entry.take(_most(entry.pace))
            pieces.append(piece)
            size += len(piece)
            self._keep_pace(entry.pace, len(piece), now)
            if not len(entry) and entry.end is None:
                self._pop()
        return b"".join(pieces)

    def _pop(self) -> None:
        entry = self._entries.popleft()
        self.held -= len(entry.octets)
        if entry.mark is not None:
            self._gone.append(entry.mark)

    def _keep_pace(self, pace: OctetPace, octets: int, now: float) -> None:
        if pace.rate:
            self._free_at = max(self._free_at, now) + octets / pace.rate
        if pace.segment:
            self._free_at = max(self._free_at, now + pace.pause)


def _most(pace: OctetPace) -> int:
    most = PIECE
    if pace.segment:
        most = min(most, pace.segment)
    if pace.rate:
        most = min(most, max(1, pace.rate // _SLICES))
    return most
