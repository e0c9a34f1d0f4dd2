# SPDX-License-Identifier: MIT
"""What a server asks for."""

import pytest

from wsecho.client.retrying import read_retry_after
from wsecho.core.http.httpdates import write_http_date

NOW = 1_764_460_800


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("5", 5),
        ("999999999", 999_999_999),
        ("1000000000", 0),
        ("-5", 0),
        ("1.5", 0),
        ("\u0665", 0),
        ("soon", 0),
        ("", 0),
        (write_http_date(NOW + 90), 90),
        (write_http_date(NOW - 90), 0),
        ("Sun, 30 Nov 2025 00:01:30 +0000", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float) -> None:
    """Whatever else it is counts as if it were not there."""
    assert read_retry_after(value, NOW) == seconds
