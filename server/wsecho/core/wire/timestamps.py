# SPDX-License-Identifier: MIT
"""RFC 3339 times, as the meta API and Event History write them."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def rfc3339(now: float) -> str:
    """Unix time in seconds as UTC with milliseconds, cut, not rounded."""
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return moment.removesuffix("+00:00") + "Z"


def parse_rfc3339(text: str) -> float:
    """Unix time in seconds.

    Raises:
        ValueError: it is no RFC 3339 time.
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("not an RFC 3339 time")
    return datetime.fromisoformat(text.upper()).timestamp()
