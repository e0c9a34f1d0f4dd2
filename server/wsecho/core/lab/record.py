# SPDX-License-Identifier: MIT
"""What the clients of one report did, bounded, and how it is written."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from wsecho.core.lab.faults import Conduct
from wsecho.core.lab.reading import ReceivedFrame
from wsecho.core.lab.verdict import ClientVerdict
from wsecho.core.lab.watching import MAX_WRONG, Wrong
from wsecho.core.websocket.frames import Opcode
from wsecho.core.websocket.reading import is_utf8

MAX_CONNECTIONS: Final = 64
MAX_FRAMES: Final = 1000
MAX_OCTETS: Final = 128
MAX_REPORTS: Final = 1000
MAX_SIZE: Final = 64 << 20
"""Octets that all reports take, about."""
LIFETIME: Final = 600.0
"""Seconds that a report is kept from its first connection on."""

_FRAME_SIZE: Final = 600
"""Octets that a noted frame takes beside its payload, about."""
_CONNECTION_SIZE: Final = 4000
_FIELD_SIZE: Final = 250
"""Octets that a field of a request's head takes beside its text, about."""
_NAMES: Final = {int(opcode): opcode.name.lower() for opcode in Opcode}


@frozen
class RecordedHead:
    """A request as it is noted: nothing secret is in it.

    Attributes:
        target: as it was sent.
        headers: names as the client wrote them, and values.
    """

    target: str
    headers: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """Octets that it takes, about."""
        fields = sum(_FIELD_SIZE + len(name) + len(value) for name, value in self.headers)
        return len(self.target) + fields

    def write(self) -> dict[str, Any]:
        """Write it for JSON."""
        return {"target": self.target, "headers": [list(pair) for pair in self.headers]}


@frozen
class Ended:
    """How a connection ended.

    Attributes:
        by: `client`, `server` or `time`.
        at: when.
        code, reason: of the client's Close; None where it sent none.
        tcp: `fin`, `reset`, or `open` where the client did not end it.
    """

    by: str
    at: float
    code: int | None
    reason: str | None
    tcp: str


@define(eq=False)
class Record:
    """What one connection did.

    Args:
        chain: what it was for.
        opened: when, Unix milliseconds.
        begun: when, by the clock that times it.
        head: its request.
        grew: is told of octets that it takes more.
    """

    chain: str
    opened: int
    begun: float
    head: RecordedHead
    _grew: Callable[[int], None]
    verdict: ClientVerdict | None = field(default=None, init=False)
    status: int | None = field(default=None, init=False)
    ended: Ended | None = field(default=None, init=False)
    frames: list[dict[str, Any]] = field(factory=list, init=False)
    is_full: bool = field(default=False, init=False)
    wrong: list[dict[str, Any]] = field(factory=list, init=False)
    keys: Sequence[bytes] = field(default=(), init=False)
    """The first two different masking keys."""
    handshake_key: str | None = field(default=None, init=False)
    _is_forgotten: bool = field(default=False, init=False)
    on_change: Callable[[], None] = field(default=lambda: None, init=False)

    def ms(self, now: float) -> float:
        """Return the milliseconds since it opened."""
        return round(1000 * (now - self.begun), 1)

    def frame(self, frame: ReceivedFrame, now: float) -> None:
        """Note a frame."""
        if self._is_forgotten:
            return
        if len(self.frames) >= MAX_FRAMES:
            self.is_full = True
            return
        head, payload = frame.head, (frame.payload or b"")[:MAX_OCTETS]
        noted = {
            "ms": self.ms(now),
            "opcode": _NAMES.get(head.opcode, f"{head.opcode:#x}"),
            "fin": head.fin,
            "rsv": head.rsv,
            "length": head.length,
            "masked": head.key is not None,
        }
        is_text = head.opcode != Opcode.BINARY and not head.rsv and _is_beginning(payload)
        noted["text" if is_text else "hex"] = (
            payload.decode(errors="ignore") if is_text else payload.hex()
        )
        self.frames.append(noted)
        self._grew(_FRAME_SIZE + len(payload))

    def note(self, wrong: Iterable[Wrong], now: float) -> None:
        """Note what is wrong."""
        for one in wrong:
            if len(self.wrong) < MAX_WRONG and not self._is_forgotten:
                self.wrong.append({"what": one.what, "rfc": one.rfc, "ms": self.ms(now)})
                self._grew(_FRAME_SIZE)

    def forget(self) -> None:
        """Let go what is noted, whoever still has it, and note nothing more."""
        self._is_forgotten = True
        self.frames.clear()
        self.wrong.clear()

    def end_refused(self, now: float) -> None:
        """Note that it was refused, and is over."""
        self.ended = Ended("server", now, None, None, "open")
        self.on_change()

    @property
    def is_settled(self) -> bool:
        """Whether it has ended, or has its verdict."""
        return self.ended is not None or (self.verdict is not None and self.verdict.is_known)

    def write(self) -> dict[str, Any]:
        """Write it for JSON."""
        return {
            "chain": self.chain,
            "opened": self.opened,
            "head": self.head.write(),
            "status": self.status,
            "frames": self.frames,
            "ended": None if self.ended is None else self._write_ended(self.ended),
            "verdict": None if self.verdict is None else write_verdict(self.verdict),
            "wrong": self.wrong,
        }

    def _write_ended(self, ended: Ended) -> dict[str, Any]:
        return {
            "by": ended.by,
            "ms": self.ms(ended.at),
            "code": ended.code,
            "reason": ended.reason,
            "tcp": ended.tcp,
        }


