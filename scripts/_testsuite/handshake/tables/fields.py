# SPDX-License-Identifier: MIT
"""The forms of header fields."""

from _testsuite.handshake.case import KEY, LINE, Case, Level, Request, request
from _testsuite.handshake.judging import Right
from _testsuite.handshake.rights import EITHER, EITHER_OR_WAITS, OPENS, refuses

_GOOD = request().lines
_SMUGGLED = "Sec-WebSocket-Protocol: smuggled"
_GRAMMAR = "What does not match HTTP's grammar is answered with 400, and the connection ends."


def _with(number: int, title: str, line: str, rfc: str, says: str, level: Level) -> Case:
    right: Right = EITHER if level is Level.MAY else OPENS
    return Case(f"7.{number}", title, rfc, says, level, right, request(also=[line]))


def _broken(number: int, title: str, line: str) -> Case:
    return Case(
        *(f"7.{number}", title, "RFC 9112 2.2", _GRAMMAR, Level.SHOULD, refuses(400)),
        request(also=[line]),
    )


CASES = (
    Case(
        "7.1",
        "No space behind the colons",
        "RFC 9112 5",
        "White space there is optional.",
        Level.TAKE,
        OPENS,
        Request(LINE, tuple(line.replace(": ", ":", 1) for line in _GOOD)),
    ),
    Case(
        "7.2",
        "Spaces and tabs around every value",
        "RFC 9112 5.1",
        "They are left out when a value is read.",
        Level.TAKE,
        OPENS,
        Request(LINE, tuple(line.replace(": ", ":\t  ", 1) + " \t" for line in _GOOD)),
    ),
    Case(
        "7.3",
        "Names in lower case",
        "RFC 9110 5.1",
        "Names are case-insensitive.",
        Level.TAKE,
        OPENS,
        Request(
            LINE,
            tuple(
                line.partition(":")[0].lower() + ": " + line.partition(": ")[2] for line in _GOOD
            ),
        ),
    ),
    Case(
        "7.4",
        "Names in upper case",
        "RFC 9110 5.1",
        "Names are case-insensitive.",
        Level.TAKE,
        OPENS,
        Request(
            LINE,
            tuple(
                line.partition(":")[0].upper() + ": " + line.partition(": ")[2] for line in _GOOD
            ),
        ),
    ),
    Case(
        "7.5",
        "The order turned round, Host last",
        "RFC 9110 5.3",
        "The order of different names means nothing.",
        Level.TAKE,
        OPENS,
        Request(LINE, _GOOD[::-1]),
    ),
    Case(
        "7.6",
        "A space before a colon",
        "RFC 9112 5.1",
        "Rejected with 400: others have read such a name otherwise.",
        Level.MUST,
        refuses(400),
        request(also=["X-Test : 1"]),
    ),
    _with(
        7,
        "A folded line",
        f"X-Test: a\r\n {_SMUGGLED}",
        "RFC 9112 5.2",
        "Answered with 400, or the fold read as spaces: never a header field of its own.",
        Level.MAY,
    ),
    Case(
        "7.8",
        "Lines that end with LF alone",
        "RFC 9112 2.2",
        "A recipient may take it for the end of a line, or wait for one.",
        Level.MAY,
        EITHER_OR_WAITS,
        request(end="\n"),
    ),
    _with(
        9,
        "A bare CR in a value",
        f"X-Test: a\r{_SMUGGLED}",
        "RFC 9112 2.2",
        "Invalid, or read as a space: never the end of a line.",
        Level.MAY,
    ),
    _with(
        10,
        "A NUL in a value",
        "X-Test: a\0b",
        "RFC 9110 5.5",
        "The message is rejected, or the octet read as a space.",
        Level.MAY,
    ),
    _with(
        11,
        "Another control character in a value",
        "X-Test: a\x01b",
        "RFC 9110 5.5",
        "Invalid; but a recipient may keep it where that is safe.",
        Level.MAY,
    ),
    _with(
        12,
        "Octets beyond ASCII in a value",
        "X-Test: caf\xc3\xa9",
        "RFC 9110 5.5",
        "They are opaque data.",
        Level.SHOULD,
    ),
    _broken(13, "A name that is no token", "X(Test): 1"),
    _broken(14, "A name with an octet beyond ASCII", "X-T\xe9st: 1"),
    _broken(15, "A line without a colon", "X-Test"),
    _broken(16, "A line without a name", ": 1"),
    _with(17, "An empty value", "X-Test:", "RFC 9110 5.5", "A value may be empty.", Level.TAKE),
    _with(
        18,
        "A name that nobody knows, twice",
        "X-Test: 1\r\nX-Test: 2",
        "RFC 6455 4.2.1",
        "Unknown header fields are ignored.",
        Level.TAKE,
    ),
    _with(
        19,
        "Sec-WebSocket-Unknown",
        "Sec-WebSocket-Unknown: 1",
        "RFC 6455 4.2.1",
        "Unknown header fields are ignored.",
        Level.TAKE,
    ),
    _with(
        20,
        "Cookies",
        'Cookie: a=b; c="d, e"',
        "RFC 6455 4.1",
        "A client may send those of the host.",
        Level.TAKE,
    ),
    Case(
        "7.21",
        "The key in a folded line, behind nothing",
        "RFC 9112 5.2",
        "Answered with 400, or the fold read as a space, which makes it the key.",
        Level.MAY,
        EITHER,
        request(instead={"Sec-WebSocket-Key": None}, also=[f"Sec-WebSocket-Key:\r\n {KEY}"]),
    ),
)
