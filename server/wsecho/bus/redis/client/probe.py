# SPDX-License-Identifier: MIT
"""Whether Redis will do, asked before the server starts: in its log nobody would look for that."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator
from secrets import token_urlsafe
from typing import Any, Final, TypeVar, cast

import hiredis

from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.connection import encode_command, is_message, make_reader, replies
from wsecho.bus.redis.client.errors import RedisError
from wsecho.bus.redis.client.greeting import Server, greet
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.client.sentinels import NoMasterError, ask_for_master

R = TypeVar("R")

PATIENCE: Final = 5.0
"""Seconds that each step may take."""


def probe(address: RedisAddress, prefix: str) -> Server:
    """Greet Redis on a connection of its own, and leave.

    Args:
        address: where it is.
        prefix: begins the name of all that is written there.

    Raises:
        RedisError: it cannot be reached, or will not do.
    """
    try:
        if not address.master:
            return _greet(address, address.hosts[0] if address.hosts else None, prefix)
        return _greet(address, _master(address), prefix)
    except hiredis.ProtocolError:
        raise RedisError("is no Redis") from None
    except ssl.SSLCertVerificationError as error:
        raise RedisError(f"has a certificate that does not hold: {error.verify_message}") from None
    except OSError as error:
        raise RedisError(f"cannot be reached: {_words(error)}") from None


def _greet(address: RedisAddress, place: tuple[str, int] | None, prefix: str) -> Server:
    keys, name = Keys(prefix, address.database), f"wsecho-{token_urlsafe(9)}"
    with _connect(address, place) as line:
        return _converse(line, greet(address, name, keys))


def _master(address: RedisAddress) -> tuple[str, int]:
    complaints = []
    for place in address.hosts:
        try:
            with _connect(address, place) as line:
                return _converse(line, ask_for_master(address.master))
        except (OSError, NoMasterError) as error:
            complaints.append(f"{place[0]}:{place[1]} {_words(error)}")
    raise RedisError(f"no sentinel leads to {address.master}: {', '.join(complaints)}")


def _connect(address: RedisAddress, place: tuple[str, int] | None) -> socket.socket:
    if place is None:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        line.connect(address.path)
        return line
    line = socket.create_connection(place, PATIENCE)
    if address.is_tls:
        return ssl.create_default_context().wrap_socket(line, server_hostname=place[0])
    return line


def _converse(line: socket.socket, greeting: Generator[tuple[Any, ...], Any, R]) -> R:
    reader = make_reader()
    command = next(greeting)
    while True:
        line.sendall(encode_command(*command))
        found: list[Any] = []
        while not found:
            data = line.recv(1 << 16)
            if not data:
                raise OSError("it hung up")
            reader.feed(data)
            found = [reply for reply in replies(reader) if not is_message(reply)]
        try:
            command = greeting.send(found[0])
        except StopIteration as end:
            return cast("R", end.value)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:.0f} s"
    return getattr(error, "strerror", None) or str(error)
