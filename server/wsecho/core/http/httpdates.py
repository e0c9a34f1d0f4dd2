# SPDX-License-Identifier: MIT
"""Times as HTTP writes them (RFC 9110 section 5.6.7): one form is written, three are read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_DAY: Final = f"(?:{'|'.join(_DAYS)})"
_LONG_DAY: Final = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_DAY}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        rf"{_LONG_DAY}, (?P<day>\d\d)-{_MONTH}-(?P<short>\d\d) {_TIME} GMT",
        rf"{_DAY} {_MONTH} (?P<day>\d\d| \d) {_TIME} (?P<year>\d{{4}})",
    )
)
_FARTHEST: Final = 50
"""Years from now beyond which a year of two digits is taken for one of the century before."""
_LEAP_SECOND: Final = 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_http_date(seconds: int) -> str:
    """Write a time as IMF-fixdate.

    Args:
        seconds: Unix time, of a year from 1 to 9999.
    """
    moment = _EPOCH + timedelta(seconds=seconds)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


def read_http_date(text: str, now: float) -> int | None:
    """Read a time in any of the three forms; None where it is in none of them.

    Args:
        text: the field's value.
        now: Unix time in seconds, which says what century two digits are of.

    Returns:
        Unix time in seconds.
    """
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _seconds(match.groupdict(), now)
    return None


def _seconds(parts: dict[str, str], now: float) -> int | None:
    year = int(parts["year"]) if "year" in parts else _full_year(int(parts["short"]), now)
    month = _MONTHS.index(parts["month"]) + 1
    day, hour, minute, second = (int(parts[key]) for key in ("day", "hour", "minute", "second"))
    if second == _LEAP_SECOND:
        # Unix time has none of them.
        second -= 1
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(seconds=1)


def _full_year(short: int, now: float) -> int:
    this = datetime.fromtimestamp(now, UTC).year
    year = this - this % 100 + short
    return year - 100 if year > this + _FARTHEST else year
