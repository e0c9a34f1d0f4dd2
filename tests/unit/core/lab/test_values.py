# SPDX-License-Identifier: MIT
"""Each kind of value: what is read of it, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.lab import values
from wsecho.core.lab.values import (
    Bounds,
    Value,
    choice_value,
    count_value,
    duration_value,
    is_sendable,
    size_value,
)

BOUNDS = Bounds(1000, 60.0)

GOOD = [
    (duration_value(), "250ms", 0.25),
    (duration_value(), "2s", 2.0),
    (duration_value(), "1.5s", 1.5),
    (duration_value(), "0ms", 0.0),
    (duration_value(), "60s", 60.0),
    (size_value(), "0", 0),
    (size_value(), "1000", 1000),
    (size_value(0, 1 << 20), "64KiB", 65536),
    (size_value(0, 1 << 20), "1MiB", 1 << 20),
    (size_value(), "7B", 7),
    (count_value(1, 10), "10", 10),
    (choice_value("bad", "none"), "none", "none"),
    (values.TEXT, "", b""),
    (values.TEXT, "é", b"\xc3\xa9"),
    (values.TEXT, "a\r\nb", b"a\r\nb"),
    (values.CONTROL, "x" * 125, b"x" * 125),
    (values.HEX, "00fF", b"\x00\xff"),
    (values.PROTOCOL, "chat.example", "chat.example"),
    (values.EXTENSION, "permessage-deflate; x=1", "permessage-deflate; x=1"),
    (values.HEADER, "X-A:b: c", ("X-A", "b: c")),
    (values.HEADER, "X-A: b", ("X-A", "b")),
    (values.HEADER, "X-A:", ("X-A", "")),
    (values.PATH, "/", "/"),
    (values.PATH, "/lab/echo?x=%2F&y", "/lab/echo?x=%2F&y"),
    (values.STATUS, "200", 200),
    (values.STATUS, "599", 599),
    (values.PROBABILITY, "0.1", 0.1),
    (values.PROBABILITY, ".5", 0.5),
    (values.PROBABILITY, "1", 1.0),
    (values.PROBABILITY, "0", 0.0),
    (values.RETRY, "2", 2),
    (values.RETRY, "2s", 2),
    (values.STREAM, "10x100ms", (10, 0.1)),
    (values.CLOSE, "1000", b"\x03\xe8"),
    (values.CLOSE, "4000:bye: now", b"\x0f\xa0bye: now"),
    (values.CLOSE, "1000:" + "x" * 123, b"\x03\xe8" + b"x" * 123),
]

BAD = [
    *[
        (duration_value(), text)
        for text in ("", "2", "ms", "-1s", "1e3s", "1 s", "61s", "2m", "1.s", "٣s", "1s ", "1s\n")
    ],
    (duration_value(0.01), "1ms"),
    *[
        (size_value(1), text)
        for text in ("", "0", "1001", "1kb", "1 KiB", "-1", "1.5KiB", "1KiB", "٣", "1GiBB")
    ],
    *[(count_value(1, 10), text) for text in ("", "0", "11", "+1", "1_0", "1.0", "٣", "9" * 5000)],
    (choice_value("bad"), "Bad"),
    (choice_value("bad"), ""),
    (values.TEXT, "x" * 1001),
    (values.CONTROL, "x" * 126),
    (values.CONTROL, "é" * 63),
    *[(values.HEX, text) for text in ("", "0", "0g", "00 ff", "0x00", "00" * 1001, "\u0660\u0660")],
    *[(values.PROTOCOL, text) for text in ("", "a b", "a,b", "a\r\nb", "é", "a\x00")],
    *[(values.EXTENSION, text) for text in ("", " a", "a ", "a\nb", "é", "\t")],
    *[
        (values.HEADER, text)
        for text in (
            *("", "X-A", ":b", "X A:b", "X-A:b\r\nX-B:c", "X-A:\x00", "X-A:é", "X-A:b\n"),
            *("Upgrade:x", "content-length:5", "Transfer-Encoding:chunked", "CONNECTION:close"),
            *("Sec-WebSocket-Accept:x", "Sec-WebSocket-Protocol:x", "Location:/"),
        )
    ],
    *[
        (values.PATH, text)
        for text in ("", "a", "//evil", "/\\evil", "/a b", "/a\r\n", "/é", "http://x/", '/"', "/<")
    ],
    *[
        (values.STATUS, text)
        for text in ("", "101", "199", "201", "302", "399", "600", "0404", "4O4")
    ],
    *[(values.PROBABILITY, text) for text in ("", "1.1", "2", "-0.1", "1e-1", "nan", ".")],
    *[(values.RETRY, text) for text in ("", "s", "-1", "1.5", "2ms", "999999")],
    *[(values.STREAM, text) for text in ("", "10", "x1s", "0x1s", "10001x1s", "2x", "2x61s")],
    *[
        (values.CLOSE, text)
        for text in (
            *("", "999", "1004", "1005", "1006", "1015", "1016", "2999", "5000", "0", "65535"),
            *("1000:", "1000:" + "x" * 124, "10000", "abcd", ":bye", "1000 "),
        )
    ],
]


@pytest.mark.parametrize(("value", "text", "read"), GOOD, ids=lambda one: str(one)[:30])
def test_what_is_read(value: Value, text: str, read: object) -> None:
    """As the step needs it."""
    assert value.read(text, BOUNDS) == read


@pytest.mark.parametrize(("value", "text"), BAD, ids=lambda one: ascii(one)[:30])
def test_what_is_none(value: Value, text: str) -> None:
    """Is refused, with words for it."""
    with pytest.raises(ValueError, match=r"\w"):
        value.read(text, BOUNDS)


@given(
    st.sampled_from([values.HEADER, values.PROTOCOL, values.EXTENSION, values.PATH]),
    st.text(max_size=30),
)
def test_no_header_is_ended_by_a_value(value: Value, text: str) -> None:
    """Whatever is read is visible ASCII and spaces: no CR, no LF, no other octets."""
    try:
        read = value.read(text, BOUNDS)
    except ValueError:
        return
    for part in read if isinstance(read, tuple) else (read,):
        assert part.isascii()
        assert part.isprintable()


def test_what_is_sent_is_bounded_by_64_messages() -> None:
    """The largest ones; one step sends 64 MiB at most, however large they are."""
    assert (BOUNDS.sent, BOUNDS.step) == (64_000, 1000)
    assert Bounds(1 << 40, 1.0).step == 64 << 20


@pytest.mark.parametrize(
    ("code", "sendable"),
    [
        *[(code, True) for code in (1000, 1003, 1007, 1014, 3000, 4999)],
        *[(code, False) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)],
    ],
)
def test_which_codes_may_be_sent(code: int, sendable: bool) -> None:
    """RFC 6455 section 7.4."""
    assert is_sendable(code) is sendable
