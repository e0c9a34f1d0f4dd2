# SPDX-License-Identifier: MIT
"""Frames as a server writes them, read back by a parser that others wrote."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.streams import StreamReader

from wsecho.core.frames import Opcode, encode_frame, encode_message, read_messages
from wsecho.doors.masking import apply_mask


def parse(data: bytes) -> tuple[Frame, bytes]:
    """Read one unmasked frame with `websockets`, and return what is left."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as stop:
        next(parsing)
    return stop.value.value, bytes(reader.buffer)


@given(payload=st.binary(max_size=300), is_binary=st.booleans())
@example(payload=b"x" * 125, is_binary=True)
@example(payload=b"x" * 126, is_binary=True)
@example(payload=b"x" * 65_535, is_binary=True)
@example(payload=b"x" * 65_536, is_binary=False)
def test_a_message_is_one_frame_that_others_read(payload: bytes, is_binary: bool) -> None:
    """Opcode, FIN and payload come through, and nothing is left over."""
    frame, rest = parse(encode_message(payload, is_binary=is_binary))
    assert frame.opcode is (TheirOpcode.BINARY if is_binary else TheirOpcode.TEXT)
    assert frame.fin
    assert (frame.rsv1, frame.rsv2, frame.rsv3) == (False, False, False)
    assert frame.data == payload
    assert rest == b""


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f" + b"\0" * 5 + b"\x01\0\0"),
    ],
)
def test_the_length_takes_its_shortest_form(length: int, header: bytes) -> None:
    """RFC 6455 section 5.2: the minimal number of bytes must be used."""
    assert encode_frame(Opcode.BINARY, b"x" * length)[: len(header)] == header


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
    messages, taken = read_messages(data, 1 << 20, apply_mask)
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
    assert read_messages(before + frame, 5, apply_mask) == ([(b"hi", False)], len(before))
