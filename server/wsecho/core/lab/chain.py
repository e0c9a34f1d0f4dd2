# SPDX-License-Identifier: MIT
"""What a path below `/lab` asks for: its steps, read and checked whole before anything is done."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from attrs import frozen

from wsecho.core.http.handshake import Query
from wsecho.core.lab.faults import MUST_TAKE, Expectation
from wsecho.core.lab.rules import RULES, Rule
from wsecho.core.lab.step_kind import Phase, StepKind
from wsecho.core.lab.steps import STEPS
from wsecho.core.lab.values import Bounds
from wsecho.core.wire.errors import BadRequest

PATH: Final = "/lab"
MAX_STEPS: Final = 64

_REPORT: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WITH_ENDING: Final = frozenset({"header", "case", "trickle", "hold", "refuse"})
"""What goes with a step after which no WebSocket opens."""
_OF_STATUS: Final = frozenset({"body", "retry-after"})
_NO_CONTENT: Final = 204
# Of two in a row, the second cannot stand where the first does.
_CONTRADICT: Final = (("glue", "trickle"), ("extension", "deflate"), ("chunked", "length"))


@frozen
class Step:
    """One step of a chain.

    Attributes:
        kind: which.
        value: as its reader has made it; None where none was given.
        text: as it was written, percent-decoded.
    """

    kind: StepKind
    value: Any
    text: str

    @property
    def name(self) -> str:
        """What stands before the `=`."""
        return self.kind.name

    @property
    def expected(self) -> Expectation | None:
        """What a client should do about it, None for nothing special."""
        key = self.name if self.value is None else str(self.value)
        return self.kind.expected.get(key, self.kind.expected.get(""))


@frozen
class Chain:
    """All steps of a path.

    Attributes:
        text: as it was sent, without what stands before the first step.
        answer: the steps of the handshake's answer.
        script: the modes and actions, in order.
    """

    text: str = ""
    answer: tuple[Step, ...] = ()
    script: tuple[Step, ...] = ()

    def all(self, name: str) -> Iterator[Any]:
        """Yield the values of a step of the answer, which may stand several times."""
        return (step.value for step in self.answer if step.name == name)

    def of(self, name: str, default: Any = None) -> Any:
        """Return the value of a step of the answer; true where it has none."""
        for value in self.all(name):
            return True if value is None else value
        return default

    def has(self, name: str) -> bool:
        """Tell whether a step of the answer is there."""
        return any(step.name == name for step in self.answer)

    @property
    def rule(self) -> Rule | None:
        """The rule that it breaks."""
        for step in self.script:
            if step.name == "break":
                return RULES[step.value]
        return None

    @property
    def actions(self) -> Iterator[Step]:
        """What is done once the WebSocket is open."""
        return (step for step in self.script if step.kind.phase is Phase.ACTION)

    def judged(self, *, is_refused: bool) -> Step | None:
        """Find what of its answer a client is judged by: the first fault, else what is to be taken.

        Args:
            is_refused: whether that is its being refused by `refuse=N`.
        """
        if is_refused:
            return next(step for step in self.answer if step.name == "refuse")
        steps = [step for step in self.answer if step.expected and step.name != "refuse"]
        faults = [step for step in steps if step.expected != MUST_TAKE]
        return next(iter([*faults, *steps]), None)


def is_lab(path: str) -> bool:
    """Tell whether a path, percent-encoded, is the lab's."""
    return path == PATH or path.startswith(f"{PATH}/")


def read_chain(path: str, bounds: Bounds) -> Chain:
    """Read the path of a request for a WebSocket.

    Args:
        path: percent-encoded; `is_lab` is true of it.
        bounds: how much may be asked for.

    Raises:
        BadRequest: a step is wrong; the reason names it, and says what it takes.
    """
    if path == PATH:
        return Chain()
    text = path.removeprefix(f"{PATH}/")
    segments = text.split("/")
    if len(segments) > MAX_STEPS:
        raise BadRequest(f"the lab takes {MAX_STEPS} steps, and these are {len(segments)}")
    steps = [_read_step(number, segment, bounds) for number, segment in enumerate(segments, 1)]
    begin = 0
    while begin < len(steps) and steps[begin].kind.phase is Phase.ANSWER:
        begin += 1
    chain = Chain(text, tuple(steps[:begin]), tuple(steps[begin:]))
    for check in (_check_answer, _check_script, _check_what_is_sent):
        for number, reason in check(chain, bounds):
            raise _wrong(number, steps[number - 1].text, reason)
    return chain


def read_report_id(query: Query) -> str | None:
    """Return the name of the report that a request is noted in, None for none.

    Raises:
        BadRequest: it is no such name.
    """
    return None if (text := query.parameter("report")) is None else check_report_id(text)


def check_report_id(text: str) -> str:
    """Check the name of a report.

    Raises:
        BadRequest: it is none.
    """
    if not _REPORT.fullmatch(text):
        raise BadRequest("a report's name is 16 to 64 of A-Z a-z 0-9 _ -")
    return text


