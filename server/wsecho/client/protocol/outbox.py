# SPDX-License-Identifier: MIT
"""Messages that are to be said: in the order of the calls, each once, again after every break.

Each has a key, under which the server takes it once however often it is said; it remembers keys
for 300 seconds, so no message is said again after 270.
"""

from heapq import heappop, heappush
from typing import Any, Final

from attrs import define, field

from wsecho.client.errors import (
    BadRequest,
    BadType,
    Error,
    OverLimit,
    TooLarge,
    Unavailable,
    Unknown,
)
from wsecho.client.protocol.backoff import Backoff
from wsecho.client.protocol.frames import write_publish
from wsecho.client.protocol.refusals import Refusal

MAX_SECONDS: Final = 270.0
"""For how long a message is said again."""

MAX_WAITING: Final = 1_000
MAX_WAITING_OCTETS: Final = 16 << 20
"""What may wait to be said; one message of any size may wait alone."""

_UNSURE: Final = frozenset({"bus_timeout", "internal"})
"""The server's words for what it does not know whether it was done."""

MAX_IN_FLIGHT: Final = 64
"""Messages that are said before the first of them is acknowledged."""


@define(order=False, eq=False)
class Entry:
    """One message that is to be said.

    Attributes:
        number: its place among those of this outbox, and the `id` of its frame.
        key: what makes saying it again safe.
        data: what is said.
        frame: the same as a frame.
        until: when it is given up.
        waiter: whoever asked for it, for the shell.
        may_have_arrived: whether it was sent, and nobody said what became of it.
        refusal: why the server did not take it the last time that it said so.
        rejections: how often the token that it came with did not count.
    """

    number: int
    key: str
    data: str | bytes = field(repr=False)
    frame: bytes = field(repr=False)
    until: float
    waiter: Any = field(repr=False)
    may_have_arrived: bool = False
    refusal: Error | None = None
    rejections: int = 0
    is_withdrawn: bool = False

    def __lt__(self, other: "Entry") -> bool:
        return self.number < other.number


