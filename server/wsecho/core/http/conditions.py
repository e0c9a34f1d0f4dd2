# SPDX-License-Identifier: MIT
"""Whether a request is to be performed at all: its preconditions (RFC 9110 section 13)."""

import re
from enum import Enum, auto
from typing import Final

from attrs import frozen

from wsecho.core.http.httpdates import read_http_date
from wsecho.core.http.requests import RequestHead

_TAG: Final = re.compile(r'(?P<weak>W/)?(?P<opaque>"[\x21\x23-\x7e\x80-\xff]*")')
# Commas may stand within a tag, so a list cannot be split at them; empty members are let pass.
_MEMBER: Final = re.compile(rf"[ \t]*(?:{_TAG.pattern}[ \t]*)?(?:,|\Z)")
_SAFE: Final = {"GET", "HEAD"}


class Verdict(Enum):
    """What becomes of a request."""

    PERFORM = auto()
    NOT_MODIFIED = auto()
    """304: the client has it already."""
    FAILED = auto()
    """412: it is not what the client takes it for."""


@frozen
class Validators:
    """By what a representation is known.

    Attributes:
        tag: the opaque tag of its strong `ETag`, quotes included; None where it has none.
        modified: what its `Last-Modified` says, in Unix seconds.
        is_dated_well: whether the date is a strong validator: no other content was sent with it
            (section 8.8.2.2).
    """

    tag: str | None
    modified: int
    is_dated_well: bool = True

    def judge(self, head: RequestHead, now: float) -> Verdict:
        """Judge a request for what there is, in the order of section 13.2.2.

        Args:
            head: the request.
            now: Unix time in seconds.
        """
        is_safe = head.method in _SAFE
        if head.all("if-match"):
            if not self._matches(_joined(head, "if-match"), weakly=False):
                return Verdict.FAILED
        elif (date := _date(head, "if-unmodified-since", now)) is not None and self.modified > date:
            return Verdict.FAILED
        if head.all("if-none-match"):
            # Whoever sends both has the date for servers that know no tags (section 13.1.3).
            if self._matches(_joined(head, "if-none-match"), weakly=True):
                return Verdict.NOT_MODIFIED if is_safe else Verdict.FAILED
        elif is_safe and (date := _date(head, "if-modified-since", now)) is not None:
            return Verdict.NOT_MODIFIED if self.modified <= date else Verdict.PERFORM
        return Verdict.PERFORM

    def allow_range(self, head: RequestHead, now: float) -> bool:
        """Tell whether a part may be sent: the rest that the client has is of this very one.

        `If-Range` compares strongly, and dates for equality (section 13.1.5).

        Args:
            head: the request.
            now: Unix time in seconds.
        """
        values = head.all("if-range")
        if not values:
            return True
        if len(values) > 1:
            return False
        tag = _TAG.fullmatch(values[0])
        if tag is not None:
            return self.tag is not None and not tag["weak"] and tag["opaque"] == self.tag
        return self.is_dated_well and read_http_date(values[0], now) == self.modified

    def _matches(self, value: str, *, weakly: bool) -> bool:
        """Compare with a list of tags (section 8.8.3.2), or `*`, which is anything that exists."""
        if value.strip(" \t") == "*":
            return True
        tags = _read_tags(value)
        return self.tag is not None and any(
            opaque == self.tag and (weakly or not is_weak) for is_weak, opaque in tags
        )


def _read_tags(value: str) -> list[tuple[bool, str]]:
    """Read a list of tags, each with whether it is weak; one that is malformed has none."""
    tags: list[tuple[bool, str]] = []
    position = 0
    while position < len(value):
        member = _MEMBER.match(value, position)
        if member is None:
            return []
        if member["opaque"] is not None:
            tags.append((member["weak"] is not None, member["opaque"]))
        position = member.end()
    return tags


def _joined(head: RequestHead, name: str) -> str:
    return ", ".join(head.all(name))


def _date(head: RequestHead, name: str, now: float) -> int | None:
    """Return a field's date; what is none, or more than one, counts for nothing (13.1.3)."""
    values = head.all(name)
    return read_http_date(values[0], now) if len(values) == 1 else None
