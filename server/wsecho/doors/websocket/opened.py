# SPDX-License-Identifier: MIT
"""Autobahn's WebSocket protocol, begun in its open state: the opening handshake was ours.

Autobahn would parse once more a request that was found valid, and set some eighty attributes for
each connection, nearly all of them to what they are for every other; to do so, it writes out all
its options for a line of the log that nobody reads. That made up two thirds of a connection's
cost. Here Autobahn opens one WebSocket for each factory, with nobody at its other end, and what
that leaves behind is what the class of all others begins with.
"""

from functools import cached_property
from typing import Any, Final, TypeVar

import txaio
from attrs import frozen
from autobahn.twisted.util import create_transport_details
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.protocol import WebSocketProtocol
from autobahn.websocket.utf8validator import Utf8Validator

from wsecho.core.http.handshake import accepted
from wsecho.core.websocket.closeframes import read_close
from wsecho.core.websocket.compression import Codec
from wsecho.core.websocket.deflate import Agreement
from wsecho.lane.octets import apply_mask

# txaio puts its functions in place at run time.
_txaio: Any = txaio
QUIET: Final = _txaio.make_logger(level="critical")
"""A log for Autobahn's own lines, which would come beside ours."""

REQUEST: Final = (
    b"GET / HTTP/1.1\r\nHost: wsecho\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

OF_ONE: Final = frozenset(
    # Each connection's own, or made for the first who asks.
    {
        *("factory", "transport", "connected", "peer", "log"),
        *("is_open", "is_closed", "utf8validator", "_transport_details"),
        # The request, of which the doors have taken what they need, and the answer.
        *("http_request_data", "http_status_line", "http_headers", "http_response_data"),
        *("http_request_uri", "http_request_path", "http_request_params", "http_request_host"),
        *("websocket_protocols", "websocket_extensions", "websocket_origin", "_wskey"),
    }
)
"""The attributes of Autobahn's that are not those of every WebSocket that has just opened."""

_Kind = TypeVar("_Kind", bound="OpenedProtocol")


@frozen
class Agreed:
    """What the opening handshake has come to.

    Attributes:
        key: the request's `Sec-WebSocket-Key`.
        subprotocol: the one that is spoken, None for none.
        headers: further headers of the answer.
        deflate: how messages are compressed, None where they are not.
    """

    key: str
    subprotocol: str | None
    headers: dict[str, str]
    deflate: Agreement | None


class _Nobody:
    """Who waits for a WebSocket to open or close: the doors are told otherwise."""

    def callback(self, result: object) -> None:
        """Hear of it."""


class OpenedProtocol(WebSocketServerProtocol):
    """A server's WebSocket that `begin` opens. Its class is made by `opened_class`."""

    factory: Any
    transport: Any
    # A `Codec`, or None.
    _perMessageCompress: Any
    autoPingInterval: float
    log = QUIET
    # Only writes in pieces use it, of which there are none: nobody's bytes go into another's.
    send_queue: Any = ()
    # Deferreds elsewhere, with which a closed connection would be in a cycle.
    is_open = is_closed = _Nobody()

    def __init__(self) -> None:
        """Leave all that Autobahn would set to the class."""

    @cached_property
    def utf8validator(self) -> Any:  # type: ignore[override]  # it can be set, as before
        """What checks a text in pieces; most come in one."""
        return Utf8Validator()

    @cached_property
    def _transport_details(self) -> Any:  # type: ignore[override]
        return create_transport_details(self.transport, is_server=True)

    def connectionMade(self) -> None:
        """Wait for `begin`."""

    def begin(self, agreed: Agreed) -> None:
        """Answer the handshake and open, by the steps of Autobahn's `succeedHandshake`."""
        self.factory.countConnections += 1
        if agreed.subprotocol is not None:
            self.websocket_protocol_in_use = agreed.subprotocol
        extensions = None
        if agreed.deflate is not None:
            # What Autobahn asks of it is whether there is one, and what it is called.
            self._perMessageCompress = Codec(agreed.deflate)
            extensions = str(agreed.deflate)
        self.sendData(accepted(agreed.key, agreed.subprotocol, extensions, agreed.headers))
        if self.autoPingInterval:
            self.autoPingPendingCall = self.factory._batched_timer.call_later(  # noqa: SLF001
                self.autoPingInterval, self._sendAutoPing
            )
        self.onOpen()

    def processData(self) -> bool:
        """Read one frame more: a whole Close frame without the states of reading in pieces."""
        close = None
        if self.current_frame is None and not self.logFrames:
            close = read_close(self.data, apply_mask)
        if close is None:
            return bool(super().processData())
        self.data = self.data[close.length :]
        self.onCloseFrame(close.code, close.reason)
        return len(self.data) > 0

    def _connectionLost(self, reason: Any) -> None:
        # Past the server's own step, which writes out the failure for a line that is not logged.
        WebSocketProtocol._connectionLost(self, reason)  # noqa: SLF001
        self.factory.countConnections -= 1


def opened_class(kind: type[_Kind], factory: WebSocketServerFactory) -> type[_Kind]:
    """Make the class of a factory's WebSockets: each is open as soon as it is made.

    What Autobahn sets on each object while it opens, and is the same for all, stands in the class,
    as if somebody had written it down::

        class Opened(kind):
            state = WebSocketProtocol.STATE_OPEN
            inside_message = False
            maxMessagePayloadSize = 1048576
            …

    An object has an attribute of its own only once it differs.

    Args:
        kind: the class's base. What it defines itself stays as it is.
        factory: with all its options; later changes of them have no effect.
    """

    class Opened(kind):  # type: ignore[valid-type, misc]  # it is a class, known at run time
        pass

    ours = kind.__mro__[: kind.__mro__.index(WebSocketServerProtocol)]
    defined = {name for base in ours for name in vars(base)}
    for name, value in state_of_opened(factory).items():
        if name not in defined and name not in OF_ONE:
            setattr(Opened, name, value)
    Opened.__name__ = Opened.__qualname__ = kind.__name__
    return Opened


def state_of_opened(factory: WebSocketServerFactory) -> dict[str, Any]:
    """Return what Autobahn sets on a WebSocket that has just opened, its factory's options too.

    The surest way to know is to have Autobahn open one, with nobody at its other end.
    """
    protocol: Any = WebSocketServerProtocol()
    protocol.factory = factory
    protocol.log = QUIET
    # A timer would be left behind, too.
    protocol.autoPingInterval = 0
    protocol.makeConnection(_Nowhere())
    protocol.dataReceived(REQUEST)
    factory.countConnections -= 1
    options = {name: getattr(factory, name) for name in protocol.CONFIG_ATTRS}
    return {**vars(protocol), **options}


class _Nowhere:
    """A transport to nobody."""

    def write(self, data: bytes) -> None:
        """Forget it."""

    def getPeer(self) -> None:
        """Name nobody."""
