# SPDX-License-Identifier: MIT
"""A message as it stands in the log and on the channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.bus.redis.rooms.records import read_entry, read_notice, write_record
from wsecho.core.rooms.room import PublishRequest


@given(st.binary(), st.booleans(), st.integers(1, 1 << 53))
def test_a_record_comes_back_as_it_went(payload: bytes, is_binary: bool, publication: int) -> None:
    """Whatever is in it."""
    record = write_record(PublishRequest(payload, is_binary, publication), b"node:7")
    logged = read_notice(b"m e-_1 12 1700000000.000123 " + record)
    message = logged.message
    assert (message.payload, message.is_binary, message.publication) == (
        payload,
        is_binary,
        publication,
    )
    assert (str(message.position), message.time) == ("e-_1:12", 1700000000.000123)
    assert logged.tag == b"node:7"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not enough values"),
        (b"0 1 t", "not enough values"),
        (b"0 x t - text", "invalid literal"),
        (b"x 1 t - text", "could not convert"),
    ],
)
def test_what_is_malformed_is_none(body: bytes, reason: str) -> None:
    """Somebody else wrote it."""
    with pytest.raises(ValueError, match=reason):
        read_entry("e", 1, body)
    with pytest.raises(ValueError, match=reason):
        read_notice(b"m e 1 " + body)
