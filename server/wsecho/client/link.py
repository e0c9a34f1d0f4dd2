# SPDX-License-Identifier: MIT
"""One WebSocket to a room, on the package `websockets`: opened, read, written, pinged."""

import asyncio
import ssl as tls
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import time
from typing import Any, Final, Literal

from attrs import define, field, frozen
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidHeader,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    SecurityError,
)
from websockets.typing import Subprotocol

from wsecho import __version__
from wsecho.client.errors import NotWsecho
from wsecho.client.protocol.frames import SUBPROTOCOL
from wsecho.client.protocol.refusals import Refusal, passing, refused_by_close, refused_by_http
from wsecho.client.retrying import read_retry_after
from wsecho.core.wire.errors import CloseCode

OPENING: Final = 10.0
"""Seconds that opening a connection may take."""

_CLOSING: Final = 2.0
_LOST: Final = 1006
"""Stands for an end without a Close frame (RFC 6455 section 7.1.5)."""

USER_AGENT: Final = f"wsecho/{__version__}"


@frozen
class Way:
    """How servers are reached.

    Attributes:
        ssl: whom to trust, None for whom the system trusts.
        proxy: True for those of the environment, None for none, or the URL of one.
        headers: further headers of each request.
        compression: `deflate` to offer permessage-deflate.
    """

    ssl: tls.SSLContext | None = None
    proxy: str | Literal[True] | None = True
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    compression: str | None = None

    def headers_with(self, token: str | None) -> dict[str, str]:
        """Return the headers of a request that shows a token."""
        if token is None:
            return dict(self.headers)
        return {**self.headers, "Authorization": f"Bearer {token}"}


class RefusedError(Exception):
    """A connection could not be opened.

    Args:
        refusal: why.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error.reason)
        self.refusal = refusal


class _Heard(ClientConnection):
    """Notes when octets came: in the middle of a large message no pong can come."""

    heard: float = 0.0

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)


@define(eq=False)
class Link:
    """An open connection."""

    _socket: _Heard
    _outgoing: deque[bytes] = field(factory=deque, init=False)
    _has_outgoing: asyncio.Event = field(factory=asyncio.Event, init=False)
    _unsent: int = field(default=0, init=False)
    _taken: float = field(default=0.0, init=False)
    _ping: "asyncio.Task[object] | None" = field(default=None, init=False)

    @classmethod
    async def open(cls, url: str, token: str | None, way: Way) -> "Link":
        """Open a connection that speaks `wsecho.v1`.

        Raises:
            RefusedError: it cannot be had.
        """
        tls_options: dict[str, Any] = {} if way.ssl is None else {"ssl": way.ssl}
        try:
            socket = await open_websocket(
                url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers=way.headers_with(token),
                user_agent_header=USER_AGENT,
                compression=way.compression,
                proxy=way.proxy,
                open_timeout=OPENING,
                close_timeout=_CLOSING,
                ping_interval=None,
                max_size=None,
                create_connection=_Heard,
                **tls_options,
            )
        except (OSError, InvalidHandshake, InvalidURI) as error:
            raise RefusedError(refused_by_error(error)) from error
        assert isinstance(socket, _Heard)  # noqa: S101  # as was asked for
        if socket.subprotocol != SUBPROTOCOL:
            socket.transport.abort()
            raise RefusedError(_no_wsecho("a WebSocket that does not speak wsecho.v1 answers"))
        return cls(socket)

    @property
    def heard(self) -> float:
        """When the other end last gave a sign of life, by the loop's clock.

        It did so, too, where it took of what waits to be sent since this was looked at last: no
        pong comes before the whole of a large message, and the ping behind it, went.
        """
        unsent = self._socket.transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._taken = asyncio.get_running_loop().time()
        self._unsent = unsent
        return max(self._socket.heard, self._taken)

    def send(self, frame: bytes) -> None:
        """Send a text frame, behind those before it."""
        self._outgoing.append(frame)
        self._has_outgoing.set()

    def ping(self) -> None:
        """Send a ping; the pong counts as heard."""
        if self._ping is None or self._ping.done():
            self._ping = asyncio.ensure_future(self._send_ping())

    async def _send_ping(self) -> None:
        with suppress(ConnectionClosed):
            await self._socket.ping()

    async def write(self) -> None:
        """Send what is to be sent, for ever; how fast, the other end says."""
        with suppress(ConnectionClosed):
            while True:
                await self._has_outgoing.wait()
                self._has_outgoing.clear()
                while self._outgoing:
                    await self._socket.send(self._outgoing.popleft(), text=True)

    @property
    def receive(self) -> Callable[[], Awaitable[str | bytes]]:
        """What waits for the next message; it raises `ConnectionClosed` at the end."""
        return self._socket.recv

    async def close(self) -> None:
        """Say goodbye, as far as the other end listens."""
        try:
            async with asyncio.timeout(_CLOSING):
                await self._socket.close()
        except TimeoutError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """End it at once."""
        if self._ping is not None:
            self._ping.cancel()
        self._socket.transport.abort()


def refused_by_end(error: ConnectionClosed) -> Refusal:
    """Read how an open connection ended."""
    if error.rcvd is not None:
        return refused_by_close(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None and error.sent.code != CloseCode.NORMAL:
        return refused_by_close(error.sent.code, error.sent.reason)
    return refused_by_close(_LOST, "")


def refused_by_error(error: Exception) -> Refusal:
    """Read why a connection could not be opened."""
    if isinstance(error, InvalidStatus):
        answer = error.response
        retry = read_retry_after(answer.headers.get("Retry-After"), time())
        return refused_by_http(answer.status_code, retry, bytes(answer.body or b""))
    for kinds, why in _FOR_EVER:
        if isinstance(error, kinds) and not isinstance(error, tls.SSLEOFError):
            return _no_wsecho(f"{why}: {error}")
    if isinstance(error, TimeoutError):
        return passing(f"nothing answered within {OPENING:.0f} s")
    return passing(str(error) or type(error).__name__)


_FOR_EVER: Final[Sequence[tuple[type[Exception] | tuple[type[Exception], ...], str]]] = (
    (tls.SSLCertVerificationError, "its certificate does not count"),
    (tls.SSLError, "it does not speak TLS as it should"),
    ((InvalidURI, SecurityError), "it redirects to where nobody may go"),
    ((InvalidHeader, NegotiationError), "it does not answer as a WebSocket of wsecho does"),
)
"""What waiting does not help against, where it was never otherwise."""


def _no_wsecho(reason: str) -> Refusal:
    return Refusal(NotWsecho(f"url: {reason}"), passes=False, is_ours=False)
