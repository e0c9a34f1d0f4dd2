# SPDX-License-Identifier: MIT
"""Connection and Upgrade, both of them lists."""

from _testsuite.handshake.case import Case, Level, Values, request
from _testsuite.handshake.judging import Right
from _testsuite.handshake.rights import EITHER, OPENS, STAYS_HTTP

_OPTION = "Connection lists the token Upgrade, in any case, among others."
_NAME = "Upgrade lists websocket, in any case, among others."
_NOT = "A server must not switch to what the request does not ask for; plain HTTP may go on."


def _connection(number: int, title: str, value: Values, level: Level, right: Right) -> Case:
    says = _OPTION if right is OPENS else f"{_OPTION} Else it is no handshake."
    changed = request(instead={"Connection": value})
    return Case(f"4.{number}", title, "RFC 6455 4.2.1", says, level, right, changed)


def _upgrade(number: int, title: str, value: Values, level: Level, right: Right) -> Case:
    says = _NOT
    if right is OPENS:
        says = _NAME if level is Level.TAKE else f"{_NAME} It is legal, though nobody sends it."
    rfc = "RFC 6455 4.2.1" if right is OPENS else "RFC 9110 7.8"
    return Case(f"4.{number}", title, rfc, says, level, right, request(instead={"Upgrade": value}))


CASES = (
    _connection(1, "Connection: keep-alive, Upgrade", "keep-alive, Upgrade", Level.TAKE, OPENS),
    _connection(2, "Connection: uPgRaDe", "uPgRaDe", Level.TAKE, OPENS),
    _connection(3, "Two lines of Connection", ("keep-alive", "Upgrade"), Level.TAKE, OPENS),
    _connection(4, "No Connection", None, Level.MUST, STAYS_HTTP),
    _connection(5, "Connection: upgraded", "upgraded", Level.MUST, STAYS_HTTP),
    _connection(
        6, "Connection: keep-alive; Upgrade", "keep-alive; Upgrade", Level.MUST, STAYS_HTTP
    ),
    _connection(7, "Connection: keep-alive", "keep-alive", Level.MUST, STAYS_HTTP),
    Case(
        "4.8",
        "Connection: close, Upgrade",
        "RFC 9112 9.6",
        "The connection ends behind the final answer, which a 101 is not; they fit badly.",
        Level.MAY,
        EITHER,
        request(instead={"Connection": "close, Upgrade"}),
    ),
    Case(
        "4.9",
        "Connection with empty members",
        "RFC 9110 5.6.1.2",
        "A recipient ignores a reasonable number of them.",
        Level.MUST,
        OPENS,
        request(instead={"Connection": ", Upgrade,,"}),
    ),
    _upgrade(10, "Upgrade: WebSocket", "WebSocket", Level.TAKE, OPENS),
    _upgrade(11, "Upgrade: websocket, h2c", "websocket, h2c", Level.SHOULD, OPENS),
    _upgrade(12, "Upgrade: h2c, websocket", "h2c, websocket", Level.SHOULD, OPENS),
    _upgrade(13, "Two lines of Upgrade", ("h2c", "websocket"), Level.SHOULD, OPENS),
    _upgrade(14, "No Upgrade", None, Level.MUST, STAYS_HTTP),
    _upgrade(15, "Upgrade: websockets", "websockets", Level.MUST, STAYS_HTTP),
    _upgrade(16, "Upgrade: h2c", "h2c", Level.MUST, STAYS_HTTP),
    Case(
        "4.17",
        "Upgrade: websocket/13",
        "RFC 9110 7.8",
        "A name may have a version behind it; RFC 6455 knows it without.",
        Level.MAY,
        EITHER,
        request(instead={"Upgrade": "websocket/13"}),
    ),
)