def _is_beginning(payload: bytes) -> bool:
    """Tell whether octets are a text, or one that was cut within a code point."""
    return is_utf8(payload) or (
        len(payload) == MAX_OCTETS and any(is_utf8(payload[:-cut]) for cut in (1, 2, 3))
    )


def write_verdict(verdict: ClientVerdict) -> dict[str, Any]:
    """Write a verdict for JSON."""
    expected = verdict.expected
    return {
        "rule": verdict.rule,
        "level": str(expected.level),
        "should": str(expected.should),
        "codes": list(expected.codes),
        "did": verdict.did,
        "passed": verdict.passed,
    }


@define(eq=False)
class Report:
    """The connections of one report.

    Args:
        name: the report's.
        begun: when its first one came.
    """

    name: str
    begun: float
    records: list[Record] = field(factory=list, init=False)
    is_full: bool = field(default=False, init=False)
    size: int = field(default=0, init=False)

    @property
    def is_settled(self) -> bool:
        """Whether there was a connection, and each has ended or has its verdict."""
        return bool(self.records) and all(record.is_settled for record in self.records)

    def gaps(self) -> list[float]:
        """List the milliseconds from an end to the next opening, where they do not overlap."""
        found, latest = [], None
        for record in self.records:
            if latest is not None and latest <= record.begun:
                found.append(round(1000 * (record.begun - latest), 1))
            if record.ended is None:
                break
            latest = record.ended.at if latest is None else max(latest, record.ended.at)
        return found

    def wrong(self) -> list[dict[str, Any]]:
        """List what only several connections tell."""
        found = []
        with_keys = [record for record in self.records if record.keys]
        keys = {key for record in with_keys for key in record.keys}
        if len(with_keys) > 1 and len(keys) == 1:
            found.append(("one masking key for all connections", "6455 5.3", with_keys[-1]))
        nonces = [record.handshake_key for record in self.records if record.handshake_key]
        if len(nonces) > 1 and len(set(nonces)) < len(nonces):
            what = "one Sec-WebSocket-Key for several connections"
            found.append((what, "6455 4.1", self.records[-1]))
        first = self.records[0].begun if self.records else 0.0
        return [
            {"what": what, "rfc": rfc, "ms": round(1000 * (record.begun - first), 1)}
            for what, rfc, record in found
        ]

    def write(self) -> dict[str, Any]:
        """Write it for JSON."""
        return {
            "id": self.name,
            "full": self.is_full or any(record.is_full for record in self.records),
            "connections": [record.write() for record in self.records],
            "gaps": self.gaps(),
            "wrong": self.wrong(),
        }


@define(eq=False)
class Reports:
    """All reports, the oldest first; those that are too old or too much go."""

    _reports: OrderedDict[str, Report] = field(factory=OrderedDict, init=False)
    _size: int = field(default=0, init=False)
    _waiting: dict[str, dict[Callable[[], None], None]] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._reports)

    def find(self, name: str, now: float) -> Report | None:
        """Return a report; None where no connection of it came, or it is forgotten."""
        self.forget_old(now)
        return self._reports.get(name)

    def open(
        self, name: str, chain: str, head: RecordedHead, now: float, wall: float
    ) -> Record | None:
        """Note a connection.

        Args:
            name: the report's.
            chain: what the connection is for.
            head: its request.
            now: the time, by the clock that times it.
            wall: the time, Unix seconds.

        Returns:
            where it is noted; None where the report is full.
        """
        self.forget_old(now)
        report = self._reports.get(name)
        if report is None:
            report = self._reports[name] = Report(name, now)
            self._keep_bounds()
        if len(report.records) >= MAX_CONNECTIONS:
            report.is_full = True
            return None
        self._tell_who_was_sent_away(report, chain, now)
        record = Record(chain, int(1000 * wall), now, head, lambda n: self._grew(report, n))
        record.on_change = lambda: self._changed(name)
        report.records.append(record)
        self._grew(report, _CONNECTION_SIZE + len(chain) + head.size)
        return record

    def forget_old(self, now: float) -> None:
        """Let go what is kept no longer."""
        while self._reports:
            oldest = next(iter(self._reports.values()))
            if now - oldest.begun < LIFETIME:
                break
            self._drop(oldest)

    def listen(self, name: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Have something called whenever a report changes; return what ends that."""
        waiting = self._waiting.setdefault(name, {})
        waiting[changed] = None

        def leave() -> None:
            waiting.pop(changed, None)
            if not waiting and self._waiting.get(name) is waiting:
                del self._waiting[name]

        return leave

    def _changed(self, name: str) -> None:
        for changed in list(self._waiting.get(name, ())):
            changed()

    def _grew(self, report: Report, octets: int) -> None:
        if self._reports.get(report.name) is report:
            report.size += octets
            self._size += octets
            self._keep_bounds()

    def _keep_bounds(self) -> None:
        while len(self._reports) > MAX_REPORTS or (
            self._size > MAX_SIZE and len(self._reports) > 1
        ):
            self._drop(next(iter(self._reports.values())))

    def _drop(self, report: Report) -> None:
        del self._reports[report.name]
        self._size -= report.size
        # Connections that go on have them, and answers that are on their way.
        for record in report.records:
            record.forget()

    @staticmethod
    def _tell_who_was_sent_away(report: Report, chain: str, now: float) -> None:
        for record in report.records:
            verdict = record.verdict
            is_sent_away = verdict is not None and verdict.expected.should is Conduct.COME_BACK
            if verdict is not None and is_sent_away and record.chain == chain:
                since = record.begun if record.ended is None else record.ended.at
                verdict.came_back(1000 * (now - since), now)