@define
class Outbox:
    """What one client has to say in one room.

    Args:
        name: begins each key; nobody else has it.
        backoff: the waits after a refusal that passes.

    Attributes:
        max_frame: octets that the server takes of one frame; None where it does not tell.
    """

    _name: str
    _backoff: Backoff
    max_frame: int | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _octets: int = field(default=0, init=False)
    _waiting: list[Entry] = field(factory=list, init=False)
    _sent: dict[int, Entry] = field(factory=dict, init=False)
    _refused: set[int] = field(factory=set, init=False)
    """Those that are said again after a refusal."""
    _window: int = field(default=MAX_IN_FLIGHT, init=False)
    _pause_until: float = field(default=0.0, init=False)

    def __len__(self) -> int:
        """Count what is not acknowledged yet."""
        return len(self._waiting) + len(self._sent)

    def add(self, data: object, now: float, waiter: Any) -> Entry:
        """Take a message to be said.

        Raises:
            BadType: it is neither text nor bytes.
            BadRequest: it is text that cannot be encoded.
            TooLarge: its frame is larger than the server takes.
            OverLimit: too much waits already.
        """
        if isinstance(data, bytearray | memoryview):
            data = bytes(data)
        if not isinstance(data, str | bytes):
            raise BadType(f"data is neither str nor bytes, but {type(data).__name__}")
        number = self._count + 1
        key = f"{self._name}{number}"
        try:
            frame = write_publish(number, key, data)
        except UnicodeEncodeError:
            raise BadRequest("data has half a surrogate pair, which is no text") from None
        if (error := self._too_large(frame)) is not None:
            raise error
        if self and (len(self) >= MAX_WAITING or self._octets + len(frame) > MAX_WAITING_OCTETS):
            raise OverLimit(
                f"{len(self)} messages of {self._octets} octets in all wait to be said already"
            )
        entry = Entry(number, key, data, frame, now + MAX_SECONDS, waiter)
        self._count, self._octets = number, self._octets + len(frame)
        heappush(self._waiting, entry)
        return entry

    def _too_large(self, frame: bytes) -> TooLarge | None:
        if self.max_frame is None or len(frame) <= self.max_frame:
            return None
        return TooLarge(
            f"data makes a frame of {len(frame)} octets, more than the {self.max_frame} that the "
            "server takes"
        )

    def next(self, now: float) -> Entry | None:
        """Return what is to be said now, as being said; None where nothing is."""
        if now < self._pause_until or len(self._sent) >= self._window:
            return None
        while self._waiting:
            entry = heappop(self._waiting)
            if entry.is_withdrawn:
                self._refused.discard(entry.number)
                self._octets -= len(entry.frame)
                continue
            self._sent[entry.number] = entry
            return entry
        return None

    def too_large(self, entry: Entry) -> TooLarge | None:
        """Tell whether an entry became too large: the server may be another than at first."""
        return self._too_large(entry.frame)

    def published(self, number: object) -> Entry | None:
        """Return what the server acknowledges, which is done; None where that is not known."""
        entry = self._sent.get(number) if isinstance(number, int) else None
        if entry is None:
            return None
        # One that was on its way while others were refused says nothing of what goes now.
        if not self._refused or entry.number in self._refused:
            self._backoff.reset()
            self._window = min(2 * self._window, MAX_IN_FLIGHT)
        self._drop(entry)
        return entry

    def refused(self, number: object, refusal: Refusal, now: float) -> tuple[Entry, Error] | None:
        """Return what is not going to be said, and why; None where it is said again, or unknown.

        After a refusal that passes, one message at a time is said until the server takes them
        again: so one that it refused comes before those that had not been said yet.
        """
        entry = self._sent.get(number) if isinstance(number, int) else None
        if entry is None:
            return None
        if not refusal.passes:
            self._drop(entry)
            return entry, refusal.error
        if refusal.is_ours and refusal.error.code not in _UNSURE:
            entry.refusal = refusal.error
        else:
            entry.may_have_arrived = True
        self._window = 1
        self._refused.add(entry.number)
        self._pause_until = max(self._pause_until, now + self._backoff.next(refusal.retry))
        self._put_back(entry)
        return None

    def _put_back(self, entry: Entry) -> None:
        del self._sent[entry.number]
        if entry.is_withdrawn:
            self._refused.discard(entry.number)
            self._octets -= len(entry.frame)
        else:
            heappush(self._waiting, entry)

    def cut(self) -> None:
        """Say again what was not acknowledged: its answers will not come."""
        for entry in list(self._sent.values()):
            entry.may_have_arrived = True
            self._put_back(entry)

    def largest_sent(self) -> Entry | None:
        """Take out what a server must mean that closes for a message being too large (1009)."""
        if not self._sent:
            return None
        entry = max(self._sent.values(), key=lambda each: len(each.frame))
        self._drop(entry)
        return entry

    def withdraw(self, entry: Entry) -> None:
        """Do not begin to say it any more: nobody waits for it."""
        entry.is_withdrawn = True

    def _drop(self, entry: Entry) -> None:
        del self._sent[entry.number]
        self._refused.discard(entry.number)
        self._octets -= len(entry.frame)

    def deadline(self, *, is_sending: bool) -> float | None:
        """Return when `next` or `expired` has something new; None for never.

        Args:
            is_sending: whether anything could be said now.
        """
        if not self:
            return None
        first = min(self._oldest(), key=lambda entry: entry.until).until
        if is_sending and self._waiting and len(self._sent) < self._window:
            return min(first, self._pause_until)
        return first

    def _oldest(self) -> list[Entry]:
        # Older ones have lower numbers, and what is said again goes in order.
        found = self._waiting[:1]
        if self._sent:
            found.append(self._sent[next(iter(self._sent))])
        return found

    def expired(self, now: float) -> list[tuple[Entry, Error]]:
        """Take out what has been tried for long enough."""
        late = [entry for entry in (*self._waiting, *self._sent.values()) if entry.until <= now]
        for entry in late:
            if self._sent.pop(entry.number, None) is not None:
                entry.may_have_arrived = True
            self._refused.discard(entry.number)
            self._octets -= len(entry.frame)
        if late:
            self._waiting = sorted(entry for entry in self._waiting if entry.until > now)
        return [(entry, _given_up(entry)) for entry in sorted(late)]

    def clear(self) -> list[Entry]:
        """Take out everything."""
        entries = sorted([*self._waiting, *self._sent.values()])
        self._waiting, self._sent, self._octets = [], {}, 0
        return entries


def _given_up(entry: Entry) -> Error:
    if entry.may_have_arrived:
        return Unknown(f"said again for {MAX_SECONDS:.0f} s: it may have arrived")
    if entry.refusal is not None:
        return entry.refusal
    return Unavailable(f"it could not be said for {MAX_SECONDS:.0f} s, and did not arrive")
