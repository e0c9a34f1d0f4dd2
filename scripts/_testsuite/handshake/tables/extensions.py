# SPDX-License-Identifier: MIT
"""Sec-WebSocket-Extensions, and permessage-deflate: what is accepted, declined, or an error."""

from _testsuite.handshake.case import Case, Level, Values, request
from _testsuite.handshake.rights import DECLINES, OPENS, refuses

_NAME = "Sec-WebSocket-Extensions"
_DEFLATE = "permessage-deflate"
_ANSWER = "None is used, or one that was offered, with parameters that fit the offer."
_DECLINE = "An offer with such a parameter is declined: the connection opens without."
_FAIL = "What breaks the grammar of this header fails the connection: an HTTP error."


def _taken(number: int, title: str, value: Values, rfc: str, says: str = _ANSWER) -> Case:
    changed = request(instead={_NAME: value})
    return Case(f"9.{number}", title, rfc, says, Level.TAKE, OPENS, changed)


def _declined(number: int, parameters: str) -> Case:
    changed = request(instead={_NAME: f"{_DEFLATE}; {parameters}"})
    title = f"permessage-deflate; {parameters}"
    return Case(f"9.{number}", title, "RFC 7692 7", _DECLINE, Level.MUST, DECLINES, changed)


def _offered(number: int, parameters: str, section: str, says: str) -> Case:
    title = f"permessage-deflate; {parameters}"
    return _taken(number, title, title, f"RFC 7692 {section}", says)


def _broken(number: int, title: str, value: str) -> Case:
    changed = request(instead={_NAME: value})
    return Case(f"9.{number}", title, "RFC 6455 9.1", _FAIL, Level.MUST, refuses(), changed)


_WINDOW = "If it is accepted, the answer names a window of the server's no larger than this."
_CLIENTS = "The client can be told a window; the answer may name one, with a value."

CASES = (
    _taken(1, "One that nobody knows", "x-unknown; level=9; fast", "RFC 6455 9.1"),
    _taken(
        2,
        "permessage-deflate",
        _DEFLATE,
        "RFC 7692 7.1.2.2",
        "The answer must not name a window of the client's, which did not offer that.",
    ),
    _offered(3, "client_max_window_bits", "7.1.2.2", _CLIENTS),
    _offered(4, "client_max_window_bits=10", "7.1.2.2", _CLIENTS),
    _offered(5, "server_max_window_bits=10", "7.1.2.1", _WINDOW),
    _offered(6, 'server_max_window_bits="10"', "7.1.2.1", f"Quotes mean nothing. {_WINDOW}"),
    _offered(7, "server_max_window_bits=8", "7.1.2.1", f"Who cannot, declines. {_WINDOW}"),
    _offered(
        8, "server_no_context_takeover", "7.1.1.1", "If it is accepted, the answer has it, too."
    ),
    _offered(9, "client_no_context_takeover", "7.1.1.2", "The answer has it, or has it not."),
    _declined(10, "server_max_window_bits=7"),
    _declined(11, "server_max_window_bits=08"),
    _declined(12, "server_max_window_bits=16"),
    _declined(13, "server_max_window_bits"),
    _declined(14, "server_max_window_bits=ten"),
    _declined(15, "client_max_window_bits=7"),
    _declined(16, "client_max_window_bits=16"),
    _declined(17, "server_no_context_takeover=1"),
    _declined(18, "client_no_context_takeover=1"),
    _declined(19, "level=9"),
    _declined(20, "server_max_window_bits=10; server_max_window_bits=10"),
    _declined(21, "client_no_context_takeover; client_no_context_takeover"),
    Case(
        "9.22",
        "Two offers, the first of them invalid",
        "RFC 7692 5, 7",
        "Each is looked at by itself: the first is declined, the second may be accepted.",
        Level.MUST,
        DECLINES,
        request(
            instead={
                _NAME: f"{_DEFLATE}; server_max_window_bits=7, {_DEFLATE}; server_max_window_bits=9"
            }
        ),
    ),
    _taken(
        23,
        "Several lines",
        ("x-unknown", f"{_DEFLATE}; client_max_window_bits"),
        "RFC 6455 11.3.2",
        f"They are one list. {_ANSWER}",
    ),
    _taken(
        24,
        "A quoted value with a backslash in it",
        r'x-unknown; level="fa\st"',
        "RFC 6455 9.1",
        f"What it means without quotes is a token, as it should be. {_ANSWER}",
    ),
    Case(
        "9.25",
        "Empty members",
        "RFC 9110 5.6.1.2",
        "A recipient ignores a reasonable number of them.",
        Level.MUST,
        OPENS,
        request(instead={_NAME: f", {_DEFLATE},,"}),
    ),
    _broken(26, "A parameter without a name", f"{_DEFLATE}; =10"),
    _broken(27, "A parameter with an empty value", f"{_DEFLATE}; server_max_window_bits="),
    _broken(28, "A semicolon with nothing behind it", f"{_DEFLATE};"),
    _broken(29, "A name that is no token", "permessage deflate"),
    _broken(30, "A quoted value that is no token", 'x-unknown; level="a b"'),
    _broken(31, "Quotes that nothing closes", f'{_DEFLATE}; server_max_window_bits="10'),
)
