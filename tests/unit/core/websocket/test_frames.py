# SPDX-License-Identifier: MIT
"""Frames as a server writes them, read back by a parser that others wrote."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.streams import StreamReader

from wsecho.core.websocket.frames import Opcode, encode_frame, encode_message


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
