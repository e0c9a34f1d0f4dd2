# SPDX-License-Identifier: MIT
"""Sec-WebSocket-Protocol: what is chosen was offered, or nothing is."""

from _testsuite.handshake.case import Case, Level, Values, request
from _testsuite.handshake.judging import Right
from _testsuite.handshake.rights import EITHER, OPENS, opens_with, refuses

_NAME = "Sec-WebSocket-Protocol"
_CHOICE = "The server chooses one of those that were offered, as it is written, or none."
_TOKENS = (
    "A list of tokens. A server that finds a handshake's grammar broken answers an HTTP error; "
    "but one that speaks no subprotocol need not look, so this is no must."
)


def _case(number: int, title: str, value: Values, level: Level, says: str = _CHOICE) -> Case:
    right: Right = {Level.MAY: EITHER, Level.SHOULD: refuses()}.get(level, OPENS)
    rfc = "RFC 6455 4.2.2" if right is OPENS else "RFC 6455 4.2.1, 4.3"
    return Case(f"8.{number}", title, rfc, says, level, right, request(instead={_NAME: value}))


CASES = (
    _case(1, "One", "chat", Level.TAKE),
    _case(2, "Several", "chat, superchat", Level.TAKE),
    _case(3, "Several lines", ("chat", "superchat, v1"), Level.TAKE),
    _case(4, "Two that differ in their case", "Chat, chat", Level.TAKE),
    _case(5, "A hundred", ", ".join(f"v{n}.example" for n in range(100)), Level.TAKE),
    Case(
        "8.6",
        "Several: the lines of the answer",
        "RFC 6455 11.3.4",
        "An answer has one such line at most, with one name.",
        Level.MUST,
        opens_with(
            "names one at most, in one line",
            "names more than one",
            lambda head: head.values(_NAME.lower()) in ([], ["chat"], ["superchat"]),
        ),
        request(instead={_NAME: "chat, superchat"}),
    ),
    Case(
        "8.7",
        "Empty members",
        "RFC 9110 5.6.1.2",
        "A recipient ignores a reasonable number of them.",
        Level.MUST,
        OPENS,
        request(instead={_NAME: ", chat,,"}),
    ),
    _case(
        8,
        "The same twice",
        "chat, chat",
        Level.MAY,
        "The client's names are all different; a server may care, or not.",
    ),
    _case(
        9,
        "An empty value",
        "",
        Level.MAY,
        "The grammar has one name at least; but it asks for nothing, and recipients bear with "
        "empty members.",
    ),
    _case(10, "Two words", "two words", Level.SHOULD, _TOKENS),
    _case(11, "A name that is no token", "chat(1)", Level.SHOULD, _TOKENS),
    _case(12, "A name in quotes", '"chat"', Level.SHOULD, _TOKENS),
)
