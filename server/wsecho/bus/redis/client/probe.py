# SPDX-License-Identifier: MIT
"""Whether Redis will do, asked before the server starts: in its log nobody would look for that."""

from __future__ import annotations

import socket
import ssl
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import hiredis

from wsecho.bus.redis.client.connection import encode_command, is_message, make_reader, replies
from wsecho.bus.redis.client.errors import LateError, LostError, RedisError, RedisRefusedError
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.reaching import describe_error, reach

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.greeting import ServerInfo
    from wsecho.bus.redis.client.reaching import Place

R = TypeVar("R")

PATIENCE: Final = 5.0
"""Seconds that each step may take."""


def probe(address: RedisAddress, prefix: str) -> ServerInfo:
    """Greet Redis on a connection of its own, and leave.

    Args:
        address: where it is.
        prefix: begins the name of all that is written there.

    Raises:
        RedisError: it cannot be reached, or will not do.
    """

    async def connect(place: Place) -> _Line:
        return _Line(_open(address, place))

    keys, name = Keys(prefix, address.database), f"wsecho-{token_urlsafe(9)}"
    try:
        line, server = _finish(reach(address, name, keys, connect))
    except hiredis.ProtocolError:
        raise RedisError("is no Redis") from None
    except ssl.SSLCertVerificationError as error:
        raise RedisError(f"has a certificate that does not hold: {error.verify_message}") from None
    except (OSError, LostError) as error:
        raise RedisError(f"cannot be reached: {describe_error(error)}") from None
    line.cut()
    return server


def _finish(steps: Coroutine[Any, Any, R]) -> R:
    """Run what blocks where it would have to wait: it ends in its first step."""
    try:
        while True:
            steps.send(None)
    except StopIteration as end:
        return cast("R", end.value)


class _Line:
    """A connection that blocks."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._reader = make_reader()

    async def ask(self, *words: bytes | str) -> Any:
        self._line.sendall(encode_command(*words))
        reply = self._read()
        if isinstance(reply, RedisRefusedError):
            raise reply
        return reply

    def cut(self) -> None:
        self._line.close()

    def _read(self) -> Any:
        while True:
            try:
                data = self._line.recv(1 << 16)
            except TimeoutError:
                raise LateError from None
            if not data:
                raise LostError
            self._reader.feed(data)
            for reply in replies(self._reader):
                if not is_message(reply):
                    return reply


def _open(address: RedisAddress, place: Place) -> socket.socket:
    if place is not None:
        line = socket.create_connection(place, PATIENCE)
        return _encrypt(line, place[0]) if address.is_tls else line
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(PATIENCE)
        line.connect(address.path)
    except BaseException:
        line.close()
        raise
    return line


def _encrypt(line: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise
