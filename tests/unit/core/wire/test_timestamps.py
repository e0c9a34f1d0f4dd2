# SPDX-License-Identifier: MIT
"""Times of RFC 3339 on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.timestamps import parse_rfc3339, rfc3339


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (0.9996, "1970-01-01T00:00:00.999Z"),
        (1_700_000_000.25, "2023-11-14T22:13:20.250Z"),
    ],
)
def test_times_are_utc_in_milliseconds(now: float, text: str) -> None:
    """Cut, not rounded: nothing is from the future."""
    assert rfc3339(now) == text


@given(st.integers(0, 253_402_300_799_999))
def test_what_is_written_is_read(milliseconds: int) -> None:
    """To the millisecond, up to the year 9999."""
    text = rfc3339((milliseconds + 0.5) / 1000)
    assert abs(parse_rfc3339(text) - milliseconds / 1000) < 0.001


@pytest.mark.parametrize(
    "text",
    ["1970-01-01T01:00:01+01:00", "1970-01-01t00:00:01z", "1969-12-31T23:59:01.000000000-00:01"],
)
def test_others_write_other_forms(text: str) -> None:
    """Small letters, another zone, up to nine places (RFC 3339 section 5.6)."""
    assert parse_rfc3339(text) == 1.0


@pytest.mark.parametrize(
    "text",
    [
        *("", "1970-01-01", "1970-01-01T00:00:01", "1970-01-01 00:00:01Z", "19700101T000001Z"),
        *("1970-13-01T00:00:00Z", "1970-01-01T25:00:00Z", "1970-01-01T00:00:00.Z"),
        *("1970-01-01T00:00:00Z ", "\u0661970-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A time without a zone means another one to everybody."""
    with pytest.raises(ValueError):  # noqa: PT011  # the text is Python's own
        parse_rfc3339(text)
