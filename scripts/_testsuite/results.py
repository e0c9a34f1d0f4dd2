# SPDX-License-Identifier: MIT
"""What a case came to: the testsuite's two verdicts made one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """One word for a case, from its behaviour and from how it closed."""

    OK = "OK"
    INFORMATIONAL = "INFORMATIONAL"
    NON_STRICT = "NON-STRICT"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    FAILED = "FAILED"

    @property
    def passes(self) -> bool:
        """Tell whether a strict server may get this verdict."""
        return self in {Verdict.OK, Verdict.INFORMATIONAL}


_WORST_LAST = list(Verdict)


@dataclass(frozen=True, slots=True)
class Result:
    """One case as its client reported it."""

    case: str
    behavior: str
    behavior_close: str
    remote_close_code: int | None = None
    duration: int = 0
    """Milliseconds."""
    page: str | None = None
    """The testsuite's own page on this case, relative to the report."""
    out_of_time: bool = False
    """A timer of the client ran out: a busy machine may be to blame, not the server."""
    second_try: bool = False

    @property
    def verdict(self) -> Verdict:
        """Give the worse of the two; words that only a broken close earns count as FAILED."""
        words = (self.behavior, self.behavior_close)
        known = [Verdict(word) if word in _WORST_LAST else Verdict.FAILED for word in words]
        return max(known, key=_WORST_LAST.index)

    @classmethod
    def missing(cls, case: str) -> "Result":
        """Stand in for a case whose client ended without reporting it."""
        return cls(case, "MISSING", "MISSING", out_of_time=True)

    @classmethod
    def parse(cls, case: str, entry: Mapping[str, Any], detail: Mapping[str, Any]) -> "Result":
        """Read a case's entry in the client's `index.json`, and its own JSON file."""
        return cls(
            case=case,
            behavior=entry["behavior"],
            behavior_close=entry["behaviorClose"],
            remote_close_code=entry["remoteCloseCode"],
            duration=entry["duration"],
            page=entry["reportfile"].removesuffix(".json") + ".html",
            out_of_time=_ran_out_of_time(detail),
        )


def _ran_out_of_time(detail: Mapping[str, Any]) -> bool:
    timeouts = (
        "wasOpenHandshakeTimeout",
        "wasCloseHandshakeTimeout",
        "wasServerConnectionDropTimeout",
    )
    # In the wire log, KLE is the case's own time limit failing the connection, TIE closing it.
    marks = {entry[0] for entry in detail.get("wirelog", ())}
    return any(detail.get(name) for name in timeouts) or bool(marks & {"KLE", "TIE"})


def count(results: Iterable[Result]) -> Counter[Verdict]:
    """Count the verdicts."""
    return Counter(result.verdict for result in results)


def summary(results: Iterable[Result]) -> str:
    """Say the whole run in one line."""
    counts = count(results)
    # Every server is asked about four of them; UNIMPLEMENTED (compression is off) is rare.
    shown = [Verdict.OK, Verdict.INFORMATIONAL, Verdict.NON_STRICT, Verdict.FAILED]
    if counts[Verdict.UNIMPLEMENTED]:
        shown.append(Verdict.UNIMPLEMENTED)
    return f"{counts.total()} cases: " + ", ".join(f"{counts[word]} {word}" for word in shown)
