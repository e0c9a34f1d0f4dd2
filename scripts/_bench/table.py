# SPDX-License-Identifier: MIT
"""What a person sees: a row's servers, each of its targets, and in the end all targets at once."""

from collections.abc import Sequence

from .judging import Measured, Sample, Spread, Verdict, judge, ratio, spread, work_ratio
from .rows import BEFORE, OURS, Row, Target

_FEW = 100
_LATENCIES = {"p50": "p50_us", "p99": "p99_us"}
_MARKS = {True: "reached", False: "NOT REACHED", None: "not measured"}
_BLANK = " " * 16
_HEADS = ("row", "target", "ratio", "wsecho", "peer", "server", "generator", "verdict")


def render(measured: Measured) -> str:
    """Give a row's table, with a line for each entry and one for each target."""
    row = measured.row
    lines = [f"{row.name}: {row.title} ({row.unit})"]
    if measured.skipped:
        return f"{lines[0]}\n  skipped: {measured.skipped}"
    width = max(len(name) for name in measured.samples)
    lines += [_entry(measured, name, width) for name in measured.samples]
    lines += _agreements(measured)
    for verdict in judge(measured):
        lines += [f"  {words(row, verdict)}", *_of_a_second(measured, verdict.target)]
    return "\n".join(lines)


def _entry(measured: Measured, name: str, width: int) -> str:
    value = spread(measured.values(name))
    if value is None:
        return f"  {name:<{width}}  failed: {measured.troubles.get(name, 'no reason given')}"
    cells = [f"  {name:<{width}}", f"{number(value.median):>11}"]
    reference = measured.row.reference
    if measured.has(reference):
        cells.append(f"{fraction(ratio(measured, name, reference)):<20}")
    return "  ".join([*cells, *_shares(measured, name), *_remarks(measured, name)]).rstrip()


def _shares(measured: Measured, name: str) -> list[str]:
    """Say how busy everybody was, and how late the middle where it was not the slowest alone."""
    own = "client" if measured.row.is_of_clients else "generator"
    shares = {"server": "server_cpu", own: "own_cpu"}
    shares |= {"feeder": "feeder_cpu", "Redis": "redis_cpu"}
    found = {said: measured.detail(name, key) for said, key in shares.items()}
    told = [f"{said} {share:4.0%}" for said, share in found.items() if share is not None]
    late = {said: measured.detail(name, key) for said, key in _LATENCIES.items()}
    if found["Redis"] is not None:
        told += [f"{said} {us:,.0f} µs" for said, us in late.items() if us is not None]
    return told


def _remarks(measured: Measured, name: str) -> list[str]:
    remarks = ["(generator-bound)"] if measured.generator_bound(name) else []
    if measured.row.is_line and measured.idle(name):
        remarks.append("(the server was not kept busy)")
    samples = [sample for sample in measured.samples[name] if sample]
    failed = sum(_count(sample, "failed") for sample in samples)
    if failed:
        attempts = sum(_count(sample, "attempts") for sample in samples)
        why = next(text for each in samples if (text := each.details.get("trouble")))
        remarks.append(f"({failed:,} of {attempts:,} connections did not open: {why})")
    trouble = measured.troubles.get(name)
    return [*remarks, *([f"(a round failed: {trouble})"] if trouble else [])]


def _count(sample: Sample, key: str) -> int:
    return int(sample.details.get(key, 0))


def _of_a_second(measured: Measured, target: Target) -> list[str]:
    """Say what messages cost beside the same program before, which waits for the same things."""
    others = [name for name in target.of if name.endswith(BEFORE) and measured.has([name])]
    found = [work_ratio(measured, target.subject, other) for other in others]
    return [f"  {_BLANK} in a second of its processor: {fraction(each)}" for each in found if each]


def _agreements(measured: Measured) -> list[str]:
    """Say what was agreed on with each server, where a row offers an extension."""
    lines = []
    for name, samples in measured.samples.items():
        found = {str(sample.details.get("extensions", "")) for sample in samples if sample}
        lines += [f"  {name} agreed on {extensions}" for extensions in sorted(found - {""})]
    return lines


def summary(rows: Sequence[Measured]) -> str:
    """Give all targets of a run in one table.

    Shares of a core are of ours and of the peer.
    """
    lines: list[tuple[str, ...]] = [_HEADS]
    for measured in rows:
        if measured.skipped:
            lines.append((measured.row.name, "-", "-", "-", "-", "-", "-", "skipped"))
        else:
            lines += [_line(measured, verdict) for verdict in judge(measured)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    whole = (zip(line, widths, strict=True) for line in lines)
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in line).rstrip() for line in whole
    )


def _line(measured: Measured, verdict: Verdict) -> tuple[str, ...]:
    row, target = measured.row, verdict.target
    best = measured.best(target.of)
    sides = (target.subject, best)
    bound = any(measured.generator_bound(name) for name in sides)
    return (
        row.name if target.subject == OURS else f"{row.name} {target.subject}",
        _briefly(row, target),
        fraction(verdict.ratio),
        _value(measured, target.subject),
        f"{_value(measured, best)} {best}",
        _pair(measured, sides, "server_cpu"),
        _pair(measured, sides, "own_cpu"),
        _MARKS[verdict.reached] + (", generator-bound" if bound else ""),
    )


def _briefly(row: Row, target: Target) -> str:
    bound = "<=" if row.lower_is_better else ">="
    return f"{bound} {target.limit:g} of {'any smaller' if row.is_line else '|'.join(target.of)}"


def _value(measured: Measured, name: str) -> str:
    found = spread(measured.values(name))
    return number(found.median) if found else "-"


def _pair(measured: Measured, names: Sequence[str], key: str) -> str:
    shares = [measured.detail(name, key) for name in names]
    return " / ".join("-" if share is None else f"{share:.0%}" for share in shares)


def number(value: float) -> str:
    """Write a value so that three of its digits can be read at a glance."""
    return f"{value:,.0f}" if value >= _FEW else f"{value:,.1f}"


def fraction(found: Spread | None) -> str:
    """Write a ratio and its range."""
    return "-" if found is None else f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})"


def wanted(row: Row, target: Target) -> str:
    """Say what a target asks for."""
    bound = "at most" if row.lower_is_better else "at least"
    if row.is_line:
        return f"{bound} {target.limit:g} of any smaller one's"
    of = target.of[0] if len(target.of) == 1 else f"the best of {', '.join(target.of)}"
    return f"{bound} {target.limit:g} of {of}"


def words(row: Row, verdict: Verdict) -> str:
    """Say in a line whether a target was reached."""
    asked = f"{verdict.target.subject}: {wanted(row, verdict.target)}"
    mark = f"[ {_MARKS[verdict.reached]:<12} ]"
    found = "" if verdict.reached is None else f": {fraction(verdict.ratio)}"
    return f"{mark} {asked}{found}"
