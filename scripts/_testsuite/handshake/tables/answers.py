# SPDX-License-Identifier: MIT
"""The answer to a good request."""

from _testsuite.handshake.case import Case, Level, request
from _testsuite.handshake.rights import OPENS, opens_with

_OTHER_KEY = "+/+/+/+/+/+/+/+/+/+/+w=="

CASES = (
    Case(
        "1.1",
        "A good request",
        "RFC 6455 4.2.2",
        "101, with Upgrade, Connection and the Accept that belongs to the key.",
        Level.TAKE,
        OPENS,
    ),
    Case(
        "1.2",
        "A key with + and / in it",
        "RFC 6455 4.2.2",
        "Accept is made from the key as it is written, whatever that is in base64.",
        Level.MUST,
        OPENS,
        request(instead={"Sec-WebSocket-Key": _OTHER_KEY}),
    ),
    Case(
        "1.3",
        "A good request: the length of the answer",
        "RFC 9110 8.6, RFC 9112 6.1",
        "A 1xx has neither Content-Length nor Transfer-Encoding: it ends with its head.",
        Level.MUST,
        opens_with(
            "has neither Content-Length nor Transfer-Encoding",
            "with a length of content",
            lambda head: not (head.values("content-length") or head.values("transfer-encoding")),
        ),
    ),
    Case(
        "1.4",
        "A good request: the status line",
        "RFC 9112 4",
        "The space behind the status is sent even where no reason follows it.",
        Level.MUST,
        opens_with(
            "has a space behind 101", "no space stands behind 101", lambda head: head.has_space
        ),
    ),
    Case(
        "1.5",
        "A good request: the lines of the answer",
        "RFC 9110 2.2, RFC 9112 5",
        "A sender generates nothing that the grammar does not have.",
        Level.MUST,
        opens_with(
            "each line is a header field",
            "a line of the answer is no header field",
            lambda head: head.is_well_formed,
        ),
    ),
    Case(
        "1.6",
        "A good request: Sec-WebSocket-Accept",
        "RFC 6455 11.3.3",
        "It stands in an answer once.",
        Level.MUST,
        opens_with(
            "has it once",
            "Sec-WebSocket-Accept does not stand once",
            lambda head: len(head.values("sec-websocket-accept")) == 1,
        ),
    ),
    Case(
        "1.7",
        "No subprotocol is offered",
        "RFC 6455 4.2.2",
        "Without an offer there is nothing to choose, and a client has to fail what is.",
        Level.MUST,
        opens_with(
            "chooses none",
            "chooses a subprotocol",
            lambda head: not head.values("sec-websocket-protocol"),
        ),
    ),
    Case(
        "1.8",
        "No extension is offered",
        "RFC 6455 4.1, 9.1",
        "Only what was offered can be in use.",
        Level.MUST,
        opens_with(
            "uses none",
            "names an extension",
            lambda head: not head.values("sec-websocket-extensions"),
        ),
    ),
)
