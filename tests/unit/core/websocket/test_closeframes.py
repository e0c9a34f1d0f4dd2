# SPDX-License-Identifier: MIT
"""Close frames that stand whole, and what is left to Autobahn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.websocket.closeframes import CloseFrame, read_close
from wsecho.lane.octets import apply_mask


def write(payload: bytes, mask: bytes = b"abcd", first: int = 0x88) -> bytes:
    """Write a masked frame by hand."""
    return bytes([first, 0x80 | len(payload)]) + mask + apply_mask(payload, mask)


@given(st.integers(0, 0xFFFF), st.binary(max_size=123), st.binary(max_size=9))
def test_a_whole_frame_is_read(code: int, reason: bytes, behind: bytes) -> None:
    """Its code and its reason, whatever they are, and nothing of what follows."""
    frame = write(code.to_bytes(2) + reason)
    assert read_close(frame + behind, apply_mask) == CloseFrame(code, reason or None, len(frame))


def test_a_frame_may_say_nothing() -> None:
    """RFC 6455 section 5.5.1: the body is optional."""
    assert read_close(write(b""), apply_mask) == CloseFrame(None, None, 6)


def test_a_frame_in_pieces_is_waited_for() -> None:
    """No part of one is taken for it."""
    frame = write(b"\x03\xe8bye")
    for length in range(len(frame)):
        assert read_close(frame[:length], apply_mask) is None


@pytest.mark.parametrize(
    "data",
    [
        write(b"\x03"),
        write(b"\x03\xe8", first=0x08),
        write(b"\x03\xe8", first=0xC8),
        write(b"\x03\xe8", first=0x89),
        b"\x88\x02\x03\xe8abcdef",
        b"\x88\xfe\x00\x7e" + bytes(200),
        b"\x88\xff" + bytes(200),
    ],
    ids=["half a code", "not final", "reserved bit", "ping", "unmasked", "long", "longer"],
)
def test_what_is_wrong_is_left_to_who_can_say_so(data: bytes) -> None:
    """Autobahn fails the connection with the right code."""
    assert read_close(data, apply_mask) is None
