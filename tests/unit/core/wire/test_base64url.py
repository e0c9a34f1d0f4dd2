# SPDX-License-Identifier: MIT
"""Octets in names and addresses: base64url without padding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.base64url import decode, encode


@given(st.binary(max_size=100))
def test_what_is_written_is_read(octets: bytes) -> None:
    """In letters, digits, `-` and `_` alone."""
    text = encode(octets)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert decode(text) == octets


@pytest.mark.parametrize(
    "text", ["AA==", "A+/A", "A A", "AAA\n", "\u0661\u0661", "\u00e9\u00e9", "A", "AAAAA"]
)
def test_nothing_else_is_read(text: str) -> None:
    """No padding, no other alphabet, no length that no octets have."""
    with pytest.raises(ValueError, match=r"base64|characters"):
        decode(text)
