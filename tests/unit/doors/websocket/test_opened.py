# SPDX-License-Identifier: MIT
"""A WebSocket that begins open is as one that Autobahn opened by itself."""

from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from twisted.internet.task import Clock

from tests.unit.doors.harness import Server, Wire, masked
from wsecho.config.config import Config
from wsecho.core.websocket.deflate import Agreement
from wsecho.doors.websocket.connection import WebSocketFactory
from wsecho.doors.websocket.opened import OF_ONE, REQUEST, Agreed, OpenedProtocol, opened_class

KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
# Autobahn's own way leaves a timer, which is compared by its time, and the extensions in use,
# which are compared by what they are called.
NOT_ALIKE = {"autoPingPendingCall", "websocket_extensions_in_use", "_perMessageCompress"}


def accept(offers: list[PerMessageDeflateOffer]) -> PerMessageDeflateOfferAccept:
    """Accept an offer, and ask the client for a small window."""
    bits = 10 if offers[0].accept_max_window_bits else 0
    return PerMessageDeflateOfferAccept(offers[0], request_max_window_bits=bits, mem_level=5)


class Theirs(WebSocketServerProtocol):
    """Opened by Autobahn."""

    perMessageCompressionAccept = staticmethod(accept)

    def onConnect(self, request: Any) -> Any:
        """Choose the first subprotocol, and add a header."""
        return (request.protocols or [None])[0], {"X-Room": "a"}

    def onOpen(self) -> None:
        """Be heard at the right moment."""
        self.sendMessage(b"open")


class Ours(OpenedProtocol):
    """Opened by ourselves."""

    def onOpen(self) -> None:
        """Be heard at the right moment."""
        codec = self._perMessageCompress
        if codec is None:
            self.sendMessage(b"open")
        else:
            self.sendData(codec.frame(b"open", is_binary=False))


def make_factory(clock: Clock, ping: float = 5) -> WebSocketFactory:
    """The factory with some options of its own."""
    return Server(Config(auto_ping=ping, max_message_size=4321), clock=clock).websockets


def open_theirs(factory: WebSocketServerFactory, **fields: str) -> tuple[Theirs, Wire]:
    """Open one by Autobahn's own means."""
    theirs, wire = Theirs(), Wire()
    theirs.factory = factory
    theirs.makeConnection(wire)
    lines = "".join(f"{n.replace('_', '-')}: {v}\r\n" for n, v in fields.items())
    theirs.dataReceived(REQUEST.removesuffix(b"\r\n") + lines.encode() + b"\r\n")
    return theirs, wire


def open_ours(factory: WebSocketServerFactory, agreed: Agreed) -> tuple[Ours, Wire]:
    """Open one by ours."""
    ours, wire = opened_class(Ours, factory)(), Wire()
    ours.factory = factory
    ours.makeConnection(wire)
    ours.begin(agreed)
    return ours, wire


def attributes(protocol: Any, names: Any) -> dict[str, Any]:
    """Attributes by name, those that are objects without an equal by their kind."""
    values = {name: getattr(protocol, name, "(missing)") for name in names}
    plain = (int, str, bytes, float, list, tuple, dict, type(None))
    return {
        name: value if isinstance(value, plain) else type(value).__name__
        for name, value in values.items()
    }


OFFER = (
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; "
    "client_max_window_bits"
)
AGREED = {
    "nothing": ({}, Agreed(KEY, None, {"X-Room": "a"}, None)),
    "a subprotocol": (
        {"Sec_WebSocket_Protocol": "one, two"},
        Agreed(KEY, "one", {"X-Room": "a"}, None),
    ),
    "compression": (
        {"Sec_WebSocket_Extensions": OFFER},
        Agreed(
            KEY,
            None,
            {"X-Room": "a"},
            Agreement(
                server_no_context_takeover=True,
                client_no_context_takeover=False,
                server_window=12,
                client_window=10,
            ),
        ),
    ),
}


@pytest.mark.parametrize("what", AGREED)
def test_the_state_is_what_autobahn_leaves_behind(what: str) -> None:
    """Every attribute but the request's; an Autobahn that sets one more is noticed here."""
    fields, agreed = AGREED[what]
    clock = Clock()
    factory = make_factory(clock)
    theirs, _ = open_theirs(factory, **fields)
    ours, _ = open_ours(factory, agreed)
    names = set(vars(theirs)) - OF_ONE - NOT_ALIKE - {"send_queue"}
    assert attributes(ours, names) == attributes(theirs, names)
    assert ours.autoPingPendingCall is not None
    extension = theirs._perMessageCompress
    if extension is None:
        assert ours._perMessageCompress is None
    else:
        assert ours._perMessageCompress.EXTENSION_NAME == extension.EXTENSION_NAME


@pytest.mark.parametrize("what", AGREED)
def test_the_answer_is_autobahns_to_the_byte(what: str) -> None:
    """With what `onOpen` sends right behind it."""
    fields, agreed = AGREED[what]
    factory = make_factory(Clock())
    _, theirs = open_theirs(factory, **fields)
    _, ours = open_ours(factory, agreed)
    assert ours.value() == theirs.value()
    assert ours.value().startswith(b"HTTP/1.1 101 ")


def test_a_connection_keeps_little_of_its_own() -> None:
    """What all have in common is their class's."""
    server = Server(Config(auto_ping=0))
    server.open("/echo")
    [connection] = server.websockets.connections
    alike = set(vars(connection)) - {"factory", "transport", "connected", "state"}
    assert not any(hasattr(WebSocketServerProtocol, name) for name in alike)
    assert len(vars(connection)) < 16


def test_two_connections_share_nothing_that_changes() -> None:
    """What one receives or sends in pieces stays its own."""
    server = Server(Config(auto_ping=0))
    one, other = server.open("/echo"), server.open("/echo")
    one.raw(masked(1, b"ab", fin=False))
    other.raw(masked(1, b"cd", fin=False))
    one.raw(masked(0, b"1"))
    other.raw(masked(0, b"2"))
    assert (one.texts(), other.texts()) == (["ab1"], ["cd2"])
    other.raw(masked(1, b"\xff", fin=False))
    assert other.close_code == 1007
    one.text("still here")
    assert one.texts() == ["still here"]


def test_pings_begin_with_the_connection() -> None:
    """As often as the options say."""
    clock = Clock()
    factory = make_factory(clock, ping=5)
    _, wire = open_ours(factory, Agreed(KEY, None, {}, None))
    wire.clear()
    clock.pump([1] * 4)
    assert wire.value() == b""
    clock.pump([1] * 2)
    assert wire.value()[:1] == b"\x89"


def test_making_the_class_leaves_nothing_behind() -> None:
    """No timer, and no connection that is counted."""
    clock = Clock()
    factory = make_factory(clock)
    assert clock.getDelayedCalls() == []
    assert factory.countConnections == 0


def test_connections_are_counted_while_they_are_open() -> None:
    """As Autobahn counts them."""
    server = Server(Config(auto_ping=0))
    client = server.open("/echo")
    assert server.websockets.countConnections == 1
    client.peer.lose()
    assert server.websockets.countConnections == 0
