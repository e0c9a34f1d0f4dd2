# SPDX-License-Identifier: MIT
"""Which octets of something a request wants: `Range` in bytes (RFC 9110 section 14)."""

import re
from typing import Final

from attrs import frozen

MAX_RANGES: Final = 8
"""Parts of one answer; a request for more that do not touch is answered by the whole."""

_UNIT: Final = re.compile(r"[ \t]*bytes=", re.IGNORECASE | re.ASCII)
_SPEC: Final = re.compile(r"(?P<first>[0-9]+)-(?P<last>[0-9]*)|-(?P<suffix>[0-9]+)", re.ASCII)
_DIGITS: Final = 18
_ENDLESS: Final = 10**_DIGITS
"""Stands for each number of more digits: nothing is so long."""


@frozen(order=True)
class Span:
    """Some octets in a row.

    Attributes:
        start: how many come before.
        stop: where it ends, above `start`; this one is not in it.
    """

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def content_range(self, length: int) -> str:
        """Write it as `Content-Range` does (section 14.4), of something so long."""
        return f"bytes {self.start}-{self.stop - 1}/{length}"


def read_ranges(value: str, length: int) -> tuple[Span, ...] | None:
    """Read a `Range` field.

    Args:
        value: the field's value; where it stood twice, both with a comma between.
        length: octets of the whole.

    Returns:
        what is to be sent, in the order asked for; those that overlap or touch are one. None
        where the field counts for nothing: it is in another unit, malformed, asks for more than a
        few parts, or for what an answer in parts cannot express. Nothing where none of it can be
        satisfied.
    """
    unit = _UNIT.match(value)
    specs = None if unit is None else _read_specs(value[unit.end() :])
    if specs is None:
        return None
    if not length and any(first is None and last for first, last in specs):
        # The last octets of nothing are nothing, which has no place that `Content-Range` could
        # name.
        return None
    wanted = [span for spec in specs if (span := _span(*spec, length)) is not None]
    joined = _join(wanted)
    return joined if len(joined) <= MAX_RANGES else None


def _read_specs(text: str) -> list[tuple[int | None, int]] | None:
    """Read first and last position of each; None and the length for a suffix."""
    specs: list[tuple[int | None, int]] = []
    for member in text.split(","):
        # Empty members of a list are let pass (section 5.6.1.2).
        if not (spec := member.strip(" \t")):
            continue
        match = _SPEC.fullmatch(spec)
        if match is None:
            return None
        if match["suffix"] is not None:
            specs.append((None, _number(match["suffix"])))
            continue
        first, last = _number(match["first"]), _number(match["last"] or "9" * (_DIGITS + 1))
        if last < first:
            return None
        specs.append((first, last))
    return specs or None


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return _ENDLESS if len(digits) > _DIGITS else int(digits or "0")


def _span(first: int | None, last: int, length: int) -> Span | None:
    """Return what there is of it, None where there is nothing."""
    start = max(0, length - last) if first is None else first
    stop = length if first is None else min(last + 1, length)
    return Span(start, stop) if start < stop else None


def _join(spans: list[Span]) -> tuple[Span, ...]:
    """Make one of those that overlap or touch, at the place of the first of them."""
    joined: list[tuple[int, Span]] = []
    for place, span in sorted(enumerate(spans), key=lambda pair: pair[1]):
        if joined and span.start <= joined[-1][1].stop:
            before, last = joined[-1]
            joined[-1] = min(before, place), Span(last.start, max(last.stop, span.stop))
        else:
            joined.append((place, span))
    return tuple(span for _, span in sorted(joined, key=lambda pair: pair[0]))
