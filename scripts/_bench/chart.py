# SPDX-License-Identifier: MIT
"""The chart of a run, in SVG.

A group of bars for each row, with a mark where ours must reach; a line for each row that shows
how cost grows, over the band that it must not leave.
"""

from collections.abc import Sequence
from html import escape
from math import log10

from .judging import Measured, Spread, ratio, spread
from .rows import OURS, Row, Target
from .table import fraction, number

_WIDTH = 860
_LEFT, _BARS = 130, 520
_LINE, _BAR = 20, 13
_TOP, _HEAD, _GAP = 50, 30, 18
_PLOT, _AXIS = 150, 24

_LEGEND = "Dashed: what wsecho must reach. Thin: the range of the rounds. Right: median, ratio."

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.bar { fill: #9aa7b4 } .ours { fill: #2563a8 } .failed { fill: #b3261e }
.curve { fill: none; stroke: #2563a8; stroke-width: 2 } .band { fill: #2563a8; opacity: .12 }
.value { paint-order: stroke; stroke: #fff; stroke-width: 3 }
.axis { stroke: #9aa7b4; stroke-width: 1 }
.range { stroke: #24292f; stroke-width: 1 }
.target { stroke: #c2410c; stroke-width: 2; stroke-dasharray: 3 2 }"""


def render(rows: Sequence[Measured], about: str) -> str:
    """Give the whole chart; `about` says when and how it was measured."""
    parts, top = [], _TOP
    for measured in rows:
        lines = measured.row.is_line and not measured.skipped
        parts.append(_curve(measured, top) if lines else _group(measured, top))
        top += (_PLOT + _AXIS if lines else _LINE * max(1, len(measured.samples))) + _HEAD + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img">\n'
        f"<title>wsecho beside its peers</title>\n<style>\n{_STYLE}\n</style>\n"
        f'<rect width="{_WIDTH}" height="{top}" fill="#fff"/>\n'
        f'<text x="10" y="20">{escape(about)}</text>\n'
        f'<text x="10" y="37">{_LEGEND}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _group(measured: Measured, top: int) -> str:
    row = measured.row
    highest = [found.high for name in measured.samples if (found := _found(measured, name))]
    goals = [goal for target in row.targets if (goal := _goal(measured, target)) is not None]
    most = max((*highest, *goals), default=1.0)
    better = "less is better" if row.lower_is_better else "more is better"
    title = escape(f"{row.title} ({row.unit}, {better})")
    parts = [f'<text class="title" x="10" y="{top + 16}">{title}</text>']
    if measured.skipped:
        words = escape(f"skipped: {measured.skipped}")
        parts.append(f'<text x="{_LEFT}" y="{top + _HEAD + 11}">{words}</text>')
    for index, name in enumerate(measured.samples):
        parts.append(_bar(measured, name, top + _HEAD + index * _LINE, most))
    return "\n".join(parts)


def _curve(measured: Measured, top: int) -> str:
    """Draw the line of a row: across the size, as a logarithm; upwards the rate, from zero."""
    row = measured.row
    title = escape(f"{row.title} ({row.unit}, what falls costs more)")
    base, points = top + _HEAD + _PLOT, _points(row)
    found = {name: spread for name in points if (spread := _found(measured, name))}
    most = max((spread.high for spread in found.values()), default=1.0)
    best = max((spread.median for spread in found.values()), default=0.0)
    limit = min((target.limit for target in row.targets), default=None)
    parts = [
        f'<text class="title" x="10" y="{top + 16}">{title}</text>',
        *([] if limit is None else [_band(base, best, limit, most)]),
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT + _BARS}" y1="{base}" y2="{base}"/>',
    ]
    places = [f"{points[name]:.1f},{_y(found[name].median, most, base):.1f}" for name in found]
    parts.append(f'<polyline class="curve" points="{" ".join(places)}"/>')
    parts += [_point(name, points[name], found.get(name), most, base) for name in points]
    return "\n".join(parts)


def _points(row: Row) -> dict[str, float]:
    """Give where each entry stands across; half a decade is left free at either side."""
    sizes = {entry.name: log10(entry.at) for entry in row.entries if entry.at}
    low, high = min(sizes.values()) - 0.5, max(sizes.values()) + 0.5
    return {name: _LEFT + _BARS * (size - low) / (high - low) for name, size in sizes.items()}


def _band(base: int, best: float, limit: float, most: float) -> str:
    high, low = _y(best, most, base), _y(best * limit, most, base)
    return (
        f'<rect class="band" x="{_LEFT}" y="{high:.1f}" width="{_BARS}" height="{low - high:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{high + 4:.1f}" text-anchor="end">{number(best)}</text>'
        f'<text x="{_LEFT - 8}" y="{low + 4:.1f}" text-anchor="end">{limit:.0%} of it</text>'
        f'<text x="{_LEFT - 8}" y="{base + 4}" text-anchor="end">0</text>'
    )


def _point(name: str, x: float, found: Spread | None, most: float, base: int) -> str:
    label = f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{escape(name)}</text>'
    if found is None:
        where = f'x="{x:.1f}" y="{base - 6}" text-anchor="middle"'
        return f'{label}<text class="failed" {where}>failed</text>'
    low, middle, high = (_y(value, most, base) for value in (found.low, found.median, found.high))
    # Below the point, unless that is where the sizes stand.
    place = low + 18 if low + 22 < base else high - 9
    return (
        f'{label}<line class="range" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
        f'<circle class="ours" cx="{x:.1f}" cy="{middle:.1f}" r="4"/>'
        f'<text class="value" x="{x:.1f}" y="{place:.1f}" text-anchor="middle">'
        f"{number(found.median)}</text>"
    )


def _y(value: float, most: float, base: int) -> float:
    return base - _PLOT * value / most if most else float(base)


def _found(measured: Measured, name: str) -> Spread | None:
    return spread(measured.values(name))


def _bar(measured: Measured, name: str, y: int, most: float) -> str:
    found = _found(measured, name)
    label = f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
    if found is None:
        return f'{label}<text class="failed" x="{_LEFT}" y="{y + 11}">failed</text>'
    ours = any(entry.name == name and entry.peer == OURS for entry in measured.row.entries)
    middle = y + _BAR / 2
    return (
        f'{label}<rect class="{"ours" if ours else "bar"}" x="{_LEFT}" y="{y}"'
        f' width="{_x(found.median, most) - _LEFT:.1f}" height="{_BAR}"/>'
        f'<line class="range" x1="{_x(found.low, most):.1f}" x2="{_x(found.high, most):.1f}"'
        f' y1="{middle}" y2="{middle}"/>{_marks(measured, name, y, most)}'
        f'<text x="{_LEFT + _BARS + 12}" y="{y + 11}">{number(found.median)}</text>'
        f'<text x="{_LEFT + _BARS + 90}" y="{y + 11}">{_ratio(measured, name)}</text>'
    )


def _ratio(measured: Measured, name: str) -> str:
    reference = measured.row.reference
    return fraction(ratio(measured, name, reference)) if measured.has(reference) else ""


def _marks(measured: Measured, subject: str, y: int, most: float) -> str:
    """Draw where the targets of an entry stand."""
    goals = [
        _goal(measured, target) for target in measured.row.targets if target.subject == subject
    ]
    places = [_x(goal, most) for goal in goals if goal is not None]
    return "".join(
        f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + _BAR + 3}"/>'
        for x in places
    )


def _goal(measured: Measured, target: Target) -> float | None:
    """Give the value that a target asks for, None where it was not measured."""
    found = _found(measured, measured.best(target.of))
    return target.limit * found.median if found and measured.has(target.of) else None


def _x(value: float, most: float) -> float:
    return _LEFT + _BARS * value / most if most else float(_LEFT)
