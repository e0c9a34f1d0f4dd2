# SPDX-License-Identifier: MIT
"""Host and Origin."""

from _testsuite.handshake.case import Case, Level, Values, request
from _testsuite.handshake.rights import EITHER, OPENS, OPENS_OR_FORBIDS, refuses

_RFC = "RFC 9112 3.2"
_BAD = "400 where Host is missing, stands twice or is no host with an optional port."


def _bad(number: int, title: str, value: Values) -> Case:
    return Case(
        f"3.{number}", title, _RFC, _BAD, Level.MUST, refuses(400), request(instead={"Host": value})
    )


def _valid(number: int, title: str, value: str, says: str) -> Case:
    return Case(
        f"3.{number}", title, _RFC, says, Level.MAY, EITHER, request(instead={"Host": value})
    )


CASES = (
    _bad(1, "No Host", None),
    _bad(2, "Host twice, the same", ("{host}", "{host}")),
    _bad(3, "Two different Hosts", ("{host}", "other.example")),
    _bad(4, "A Host with user information", "user@{host}"),
    _bad(5, "A Host with a path", "{host}/path"),
    _bad(6, "A Host with a space in it", "two words"),
    _bad(7, "A Host whose port is a word", "localhost:http"),
    _bad(8, "A Host with half a pair of brackets", "[::1"),
    _valid(9, "An empty Host", "", "It says that the server is to know its name by itself."),
    _valid(10, "A Host with an IPv6 address", "[::1]:80", "Valid, but perhaps not this server."),
    _valid(11, "A Host with port 0", "localhost:0", "Valid, but perhaps not this server."),
    _valid(12, "A Host with an empty port", "localhost:", "Valid, but perhaps not this server."),
    Case(
        "3.13",
        "An Origin that is the server's own",
        "RFC 6455 4.2.1",
        "Browsers send it always.",
        Level.TAKE,
        OPENS,
        request(also=["Origin: {scheme}://{host}"]),
    ),
    Case(
        "3.14",
        "A foreign Origin",
        "RFC 6455 4.2.2, 10.2",
        "A server that takes not everybody should answer 403.",
        Level.MAY,
        OPENS_OR_FORBIDS,
        request(also=["Origin: https://other.example"]),
    ),
    Case(
        "3.15",
        "The Origin null",
        "RFC 6455 4.2.2, RFC 6454 7.3",
        "A page opened from a file; who does not take it should answer 403.",
        Level.MAY,
        OPENS_OR_FORBIDS,
        request(also=["Origin: null"]),
    ),
)
