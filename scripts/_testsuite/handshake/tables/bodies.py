# SPDX-License-Identifier: MIT
"""Requests with content, which a handshake has not, and what smugglers make of it."""

from _testsuite.handshake.case import Case, Level, Then, Values, request, with_message
from _testsuite.handshake.rights import EITHER, OPENS, refuses

_CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"
_LENGTH = "The length of such a request cannot be known: 400, and the connection ends."
_GET = "Content of a GET has no meaning and may be rejected; who opens must read it first."


def _no_length(number: int, title: str, value: Values) -> Case:
    return Case(
        *(f"12.{number}", title, "RFC 9112 6.3", _LENGTH, Level.MUST, refuses(400)),
        request(instead={"Content-Length": value}),
        closes=True,
    )


CASES = (
    Case(
        "12.1",
        "Content-Length: 0",
        "RFC 9112 6.3, RFC 9110 8.6",
        "No content. A client should not say so of a GET, but it is well-formed.",
        Level.SHOULD,
        OPENS,
        request(also=["Content-Length: 0"]),
    ),
    Case(
        "12.2",
        "Content of five octets, and a message behind it",
        "RFC 9110 7.8, 9.3.1",
        _GET,
        Level.MAY,
        EITHER,
        request(also=["Content-Length: 5"], behind=with_message(b"hello")),
        then=Then.LISTEN,
    ),
    Case(
        "12.3",
        "Content in chunks, and a message behind it",
        "RFC 9110 7.8, 9.3.1",
        _GET,
        Level.MAY,
        EITHER,
        request(also=["Transfer-Encoding: chunked"], behind=with_message(_CHUNKED)),
        then=Then.LISTEN,
    ),
    Case(
        "12.4",
        "Transfer-Encoding beside Content-Length",
        "RFC 9112 6.1",
        "Rejected, or read by the chunks alone; the connection ends behind the answer either way, "
        "so it cannot open.",
        Level.MUST,
        refuses(),
        request(also=["Content-Length: 5", "Transfer-Encoding: chunked"], behind=_CHUNKED),
        closes=True,
    ),
    Case(
        "12.5",
        "A Transfer-Encoding that is not chunked at its end",
        "RFC 9112 6.3",
        _LENGTH,
        Level.MUST,
        refuses(400, 501),
        request(also=["Transfer-Encoding: gzip"]),
        closes=True,
    ),
    Case(
        "12.6",
        "A Transfer-Encoding that nobody knows",
        "RFC 9112 6.1",
        "Answered with 501.",
        Level.SHOULD,
        refuses(400, 501),
        request(also=["Transfer-Encoding: x-unknown, chunked"], behind=_CHUNKED),
    ),
    _no_length(7, "Two lengths that differ", ("5", "6")),
    _no_length(8, "A length that is negative", "-5"),
    _no_length(9, "A length with a sign", "+5"),
    _no_length(10, "A length that is a word", "five"),
    Case(
        "12.11",
        "The length 0 twice",
        "RFC 9112 6.3",
        "The same number over and over may be taken for one, or be an error.",
        Level.MAY,
        EITHER,
        request(instead={"Content-Length": ("0", "0")}),
    ),
    Case(
        "12.12",
        "Expect: 100-continue",
        "RFC 9110 7.8, 10.1.1",
        "A 100 before the 101; but none is needed where no content is to come.",
        Level.MAY,
        EITHER,
        request(also=["Expect: 100-continue"]),
    ),
    Case(
        "12.13",
        "An expectation that nobody knows",
        "RFC 9110 10.1.1",
        "It may be answered with 417.",
        Level.MAY,
        EITHER,
        request(also=["Expect: tea"]),
    ),
)
