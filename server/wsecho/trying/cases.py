# SPDX-License-Identifier: MIT
"""What a client is tried by: every fault of the handshake and every rule, one chain each."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

from attrs import frozen

from wsecho.core.lab.chain import PATH, read_chain
from wsecho.core.lab.faults import Expectation
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.values import Bounds

_FAULTS: Final = (
    *("status=200", "status=401", "status=404", "status=503"),
    *("redirect=%2Fecho", "redirect-308=%2Fecho"),
    *("hold=500ms", "trickle=5ms"),
    *("accept=bad", "accept=none", "accept=twice"),
    *("upgrade=none", "upgrade=bad", "upgrade=case", "connection=none", "connection=list"),
    *("protocol=other.example", "protocol=none", "protocol=two"),
    *("extension=x-unheard-of", "extension=none"),
    "extension=permessage-deflate%3B%20x",
    *("deflate=no-context", "deflate=window=9", "deflate=window=15"),
    *("header=X-Lab%3Ahello", "header-size=4KiB", "case=odd", "reason=none", "interim=103"),
    *("glue", "http=1.0", "version=9", "chunked", "length", "refuse=1", "hold"),
)

# Whoever echoes is not answered with its own echo, for that would have no end.
_SILENT: Final = "read=1000000000"
_BESIDE: Final = {"glue": f"/send=hello/{_SILENT}"}
_BOUNDS: Final = Bounds(1 << 20, 60.0)


@frozen
class LabCase:
    """One thing that a client is tried by.

    Attributes:
        name: a rule, or a step of the handshake's answer.
        chain: what the lab does, as it stands in a path below `/lab`.
        expected: what the client should do.
        comes: how many messages a client gets of it that takes it.
        deflates: whether the client has to offer permessage-deflate.
    """

    name: str
    chain: str
    expected: Expectation
    comes: int = 0
    deflates: bool = False


def _fault(text: str) -> LabCase:
    chain = text + _BESIDE.get(text, "")
    step = read_chain(f"{PATH}/{chain}", _BOUNDS).judged(is_refused=text.startswith("refuse"))
    assert step is not None and step.expected is not None  # noqa: PT018, S101  # as a test shows
    return LabCase(step.text, chain, step.expected)


@cache
def all_cases() -> tuple[LabCase, ...]:
    """Return every case, in the order in which they are tried."""
    faults = map(_fault, _FAULTS)
    rules = (
        LabCase(
            rule.name,
            f"break={rule.name}" + ("" if rule.ends else f"/{_SILENT}"),
            rule.expected,
            len(rule.comes),
            rule.deflates,
        )
        for rule in RULES.values()
    )
    return (*faults, *rules)


def cases_like(globs: Iterable[str]) -> tuple[LabCase, ...]:
    """Return the cases whose names are like one of some patterns, in their order.

    Args:
        globs: such as `rsv?` or `accept=*`; none of them means all.
    """
    wanted = list(globs) or ["*"]
    return tuple(
        case for case in all_cases() if any(fnmatchcase(case.name, glob) for glob in wanted)
    )
