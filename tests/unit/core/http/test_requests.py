# SPDX-License-Identifier: MIT
"""Request heads, read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.requests import (
    END_OF_HEAD,
    MAX_HEAD,
    RequestHead,
    find_end,
    skip_empty_lines,
)
from wsecho.core.wire.errors import (
    BadRequest,
    HeadersTooLarge,
    OtherVersion,
    TargetTooLong,
    WireError,
)


def test_a_head_is_read() -> None:
    """Names are lower-cased, values stripped, order kept."""
    head = RequestHead.parse(b"GET /a?b HTTP/1.1\r\nHost: x\r\nX-Y:  z \r\nx-y:\r\n\r\n")
    assert (head.method, head.target, head.version) == ("GET", "/a?b", "1.1")
    assert head.headers == (("host", "x"), ("x-y", "z"), ("x-y", ""))


def test_a_list_may_be_split_over_lines() -> None:
    """RFC 9110 section 5.3: several lines of a list are one list."""
    head = RequestHead.parse(b"GET / HTTP/1.1\r\nA: 1, 2\r\nA: ,3\r\n\r\n")
    assert head.tokens("a") == ["1", "2", "3"]


def test_a_field_that_stands_twice_is_refused_where_one_is_meant() -> None:
    """Two hosts, two keys: which one counts is nobody's guess."""
    head = RequestHead.parse(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    with pytest.raises(BadRequest, match="host stands 2 times"):
        head.one("host")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nspace : before colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(head: bytes) -> None:
    """Nothing is guessed: what two parsers might read differently is an error."""
    with pytest.raises(BadRequest):
        RequestHead.parse(head)


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"\0", BadRequest),
        (b"\rG", BadRequest),
        (b"\n", BadRequest),
        (b"GET / HTTP/1.1\n", BadRequest),
        (b"GET / HTTP/1.1\rH", BadRequest),
        (b"GET /\r\n", BadRequest),
        (b"GET / HTTP/2.0\r\n", OtherVersion),
        (b"GET / HTTP/1.1\r\nA: b\n", BadRequest),
        (b"GET / HTTP/1.1\r\nA: b\r\r", BadRequest),
        (b"GET / HTTP/1.1\r\n" + b"x" * MAX_HEAD, HeadersTooLarge),
        (b"GET / HTTP/1.1\r\n" + b"x" * (MAX_HEAD - 16) + b"\r", HeadersTooLarge),
        (b"GET /" + b"x" * MAX_HEAD, TargetTooLong),
        (b"GET /" + b"x" * (MAX_HEAD - 6) + b"\r\n", TargetTooLong),
        (b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\n\r\n", TargetTooLong),
    ],
)
def test_what_can_be_no_head_is_known_at_once(octets: bytes, error: type[WireError]) -> None:
    """By its first octet at fault; without that, more may come."""
    with pytest.raises(error):
        find_end(octets)
    assert find_end(octets[:-1] if len(octets) < MAX_HEAD else octets[:MAX_HEAD]) is None


def test_a_head_ends_with_an_empty_line() -> None:
    """What stands behind it may be anything; what stands before it may be empty lines."""
    head = b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
    assert find_end(head + b"\n\r\0") == len(head)
    assert find_end(b"") is None
    assert skip_empty_lines(b"\r\n\r\n" + head) == head
    assert skip_empty_lines(b"\n" + head) == b"\n" + head
    longest = head[:-4] + b"x" * (MAX_HEAD - len(head)) + END_OF_HEAD
    assert find_end(longest + b"more") == MAX_HEAD


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No input ends in anything but a head or a wire error."""
    try:
        head = RequestHead.parse(b"GET / HTTP/1.1\r\n" + data + END_OF_HEAD)
    except WireError:
        return
    assert all("\r" not in value and "\n" not in value for _, value in head.headers)
