# SPDX-License-Identifier: MIT
"""What is right, and what it comes to where something else is done."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from _testsuite.results import Verdict

from .answer import SWITCHING, Answer, Head, accept_of
from .case import Case, Level, Request, Then
from .deflate import problem

_LEAST_ERROR = 400
_INTERNAL_ERROR = 500
_OF_LEVEL = {
    Level.MUST: Verdict.FAILED,
    Level.TAKE: Verdict.FAILED,
    Level.SHOULD: Verdict.NON_STRICT,
    Level.MAY: Verdict.INFORMATIONAL,
}


class Outcome(Enum):
    """What a server did about a request."""

    OPENED = auto()
    FAULTY = auto()
    """It answered 101, but not so that a client could go on."""
    REFUSED = auto()
    """With an error of HTTP."""
    PLAIN = auto()
    """It answered as if no WebSocket was asked for."""
    ENDED = auto()
    """Without an answer."""
    SILENT = auto()
    GARBAGE = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """An outcome, told."""

    outcome: Outcome
    words: str
    """In full."""
    short: str
    """For a table's cell."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was not right."""

    words: str
    verdict: Verdict | None = None
    """What it comes to, whatever the case's level; None where the level says."""


@dataclass(frozen=True, slots=True)
class Right:
    """What is right, in words, and who finds the fault."""

    words: str
    find: Callable[[Case, Answer], Fault | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a case came to."""

    behavior: Verdict
    closing: Verdict
    did: str
    """What the server did, and what is wrong with it, if anything is."""
    short: str
    status: int | None


def judge(case: Case, answer: Answer) -> Judged:
    """Judge what a server did."""
    seen, head = see(case, answer), answer.head
    fault = case.right.find(case, answer)
    if fault is None:
        behavior = Verdict.INFORMATIONAL if case.level is Level.MAY else Verdict.OK
        did = seen.words
    else:
        behavior, did = fault.verdict or _OF_LEVEL[case.level], fault.words
    stays = must_close(case, head) and not answer.ended
    return Judged(
        behavior,
        Verdict.FAILED if stays else Verdict.OK,
        f"{did}, and leaves the connection open" if stays else did,
        seen.short,
        None if head is None else head.status,
    )


def must_close(case: Case, head: Head | None) -> bool:
    """Tell whether the connection has to end behind an answer (RFC 9112 sections 6 and 9.6)."""
    if head is None or head.status == SWITCHING:
        return False
    return case.closes or "close" in head.words("connection")


def see(case: Case, answer: Answer) -> Seen:
    """Tell what a server did."""
    head = answer.head
    if head is None:
        if not answer.is_http:
            return Seen(Outcome.GARBAGE, "answers with what is no HTTP/1", "no HTTP")
        if answer.ended:
            return Seen(Outcome.ENDED, "ends the connection without an answer", "ends")
        return Seen(Outcome.SILENT, "does not answer", "silent")
    status = head.status
    if status == SWITCHING:
        trouble = _trouble(case, head, answer)
        if trouble is None:
            return Seen(Outcome.OPENED, "opens", "101")
        return Seen(Outcome.FAULTY, f"answers 101, but {trouble}", "bad 101")
    outcome = Outcome.REFUSED if status >= _LEAST_ERROR else Outcome.PLAIN
    return Seen(outcome, f"answers {status}", str(status))


def _trouble(case: Case, head: Head, answer: Answer) -> str | None:
    trouble = _trouble_of(case.request, head)
    if trouble is None and case.then in {Then.PROBE, Then.LISTEN} and not answer.echoed:
        return "ends the connection" if answer.ended else "a message does not come back"
    return trouble


def _trouble_of(request: Request, head: Head) -> str | None:
    """Say why a client could not go on with a 101 (RFC 6455 section 4.1)."""
    chosen = head.values("sec-websocket-protocol")
    if head.version != "1.1":
        return f"in HTTP/{head.version}"
    if "websocket" not in head.words("upgrade"):
        return "Upgrade is not websocket"
    if "upgrade" not in head.words("connection"):
        return "Connection does not list Upgrade"
    if set(head.values("sec-websocket-accept")) != {accept_of(request.key)}:
        return "Sec-WebSocket-Accept is not that of the key"
    if len(set(chosen)) > 1 or not request.subprotocols.issuperset(chosen):
        return f"the subprotocol {', '.join(chosen)} was not offered"
    return problem(
        request.values("sec-websocket-extensions"), head.values("sec-websocket-extensions")
    )


def soften(seen: Seen) -> Fault | None:
    """Give the fault of a refusal in an odd form, which opens nothing all the same."""
    if seen.outcome is Outcome.ENDED or seen.short == str(_INTERNAL_ERROR):
        return Fault(seen.words, Verdict.NON_STRICT)
    return None
