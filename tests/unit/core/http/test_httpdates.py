# SPDX-License-Identifier: MIT
"""HTTP's dates: the examples of RFC 9110 section 5.6.7, and what is none."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.httpdates import read_http_date, write_http_date

NOW = 1_700_000_000


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_forms(text: str) -> None:
    """The RFC's own moment."""
    assert read_http_date(text, NOW) == 784_111_777


@pytest.mark.parametrize(
    ("text", "year"),
    [("72", 2072), ("73", 2073), ("74", 1974), ("00", 2000), ("23", 2023)],
)
def test_two_digits_are_at_most_fifty_years_ahead(text: str, year: int) -> None:
    """Seen from 2023."""
    seconds = read_http_date(f"Friday, 01-Jan-{text} 00:00:00 GMT", NOW)
    assert seconds is not None
    assert f" {year} " in write_http_date(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\xff",
    ],
)
def test_what_is_no_date(text: str) -> None:
    """Is none, and no fault either."""
    assert read_http_date(text, NOW) is None


def test_a_leap_second_is_the_second_before() -> None:
    """Unix time has none."""
    leap = read_http_date("Sat, 31 Dec 2016 23:59:60 GMT", NOW)
    assert leap == read_http_date("Sat, 31 Dec 2016 23:59:59 GMT", NOW)


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_what_is_written_is_read(seconds: int) -> None:
    """As Python's own writes it."""
    text = write_http_date(seconds)
    assert read_http_date(text, NOW) == seconds
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert text == format_datetime(moment, usegmt=True)
