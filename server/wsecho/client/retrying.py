# SPDX-License-Identifier: MIT
"""What a server asks for in `Retry-After` (RFC 9110 section 10.2.3)."""

import re

from wsecho.core.http.httpdates import read_http_date


def read_retry_after(value: str | None, now: float) -> float:
    """Read the header `Retry-After`, in seconds: 0 where it is missing, past, or malformed.

    Args:
        value: a number of seconds, or a date.
        now: Unix time, from which a date counts.
    """
    if value is None:
        return 0
    if re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    date = read_http_date(value, now)
    return 0 if date is None else max(0, date - now)
