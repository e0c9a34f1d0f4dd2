# SPDX-License-Identifier: MIT
"""What happened, in plain numbers: counted where it happens, read when somebody asks.

Each connection counts for itself, which costs an addition; the sums are made when the metrics are
read. Its opening and its end are one line of the log each.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from time import time
from typing import Final, Literal

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import LogEvent, Logger, LogLevel

from wsecho.core.wire.errors import CloseCode, TooLarge, WireError

ABNORMAL: Final = 1006
"""What stands for a connection that ended without a Close frame (RFC 6455 section 7.4.1)."""

NO_STATUS: Final = 1005
"""What stands for a Close frame that named no code."""

_NAMED: Final = {*map(int, CloseCode), NO_STATUS, ABNORMAL, 1010, 1012, 1014, 1015}

Count = Literal["messages_in", "messages_out", "bytes_in", "bytes_out"]


@define(eq=False)
class ConnectionStats:
    """One open connection: who it is, and what went through it. Made by `Stats.open`.

    Attributes:
        door: the name of its door.
        peer: its address.
        who: the token's subject, or the session's authid; empty for nobody in particular.
        messages_in, messages_out: whole messages; of a room's stream, frames of any kind.
        bytes_in, bytes_out: of these messages: payloads on the way in, and of what is said to this
            peer alone; what goes out otherwise, as it was written, with heads and compressed. It
            was written once for many, so nobody knows each one's payload.
        messages_echoed, bytes_echoed: what counts as both.
    """

    _stats: "Stats"
    door: str
    peer: str
    who: str
    _begun: float
    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    messages_echoed: int = 0
    bytes_echoed: int = 0
    _is_over: bool = field(default=False, init=False)

    def settle(self) -> None:
        """Have all counts say all there is."""
        messages, self.messages_echoed = self.messages_echoed, 0
        octets, self.bytes_echoed = self.bytes_echoed, 0
        self.messages_in += messages
        self.messages_out += messages
        self.bytes_in += octets
        self.bytes_out += octets

    def end(self, code: object, reason: str) -> None:
        """Note the end, once.

        Args:
            code: a close code, a WAMP reason, or what the door calls it.
            reason: why, for people; nothing that the peer made up at length.
        """
        if not self._is_over:
            self._is_over = True
            self._stats._end(self, code, reason, self._begun)  # noqa: SLF001  # its other half


@define(eq=False)
class DoorStats:
    """The connections of one door, open and gone."""

    opened: int = 0
    visits: dict[ConnectionStats, None] = field(factory=dict)
    _gone: Counter[str] = field(factory=Counter)

    def total(self, count: Count) -> int:
        """Sum up a count over all connections that there ever were, as of `Stats.count`."""
        live: int = sum(getattr(own_stats, count) for own_stats in self.visits)
        return self._gone[count] + live

    def leave(self, own_stats: ConnectionStats) -> None:
        """Keep the counts of a connection that ends."""
        del self.visits[own_stats]
        own_stats.settle()
        if not (own_stats.messages_in or own_stats.messages_out):
            return
        self._gone["messages_in"] += own_stats.messages_in
        self._gone["messages_out"] += own_stats.messages_out
        self._gone["bytes_in"] += own_stats.bytes_in
        self._gone["bytes_out"] += own_stats.bytes_out


class Stats:
    """All counts of one server.

    Args:
        clock: times connections.
        tells: whether each connection's opening and end are lines of the log.

    Attributes:
        doors: by the door's name.
        closes: by door and close code.
        refusals: handshakes that failed, by status and code.
        limits: how often each limit was met, by its option's name.
        counters: are called before sums are made; they count what was sent to many at once.
        left_out: messages that were left out for slow readers, by door.
        forwarded: requests for sessions of other nodes, by what came of them.
        longest_queue: bytes, the most that ever waited for one reader.
        longest_lag: seconds, the most that the event loop was ever late; `lag` is the last measure.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, *, tells: bool = True) -> None:
        self._clock = clock
        self._tells = tells
        # Asked of the class, it would be made anew each time.
        self._logger = self._log
        self.doors: dict[str, DoorStats] = {}
        self.closes: Counter[tuple[str, str]] = Counter()
        self.refusals: Counter[tuple[int, str]] = Counter()
        self.limits: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.forwarded: Counter[str] = Counter()
        self.counters: list[Callable[[], None]] = []
        self.longest_queue = 0
        self.lag = 0.0
        self.longest_lag = 0.0

    def __iter__(self) -> Iterator[ConnectionStats]:
        for door in self.doors.values():
            yield from door.visits

    def open(self, door: str, peer: str, who: str | None = None) -> ConnectionStats:
        """Note that a connection has opened.

        Args:
            door: the door's name.
            peer: the client's address.
            who: the token's subject, where there is one.
        """
        own_stats = ConnectionStats(self, door, peer, who or "", self._clock.seconds())
        stats = self.doors.get(door)
        if stats is None:
            stats = self.doors[door] = DoorStats()
        stats.opened += 1
        stats.visits[own_stats] = None
        if self._tells:
            self._tell(
                f"opened {door} {peer}{_as_who(own_stats)}",
                {"event": "opened", "door": door, "peer": peer, "who": own_stats.who},
            )
        return own_stats

    def refuse(self, error: WireError) -> None:
        """Note that a request was refused, and by which limit where a body was too large."""
        self.refusals[error.status, error.code] += 1
        if isinstance(error, TooLarge):
            self.limits["max-message-size"] += 1

    def count(self) -> None:
        """Have every connection's counts say all there is."""
        for counter in self.counters:
            counter()
        for own_stats in self:
            own_stats.settle()

    def queued(self, octets: int) -> None:
        """Note how much waits for a reader now."""
        self.longest_queue = max(self.longest_queue, octets)

    def lagged(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self.lag = seconds
        self.longest_lag = max(self.longest_lag, seconds)

    def _end(self, own_stats: ConnectionStats, code: object, reason: str, begun: float) -> None:
        self.doors[own_stats.door].leave(own_stats)
        self.closes[own_stats.door, _bounded(code)] += 1
        if self._tells:
            self._tell_of_end(own_stats, code, reason, begun)

    def _tell_of_end(
        self, own_stats: ConnectionStats, code: object, reason: str, begun: float
    ) -> None:
        seconds = round(self._clock.seconds() - begun, 3)
        self._tell(
            f"closed {own_stats.door} {own_stats.peer}{_as_who(own_stats)} after {seconds} s "
            f"with {code}: {reason} "
            f"({own_stats.messages_in} messages in, {own_stats.messages_out} out)",
            {
                "event": "closed",
                "door": own_stats.door,
                "peer": own_stats.peer,
                "who": own_stats.who,
                "seconds": seconds,
                "code": code,
                "reason": reason,
                "messages_in": own_stats.messages_in,
                "messages_out": own_stats.messages_out,
                "bytes_in": own_stats.bytes_in,
                "bytes_out": own_stats.bytes_out,
            },
        )

    def _tell(self, text: str, event: LogEvent) -> None:
        # What the logger's `info` does, without looking through all levels that there are. The
        # text is made here: to have it made of a format costs three times as much.
        event |= {
            "text": text,
            "log_logger": self._logger,
            "log_level": LogLevel.info,
            "log_namespace": self._logger.namespace,
            "log_source": self._logger.source,
            "log_format": "{text}",
            "log_time": time(),
        }
        self._logger.observer(event)


def _as_who(own_stats: ConnectionStats) -> str:
    return f" ({own_stats.who})" if own_stats.who else ""


def _bounded(code: object) -> str:
    """Return a code as a label: a peer can choose among thousands, which would all be kept."""
    if isinstance(code, int):
        return str(int(code)) if code in _NAMED else "other"
    return str(code)
