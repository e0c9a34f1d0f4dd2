# SPDX-License-Identifier: MIT
"""The chart of a run, in SVG: a group of bars for each row, a mark where ours must reach."""

from collections.abc import Sequence
from html import escape

from .judging import Measured, Spread, spread
from .rows import OURS
from .table import number

_WIDTH = 860
_LEFT, _BARS = 130, 520
_LINE, _BAR = 20, 13
_HEAD, _GAP = 30, 18

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.bar { fill: #9aa7b4 } .ours { fill: #2563a8 } .failed { fill: #b3261e }
.range { stroke: #24292f; stroke-width: 1 }
.target { stroke: #c2410c; stroke-width: 2; stroke-dasharray: 3 2 }"""


def render(rows: Sequence[Measured], about: str) -> str:
    """Give the whole chart; `about` says when and how it was measured."""
    parts, top = [], 34
    for measured in rows:
        parts.append(_group(measured, top))
        top += _HEAD + _LINE * len(measured.samples) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img">\n'
        f"<title>wsecho beside its peers</title>\n<style>\n{_STYLE}\n</style>\n"
        f'<rect width="{_WIDTH}" height="{top}" fill="#fff"/>\n'
        f'<text x="10" y="20">{escape(about)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _group(measured: Measured, top: int) -> str:
    row = measured.row
    most = max(
        (found.high for name in measured.samples if (found := _found(measured, name))), default=1.0
    )
    better = "less is better" if row.lower_is_better else "more is better"
    title = escape(f"{row.title} ({row.unit}, {better})")
    parts = [f'<text class="title" x="10" y="{top + 16}">{title}</text>']
    for index, name in enumerate(measured.samples):
        parts.append(_bar(measured, name, top + _HEAD + index * _LINE, most))
    return "\n".join(parts)


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
    )


def _marks(measured: Measured, subject: str, y: int, most: float) -> str:
    """Draw where the targets of an entry stand, as far as the scale goes."""
    best = min if measured.row.lower_is_better else max
    marks = ""
    for target in measured.row.targets:
        others = [_found(measured, name) for name in target.of]
        if target.subject != subject or None in others:
            continue
        goal = target.limit * best(other.median for other in others if other)
        x = _x(min(goal, most), most)
        marks += (
            f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + _BAR + 3}"/>'
        )
    return marks


def _x(value: float, most: float) -> float:
    return _LEFT + _BARS * value / most if most else float(_LEFT)
