# SPDX-License-Identifier: MIT
"""Sec-WebSocket-Version and Sec-WebSocket-Key."""

from _testsuite.handshake.case import KEY, Case, Level, Values, request
from _testsuite.handshake.judging import Right
from _testsuite.handshake.rights import EITHER, NAMES_VERSION, OPENS, refuses, refuses_with

_VERSION = "Sec-WebSocket-Version"
_ONLY_13 = "The version is 13; for what does not match there is an HTTP error."
_GRAMMAR = "A version is one number up to 255, without leading zeros. Else: an HTTP error."
_16 = "Base64 of 16 octets; but a server need not decode it (4.2.2), so this is no must."


def _version(number: int, title: str, value: Values, says: str = _GRAMMAR) -> Case:
    changed = request(instead={_VERSION: value})
    return Case(f"5.{number}", title, "RFC 6455 4.2.1, 4.3", says, Level.MUST, refuses(), changed)


def _key(number: int, title: str, value: Values, level: Level, says: str = _16) -> Case:
    changed = request(instead={"Sec-WebSocket-Key": value})
    right: Right = EITHER if level is Level.MAY else OPENS if level is Level.TAKE else refuses()
    return Case(f"6.{number}", title, "RFC 6455 4.2.1", says, level, right, changed)


VERSIONS = (
    _version(1, "No version", None, _ONLY_13),
    _version(2, "Version 12", "12", "A number that was reserved and is never used (11.6)."),
    _version(3, "Version 14", "14", _ONLY_13),
    _version(4, "Version 256", "256"),
    _version(5, "Version 013", "013"),
    _version(6, "Version +13", "+13"),
    _version(7, "Version 1_3", "1_3"),
    _version(8, "Version 13.0", "13.0"),
    _version(9, "An empty version", ""),
    _version(10, "The list 13, 8", "13, 8"),
    _version(11, "Two lines, 13 and 8", ("13", "8")),
    Case(
        "5.12",
        "Two lines, 13 and 13",
        "RFC 6455 11.3.5",
        "It stands in a request once; that is the client's must.",
        Level.SHOULD,
        refuses(),
        request(instead={_VERSION: ("13", "13")}),
    ),
    Case(
        "5.13",
        "13 with spaces and a tab around it",
        "RFC 9110 5.5",
        "White space around a value is no part of it.",
        Level.TAKE,
        OPENS,
        request(instead={_VERSION: "  \t13 \t "}),
    ),
    Case(
        "5.14",
        "Version 14: which would do",
        "RFC 6455 4.2.2, 4.4",
        "An error for a version that is not known names those that are.",
        Level.MUST,
        NAMES_VERSION,
        request(instead={_VERSION: "14"}),
    ),
    Case(
        "5.15",
        "Version 14: Upgrade in a 426",
        "RFC 9110 15.5.22",
        "A 426 says by Upgrade to what.",
        Level.MUST,
        refuses_with(426, "Upgrade", "websocket"),
        request(instead={_VERSION: "14"}),
    ),
    Case(
        "5.16",
        "Version 8",
        "RFC 6455 4.4",
        "That of a draft with the same frames, which some servers still speak.",
        Level.MAY,
        EITHER,
        request(instead={_VERSION: "8"}),
    ),
)

KEYS = (
    _key(1, "No key", None, Level.MUST, "Without a key it is no handshake: an HTTP error."),
    _key(2, "An empty key", "", Level.MUST, "The grammar has it not empty. Else: an HTTP error."),
    _key(3, "8 octets", "c2hvcnRrZXk=", Level.SHOULD),
    _key(4, "15 octets", "dGhlIHNhbXBsZSBub25j", Level.SHOULD),
    _key(5, "17 octets", "dGhlIHNhbXBsZSBub25jZTE=", Level.SHOULD),
    _key(6, "750 octets", "dGhl" * 250, Level.SHOULD),
    _key(7, "What is no base64", "!dGhlIHNhbXBsZSBub25jZ!!", Level.SHOULD),
    _key(8, "The alphabet of URLs", "-_-_-_-_-_-_-_-_-_-_-w==", Level.SHOULD),
    _key(9, "No padding", "dGhlIHNhbXBsZSBub25jZQ", Level.SHOULD),
    _key(10, "A space within", "dGhlIHNhbXBs ZSBub25jZQ==", Level.SHOULD),
    _key(
        11,
        "Trailing bits that are not 0",
        "dGhlIHNhbXBsZSBub25jZR==",
        Level.MAY,
        "A decoder may refuse them (RFC 4648 3.5), and a server need not decode.",
    ),
    _key(
        12,
        "Two lines, the same key",
        (KEY, KEY),
        Level.SHOULD,
        "It stands in a request once (11.3.1); that is the client's must.",
    ),
    _key(
        13,
        "Two different keys",
        (KEY, "AAAAAAAAAAAAAAAAAAAAAA=="),
        Level.MUST,
        "One key, or the answer proves nothing: two values are none of the grammar's.",
    ),
    _key(
        14,
        "White space around the key",
        f"  \t{KEY}\t ",
        Level.TAKE,
        "Accept is made from the key without it (4.2.2).",
    ),
    _key(15, "16 octets of 0", "AAAAAAAAAAAAAAAAAAAAAA==", Level.TAKE, "Any 16 octets are a key."),
)

CASES = (*VERSIONS, *KEYS)
