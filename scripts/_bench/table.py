# SPDX-License-Identifier: MIT
"""What a person sees: a row's servers, and each of its targets, reached or not."""

from .judging import Measured, Sample, Spread, Verdict, judge, ratio, spread
from .rows import Row, Target

_FEW = 100


def render(measured: Measured) -> str:
    """Give a row's table, with a line for each entry and one for each target."""
    row = measured.row
    width = max(len(name) for name in measured.samples)
    lines = [f"{row.name}: {row.title} ({row.unit})"]
    lines += [_entry(measured, name, width) for name in measured.samples]
    lines += [f"  {words(row, verdict)}" for verdict in judge(measured)]
    return "\n".join(lines)


def _entry(measured: Measured, name: str, width: int) -> str:
    value = spread(measured.values(name))
    if value is None:
        return f"  {name:<{width}}  failed: {measured.troubles.get(name, 'no reason given')}"
    cells = [f"  {name:<{width}}", f"{number(value.median):>11}"]
    reference = measured.row.reference
    if reference in measured.samples:
        cells.append(f"{fraction(ratio(measured, name, (reference,))):<20}")
    cells += _shares([sample for sample in measured.samples[name] if sample])
    trouble = measured.troubles.get(name)
    return "  ".join([*cells, *([f"(a round failed: {trouble})"] if trouble else [])]).rstrip()


def _shares(samples: list[Sample]) -> list[str]:
    """Say how busy both cores were: a generator near 100 % would be what was measured."""
    said = []
    for key, name in (("server_cpu", "server"), ("own_cpu", "generator")):
        shares = [float(sample.details[key]) for sample in samples if key in sample.details]
        middle = spread(shares)
        if middle is not None:
            said.append(f"{name} {middle.median:4.0%}")
    return said


def number(value: float) -> str:
    """Write a value so that three of its digits can be read at a glance."""
    return f"{value:,.0f}" if value >= _FEW else f"{value:,.1f}"


def fraction(found: Spread | None) -> str:
    """Write a ratio and its range."""
    return "-" if found is None else f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})"


def wanted(row: Row, target: Target) -> str:
    """Say what a target asks for."""
    bound = "at most" if row.lower_is_better else "at least"
    others = [name for name in target.of if name != target.subject]
    of = others[0] if len(target.of) == 1 else f"the best of {', '.join(target.of)}"
    return f"{bound} {target.limit:g} of {of}"


def words(row: Row, verdict: Verdict) -> str:
    """Say in a line whether a target was reached."""
    asked = f"{verdict.target.subject}: {wanted(row, verdict.target)}"
    if verdict.reached is None:
        return f"[ not measured ] {asked}"
    mark = "[ reached      ]" if verdict.reached else "[ NOT REACHED  ]"
    return f"{mark} {asked}: {fraction(verdict.ratio)}"
