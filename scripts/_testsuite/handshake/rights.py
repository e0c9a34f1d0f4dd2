# SPDX-License-Identifier: MIT
"""The things that can be right, for the tables to name."""

from collections.abc import Callable

from _testsuite.results import Verdict

from .answer import SWITCHING, Answer, Head
from .case import Case
from .judging import Fault, Outcome, Right, see, soften

_FORBIDDEN = 403
_CLIENT_ERRORS = range(400, 500)


def _find_opening(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    return None if seen.outcome is Outcome.OPENED else Fault(seen.words)


OPENS = Right("opens, and echoes", _find_opening)


def _find_declining(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.REFUSED, Outcome.ENDED}:
        # The offer is not accepted; but it was the offer alone that had to be declined.
        return Fault(f"{seen.words}, and does not open without", Verdict.NON_STRICT)
    return _find_opening(case, answer)


DECLINES = Right("declines the offer, and opens", _find_declining)


def refuses(*statuses: int) -> Right:
    """Answer with an error, one of those where some are named."""
    named = " or ".join(map(str, statuses)) or "an error of HTTP"

    def find(case: Case, answer: Answer) -> Fault | None:
        seen = see(case, answer)
        if seen.outcome is Outcome.PLAIN:
            return Fault(f"{seen.words}, which is no error", Verdict.NON_STRICT)
        if seen.outcome is not Outcome.REFUSED:
            return soften(seen) or Fault(seen.words)
        if statuses and int(seen.short) not in statuses:
            return Fault(f"{seen.words}, not {named}", Verdict.NON_STRICT)
        return soften(seen)

    return Right(f"answers {named}", find)


def _find_ignoring(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.REFUSED, Outcome.PLAIN}:
        return soften(seen)
    return soften(seen) or Fault(seen.words)


STAYS_HTTP = Right("answers anything but 101", _find_ignoring)


def _find_neither(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.OPENED, Outcome.REFUSED, Outcome.PLAIN}:
        return soften(seen)
    return soften(seen) or Fault(seen.words, Verdict.FAILED)


EITHER = Right("opens, or answers an error", _find_neither)


def _find_stranger(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome is Outcome.REFUSED and int(seen.short) != _FORBIDDEN:
        return Fault(f"{seen.words}, not {_FORBIDDEN}", Verdict.NON_STRICT)
    return _find_neither(case, answer)


OPENS_OR_FORBIDS = Right("opens, or answers 403", _find_stranger)


def _find_larger(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome is Outcome.REFUSED and int(seen.short) not in _CLIENT_ERRORS:
        return Fault(f"{seen.words}, no 4xx", Verdict.NON_STRICT)
    return _find_neither(case, answer)


BOUNDS = Right("answers a 4xx, or opens", _find_larger)


def bounds_by(status: int) -> Right:
    """Answer that it is too large by one status, or open."""

    def find(case: Case, answer: Answer) -> Fault | None:
        seen = see(case, answer)
        if seen.outcome is Outcome.REFUSED and int(seen.short) != status:
            return Fault(f"{seen.words}, not {status}", Verdict.NON_STRICT)
        return _find_neither(case, answer)

    return Right(f"answers {status}, or opens", find)


def opens_with(words: str, fault: str, check: Callable[[Head], bool]) -> Right:
    """Open by an answer that has something more to it.

    Args:
        words: what that is.
        fault: what is said where it is not so.
        check: tells whether it is so.
    """

    def find(case: Case, answer: Answer) -> Fault | None:
        head = answer.head
        if head is None or head.status != SWITCHING:
            return Fault(see(case, answer).words)
        return None if check(head) else Fault(f"opens, but {fault}")

    return Right(words, find)


def refuses_with(status: int, name: str, value: str | None = None) -> Right:
    """Have a header field in an error of one status; another error needs it not."""

    def find(case: Case, answer: Answer) -> Fault | None:
        seen, head = see(case, answer), answer.head
        if head is None or seen.outcome is not Outcome.REFUSED:
            return _find_ignoring(case, answer)
        words = head.words(name.lower())
        if head.status == status and (words == [""] or (value and value not in words)):
            return Fault(f"{seen.words} without {name}{f': {value}' if value else ''}")
        return None

    return Right(f"where it answers {status}, names {name}", find)


def _find_version(case: Case, answer: Answer) -> Fault | None:
    seen, head = see(case, answer), answer.head
    if head is None or seen.outcome is not Outcome.REFUSED:
        return Fault(seen.words)
    if "13" in head.words("sec-websocket-version"):
        return None
    return Fault(f"{seen.words}, without Sec-WebSocket-Version: 13")


NAMES_VERSION = Right("answers an error with Sec-WebSocket-Version: 13", _find_version)


def _find_content(case: Case, answer: Answer) -> Fault | None:
    head = answer.head
    if head is not None and head.status != SWITCHING and answer.rest:
        return Fault(f"answers {head.status} with content")
    return _find_ignoring(case, answer)


NO_CONTENT = Right("answers an error, without content", _find_content)


def _find_lost(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome is Outcome.FAULTY and not answer.ended:
        return Fault(seen.words)
    if seen.outcome in {Outcome.SILENT, Outcome.GARBAGE}:
        return Fault(seen.words, Verdict.FAILED)
    is_right = seen.outcome is Outcome.OPENED
    # Here, too, the client did not wait.
    return None if is_right else Fault(seen.words, Verdict.INFORMATIONAL)


LOSES_NOTHING = Right("echoes the message, or ends", _find_lost)


def _find_second(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome is Outcome.OPENED and len(answer.statuses) > 1:
        return Fault("opens, and answers what follows as HTTP")
    # It was the client that did not wait: whoever would have none of it may end.
    return None if seen.outcome is Outcome.ENDED else _find_neither(case, answer)


ONE_ANSWER = Right("answers once", _find_second)


def _find_order(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.OPENED, Outcome.FAULTY}:
        return Fault("answers the handshake first", Verdict.FAILED)
    return _find_neither(case, answer)


IN_ORDER = Right("answers the first, and then opens, refuses or ends", _find_order)


def _find_haste(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.OPENED, Outcome.FAULTY, Outcome.GARBAGE}:
        return Fault(seen.words)
    return None


WAITS = Right("waits, or gives up: no 101", _find_haste)


def _find_unread(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    bad = {Outcome.FAULTY, Outcome.GARBAGE}
    return Fault(seen.words, Verdict.FAILED) if seen.outcome in bad else None


EITHER_OR_WAITS = Right("opens, refuses, or waits for the end of a line", _find_unread)


def _find_unclosed(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    if seen.outcome in {Outcome.OPENED, Outcome.FAULTY, Outcome.GARBAGE}:
        return Fault(seen.words, Verdict.FAILED)
    return None if answer.ended else Fault(f"{seen.words}, and leaves the connection open")


ENDS = Right("ends the connection, with an error or without", _find_unclosed)


def _find_preface(case: Case, answer: Answer) -> Fault | None:
    seen = see(case, answer)
    bad = {Outcome.OPENED, Outcome.FAULTY, Outcome.SILENT}
    return Fault(seen.words) if seen.outcome in bad else None


NO_HTTP_1 = Right("answers an error, speaks HTTP/2, or ends", _find_preface)
