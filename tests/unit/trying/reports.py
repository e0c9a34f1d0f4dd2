# SPDX-License-Identifier: MIT
"""Reports and outcomes, as tests want them."""

from collections.abc import Mapping, Sequence
from typing import Any

from wsecho.core.lab.faults import Level
from wsecho.trying.cases import LabCase, cases_like
from wsecho.trying.judging import CaseOutcome, Finding, Judgement


def case_of(name: str) -> LabCase:
    """The case of that name."""
    (case,) = cases_like([name])
    return case


def connection(
    passed: bool | None = None,
    *,
    level: str = "must",
    status: int = 101,
    frames: Sequence[Mapping[str, Any]] = (),
    ended: bool = False,
    judged: bool = True,
    wrong: Sequence[str] = (),
) -> dict[str, Any]:
    """One connection of a report; its verdict's `did` says whether it passed."""
    verdict = {"rule": "x", "level": level, "did": f"did {passed}", "passed": passed}
    return {
        "chain": "x",
        "status": status,
        "frames": list(frames),
        "ended": {"by": "client"} if ended else None,
        "verdict": verdict if judged else None,
        "wrong": [{"what": what, "rfc": "6455 5.1", "ms": 1.0} for what in wrong],
    }


def report(*connections: dict[str, Any], wrong: Sequence[str] = ()) -> dict[str, Any]:
    """A report of these."""
    told = [{"what": what, "rfc": "6455 5.3", "ms": 1.0} for what in wrong]
    return {"connections": list(connections), "wrong": told}


def frame(opcode: str = "text", *, fin: bool = True) -> dict[str, Any]:
    """A frame of the client's."""
    return {"opcode": opcode, "fin": fin, "rsv": 0, "length": 2, "text": "hi"}


def outcome_of(
    name: str,
    finding: Finding = Finding.PASSED,
    did: str = "did it after 1.0 ms",
    **more: Any,
) -> CaseOutcome:
    """What became of a case."""
    case = case_of(name)
    level = more.pop("level", case.expected.level)
    wrong = more.pop("wrong", ())
    judged = Judgement(finding, did, Level(level), wrong)
    given = {"exit": "0", "memory": 35 << 20, "seconds": 0.25, **more}
    return CaseOutcome(case, judged, **given)
