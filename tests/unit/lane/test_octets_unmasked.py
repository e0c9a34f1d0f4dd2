# SPDX-License-Identifier: MIT
"""What unmasks on the lane, and knows texts: one set of tests for Python and for C."""

from types import ModuleType
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.frames import MASKS, ODD_UTF8, masked_with
from tests.unit.lane.implementations import COMPILED, IMPLEMENTATIONS, if_compiled, of_each
from wsecho.lane import octets


@given(st.sampled_from(IMPLEMENTATIONS), st.binary(max_size=300), MASKS, st.integers(0, 20))
def test_octets_are_unmasked_in_place(
    implementation: ModuleType, payload: bytes, key: bytes, offset: int
) -> None:
    """A piece of a buffer, wherever it lies; what is around it is left alone."""
    buffer = bytearray(b"<" * offset + payload + b">")
    with memoryview(buffer)[offset : offset + len(payload)] as piece:
        implementation.unmask_in_place(piece, key)
    assert buffer == b"<" * offset + masked_with(payload, key) + b">"


# All that a code point may begin with, by Python's codec; the last octet never tells more.
BEGINNINGS: Final = {
    encoded[:size]
    for code in range(0x80, 0x110000, 0x40)
    if not 0xD800 <= code < 0xE000
    for encoded in (chr(code).encode(),)
    for size in range(1, len(encoded))
}


def codec_says(text: bytes) -> int:
    """How many octets are whole code points; -1 where the rest can be the beginning of none."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start if text[error.start :] in BEGINNINGS else -1
    return len(text)


STRINGS = (
    "",
    "plain ascii",
    "a\u00e9\u20ac\U0001f600z",
    "\u0080\u07ff\u0800\uffff",
    "\ud7ff\ue000",
)
EDGES = ("\U00010000\U0010ffff", "\u20ac" * 50, "x" * 63 + "\U0001f600" * 20, "\0" * 130)


@of_each
@pytest.mark.parametrize("text", STRINGS + EDGES)
def test_a_text_that_is_cut_anywhere_is_one_so_far(implementation: ModuleType, text: str) -> None:
    """Whole code points are told from the beginning of one, whatever part is plain already."""
    octets_of_it, key = text.encode(), b"\x81\x7f\xff\x00"
    for cut in range(len(octets_of_it) + 1):
        came = octets_of_it[:cut]
        for plain in {0, cut // 2, max(cut - 1, 0), cut}:
            buffer = bytearray(came[:plain] + masked_with(came[plain:], key))
            whole_ones = implementation.unmask_text(memoryview(buffer), key, plain)
            assert (whole_ones, bytes(buffer)) == (codec_says(came), came)
            assert len(came) - whole_ones < 4


@of_each
@pytest.mark.parametrize("bad", ODD_UTF8, ids=bytes.hex)
@pytest.mark.parametrize("before", ["", "x" * 61, "\u20ac" * 21])
def test_what_is_no_text_is_told_by_its_first_octet_that_cannot_be(
    implementation: ModuleType, bad: bytes, before: str
) -> None:
    """Not only at the end: the connection is to fail fast (RFC 6455 section 8.1)."""
    for cut in range(1, len(bad) + 1):
        for after in (b"", b"y", b"y" * 100, b"z" * 40_000):
            text = before.encode() + bad[:cut] + after
            buffer = bytearray(masked_with(text, b"abcd"))
            whole_ones = implementation.unmask_text(memoryview(buffer), b"abcd", 0)
            assert whole_ones == codec_says(text)
            assert buffer == text


@of_each
def test_all_two_octets_that_may_begin_a_code_point(implementation: ModuleType) -> None:
    """And all that may not, against Python's codec."""
    for first in range(256):
        for second in (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF):
            for text in (bytes([first]), bytes([first, second]), bytes([first, second, 0x80])):
                buffer = bytearray(text)
                found = implementation.unmask_text(memoryview(buffer), bytes(4), 0)
                assert found == codec_says(text), text.hex()


@if_compiled
@given(st.binary(max_size=100) | st.text(max_size=60).map(str.encode), MASKS, st.integers(0, 70))
@example(b"x" * 20_000 + b"\xe2\x82", b"abcd", 3)
def test_both_find_the_same_in_a_text(text: bytes, key: bytes, plain: int) -> None:
    """And leave the same octets behind."""
    [compiled] = COMPILED
    plain = min(plain, len(text))
    here = bytearray(text[:plain] + masked_with(text[plain:], key))
    there = bytearray(here)
    found = compiled.unmask_text(memoryview(here), key, plain)
    assert found == octets.unmask_text(memoryview(there), key, plain)
    assert here == there == text


@of_each
@pytest.mark.parametrize("ends", [(16_383,), (16_384,), (16_385, 32_768), (40_000,), (1, 2, 3)])
def test_parts_that_are_checked_by_themselves_make_one_text(
    implementation: ModuleType, ends: tuple[int, ...]
) -> None:
    """Code points lie across their borders."""
    text = ("\u20ac" * 16_000).encode()
    for end in ends:
        buffer = bytearray(masked_with(text[:end], b"abcd"))
        found = implementation.unmask_text(memoryview(buffer), b"abcd", 0)
        assert (found, bytes(buffer)) == (end - end % 3, text[:end])
