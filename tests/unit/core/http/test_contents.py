# SPDX-License-Identifier: MIT
"""Bodies as they come: chunks, their bounds, and what stands behind them."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsecho.core.http.contents import MAX_EXTENSIONS, MAX_LINE, Chunked, Content, Measured
from wsecho.core.http.requests import MAX_HEAD
from wsecho.core.wire.errors import BadRequest, HeadersTooLarge, TooLarge, WireError

MAX_SIZE = 1_000
END = b"0\r\n\r\n"

Outcome = tuple[bytes, bytes] | tuple[type[WireError], str] | bytes


def read(content: Content, pieces: list[bytes]) -> Outcome:
    """What comes of a body: itself and what stood behind it; an error; or what came so far."""
    body = b""
    rest = b""
    try:
        for piece in pieces:
            if content.is_whole:
                rest += piece
            else:
                body += content.receive(piece)
                rest = content.rest
    except WireError as error:
        return type(error), error.reason
    return (body, rest) if content.is_whole else body


def each(octets: bytes) -> list[bytes]:
    """One octet at a time."""
    return [octets[i : i + 1] for i in range(len(octets))]


def both(octets: bytes) -> Outcome:
    """Read chunks at once and octet by octet, which has to be the same."""
    outcome = read(Chunked(MAX_SIZE), [octets])
    assert read(Chunked(MAX_SIZE), each(octets)) == outcome
    return outcome


@pytest.mark.parametrize(
    ("octets", "body"),
    [
        (END, b""),
        (b"2\r\nhi\r\n" + END, b"hi"),
        (b"1\r\nh\r\n1\r\ni\r\n" + END, b"hi"),
        (b"0002\r\nhi\r\n" + b"0" * 1000 + b"\r\n\r\n", b"hi"),
        (b"a\r\n0123456789\r\nA\r\n0123456789\r\n" + END, b"0123456789" * 2),
        (b"2;a\r\nhi\r\n" + END, b"hi"),
        (b'2;a=b;c="d \\" ;\xff"\r\nhi\r\n0;x\r\n\r\n', b"hi"),
        (b"2 ; a = b\r\nhi\r\n" + END, b"hi"),
        (b"2\r\n\r\n\r\n" + END, b"\r\n"),
        (b"2\r\nhi\r\n0\r\nA: b\r\nC:\r\n\r\n", b"hi"),
        (b"3e8\r\n" + b"x" * MAX_SIZE + b"\r\n" + END, b"x" * MAX_SIZE),
    ],
)
def test_chunks_are_read(octets: bytes, body: bytes) -> None:
    """With extensions and trailers, which are dropped; what stands behind is the next's."""
    assert both(octets + b"GET") == (body, b"GET")


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"\r\n", BadRequest),
        (b"x", BadRequest),
        (b"-1\r\n", BadRequest),
        (b"+1\r\n", BadRequest),
        (b"0x1\r\n", BadRequest),
        (b" 1\r\n", BadRequest),
        (b"1 \r\nh", BadRequest),
        (b"1_0\r\n", BadRequest),
        (b"1,1\r\n", BadRequest),
        (b"\xb2\r\n", BadRequest),
        (b"1\nh", BadRequest),
        (b"1\rh", BadRequest),
        (b"1;a\nh", BadRequest),
        (b"1;\r\nh", BadRequest),
        (b"1;a=\r\nh", BadRequest),
        (b"1;a=b c\r\nh", BadRequest),
        (b'1;a="b\r\nh', BadRequest),
        (b"1;a\0\r\nh", BadRequest),
        (b"1;a\rb\r\nh", BadRequest),
        (b"1\r\nhi", BadRequest),
        (b"1\r\nh\n", BadRequest),
        (b"1\r\nh\r\r", BadRequest),
        (b"1\r\nh" + END, BadRequest),
        (b"0\r\nno colon\r\n\r\n", BadRequest),
        (b"0\r\nA : b\r\n\r\n", BadRequest),
        (b"0\r\nA: b\r\n folded\r\n\r\n", BadRequest),
        (b"0\r\nA: b\0\r\n\r\n", BadRequest),
        (b"0\r\nA: b\n\r\n", BadRequest),
        (b"0\r\n\n", BadRequest),
        (b"0\r\nA\rb", BadRequest),
        (b"0\r\n: b\r\n\r\n", BadRequest),
        (b"3e9", TooLarge),
        (b"f" * 17, TooLarge),
        (b"f" * 2_000, TooLarge),
        (b"0" * 900 + b"f" * 2_000, TooLarge),
        (b"ffffffffffffffff;a\r\n", TooLarge),
        (b"3e7\r\n" + b"x" * 999 + b"\r\n2", TooLarge),
        (b"0" * MAX_LINE, BadRequest),
        (b"1;" + b"a" * MAX_LINE, BadRequest),
        (b"0\r\nA: " + b"b" * MAX_HEAD, HeadersTooLarge),
        (b"0\r\n" + b"A: b\r\n" * 3_000, HeadersTooLarge),
    ],
)
def test_bad_chunks_are_refused(octets: bytes, error: type[WireError]) -> None:
    """As soon as what is wrong has come, not at the end of a line or of a chunk."""
    assert both(octets)[0] is error


def test_extensions_are_bounded_in_all() -> None:
    """However short each is."""
    chunk = b"1;" + b"a" * 999 + b"\r\nx\r\n"
    assert read(Chunked(MAX_SIZE), [chunk * (MAX_EXTENSIONS // 1_000)]) == b"x" * 16
    assert read(Chunked(MAX_SIZE), [chunk * (MAX_EXTENSIONS // 1_000 + 1)])[0] is BadRequest


CHUNKS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=20).map(lambda data: b"%x\r\n%b\r\n" % (len(data), data)),
        st.sampled_from(
            [b"0\r\n", b"\r\n", b"1;a=b\r\nx\r\n", b"A: b\r\n", b"5\r\nabc", b"\n", b"\r", b"f" * 9]
        ),
        st.binary(max_size=3),
    ),
    max_size=8,
).map(b"".join)


@given(CHUNKS, st.lists(st.integers(0, 100), max_size=6))
@example(b"1\r\nx\r\n0\r\nA: b\r\n\r\nrest", [1, 4])
def test_it_does_not_matter_how_octets_are_cut(octets: bytes, cuts: list[int]) -> None:
    """The same body, the same rest, the same error."""
    bounds = sorted({0, *(cut for cut in cuts if cut < len(octets)), len(octets)})
    pieces = [octets[a:b] for a, b in pairwise(bounds)]
    assert both(octets) == read(Chunked(MAX_SIZE), pieces)


@given(st.lists(st.binary(min_size=1, max_size=50)), st.binary(max_size=9))
def test_what_was_cut_in_chunks_comes_back(chunks: list[bytes], behind: bytes) -> None:
    """Whatever is in it."""
    octets = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    body = b"".join(chunks)
    assert read(Chunked(len(body)), [octets + END + behind]) == (body, behind)


@given(st.binary(min_size=1, max_size=50), st.binary(max_size=9))
def test_a_body_of_known_length(body: bytes, behind: bytes) -> None:
    """Neither more nor less."""
    assert read(Measured(len(body)), [body + behind]) == (body, behind)
    assert read(Measured(len(body)), each(body + behind)) == (body, behind)
    assert read(Measured(len(body) + 1), each(body)) == body