def _read_step(number: int, segment: str, bounds: Bounds) -> Step:
    if not segment:
        raise BadRequest(f"step {number} of the lab is empty: two slashes, or one at the end")
    text = _decode(number, segment)
    name, equals, given = text.partition("=")
    kind = STEPS.get(name)
    if kind is None:
        raise _wrong(number, text, "there is no such step; GET /lab lists them all")
    if not equals:
        if kind.value is not None and kind.value.needed:
            raise _wrong(number, text, f"it needs a value: {kind.takes}")
        return Step(kind, None, text)
    if kind.value is None:
        raise _wrong(number, text, "it takes no value")
    try:
        return Step(kind, kind.value.read(given, bounds), text)
    except ValueError as error:
        raise _wrong(number, text, f"{error}; it takes {kind.takes}") from None


def _decode(number: int, segment: str) -> str:
    if _ESCAPE.search(segment):
        raise _wrong(number, segment, "a % is followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(segment.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise _wrong(number, segment, "what it decodes to is no UTF-8") from None


_Complaints = Iterator[tuple[int, str]]


def _check_answer(chain: Chain, _: Bounds) -> _Complaints:
    """Complain of steps of the answer that cannot stand together."""
    seen: dict[str, int] = {}
    for number, step in enumerate(chain.answer, 1):
        if step.name in seen and step.name != "header":
            yield number, f"{step.name} stands twice"
        for pair in _CONTRADICT:
            if step.name in pair and seen.keys() & set(pair) - {step.name}:
                yield number, f"{pair[0]} and {pair[1]} contradict each other"
        seen[step.name] = number
    for name in _OF_STATUS & seen.keys():
        if "status" not in seen:
            yield seen[name], f"{name} needs status=N beside it"
    if "body" in seen and chain.of("status") == _NO_CONTENT:
        yield seen["body"], "a 204 has no body"
    yield from _check_ending(chain)


def _check_ending(chain: Chain) -> _Complaints:
    """Complain of what stands beside a step after which no WebSocket opens."""
    ending = [step for step in chain.answer if ends_handshake(step)]
    if not ending:
        return
    allowed = _WITH_ENDING | {ending[0].name} | (_OF_STATUS if chain.has("status") else set())
    end = repr(_shown(ending[0].text))
    for number, step in enumerate(chain.answer, 1):
        if step.name not in allowed or (ends_handshake(step) and step is not ending[0]):
            yield number, f"it does not go with {end}, which opens no WebSocket"
    if chain.script:
        yield len(chain.answer) + 1, f"nothing follows {end}: no WebSocket is opened"


def ends_handshake(step: Step) -> bool:
    """Tell whether no WebSocket opens by a step."""
    return step.kind.ends or (step.name == "hold" and step.value is None)


def _check_script(chain: Chain, _: Bounds) -> _Complaints:
    """Complain of modes and actions where they cannot stand."""
    before: list[Step] = []
    for number, step in enumerate(chain.script, len(chain.answer) + 1):
        reason = _misplaced(step, before)
        if reason is not None:
            yield number, reason
        before.append(step)
    if chain.has("glue"):
        first = next(chain.actions, None)
        if first is None or not first.kind.sends:
            number = [step.name for step in chain.answer].index("glue") + 1
            yield number, "the first action behind it must send something: send, ping, close, …"


def _misplaced(step: Step, before: Sequence[Step]) -> str | None:
    """Say why a step cannot stand behind others, None where it can."""
    names = {one.name for one in before}
    has_action = any(one.kind.phase is Phase.ACTION for one in before)
    is_break, is_again = step.name == "break", step.name == "again"
    reads_behind_stall = "stall" in names and names & {"echo", "read"}
    looks = (
        (
            step.kind.phase is Phase.ANSWER,
            "the steps of the handshake's answer stand before all modes and actions",
        ),
        (bool(before) and _ends(before[-1]), "nothing follows the step before it"),
        ((is_break or is_again) and step.name in names, f"{step.name} stands once in a chain"),
        (step.name in {"echo", "read"} and "stall" in names, "nothing is read behind stall"),
        (is_again and bool(reads_behind_stall), "nothing is read again behind stall"),
        (is_again and not has_action, "there is no action before it"),
        (
            is_break and RULES[step.value].deflates and "compress" in names,
            "it is compressed, and stands behind compress=off",
        ),
    )
    return next((reason for is_wrong, reason in looks if is_wrong), None)


def _ends(step: Step) -> bool:
    return step.kind.ends or (step.name == "break" and RULES[step.value].ends)


def _check_what_is_sent(chain: Chain, bounds: Bounds) -> _Complaints:
    """Complain of a chain that by itself sends more than a connection is sent."""
    octets = 0
    for number, step in enumerate(chain.script, len(chain.answer) + 1):
        match step.name:
            case "send" | "send-hex" | "raw":
                octets += len(step.value)
            case "send-size" | "send-binary-size":
                octets += step.value
            case "again":
                octets *= step.value
        if octets > bounds.sent:
            yield number, f"the chain sends over {bounds.sent} octets, 64 times --max-message-size"


def _wrong(number: int, text: str, reason: str) -> BadRequest:
    return BadRequest(f"step {number} of the lab, {_shown(text)!r}: {reason}")


def _shown(text: str) -> str:
    most = 60
    return text if len(text) <= most else f"{text[:most]}…"
