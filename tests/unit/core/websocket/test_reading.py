# SPDX-License-Identifier: MIT
"""Messages that stand whole, read from what others write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.utils import apply_mask

from wsecho.core.websocket.reading import parse_messages

MASKED = st.tuples(st.binary(max_size=300), st.binary(min_size=4, max_size=4))


@given(st.lists(st.tuples(MASKED, st.booleans()), max_size=5), st.integers(0, 20))
def test_messages_that_stand_whole_are_read(
    sent: list[tuple[tuple[bytes, bytes], bool]], cut: int
) -> None:
    """As many as are complete; what is left over begins with the next frame."""
    frames = [
        Frame(TheirOpcode.BINARY if is_binary else TheirOpcode.TEXT, _payload(payload, is_binary))
        for (payload, _), is_binary in sent
    ]
    stream = [frame.serialize(mask=True) for frame in frames]
    whole = b"".join(stream)
    data = whole[: max(len(whole) - cut, 0)]
    messages, taken = parse_messages(data, 1 << 20, apply_mask)
    read = len(messages)
    assert messages == [(bytes(f.data), f.opcode is TheirOpcode.BINARY) for f in frames[:read]]
    assert taken == sum(map(len, stream[:read]))
    assert read == len(frames) or taken + len(stream[read]) > len(data)


def _payload(octets: bytes, is_binary: bool) -> bytes:
    return octets if is_binary else octets.decode("latin-1").encode()


@pytest.mark.parametrize(
    "frame",
    [
        *(b"\x82\x01x", b"\x02\x81abcdx", b"\x89\x80abcd", b"\xc2\x80abcd", b"\x83\x80abcd"),
        *(b"\x82\xfe\0\x01abcdx", b"\x82\xff" + bytes(7) + b"\x01abcdx", b"\x81\x81\0\0\0\0\xff"),
        b"\x82\x86abcd" + b"x" * 6,
    ],
    ids=[
        *("unmasked", "fragment", "control", "reserved bit", "reserved opcode"),
        *("length in 2 octets", "length in 8 octets", "no UTF-8", "too long"),
    ],
)
def test_anything_else_is_left_to_who_knows_more(frame: bytes) -> None:
    """What came before it is read."""
    before = b"\x81\x82\0\0\0\0hi"
    assert parse_messages(before + frame, 5, apply_mask) == ([(b"hi", False)], len(before))
