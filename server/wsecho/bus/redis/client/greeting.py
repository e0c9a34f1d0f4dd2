# SPDX-License-Identifier: MIT
"""The first words on a connection to Redis, for whoever speaks them: a reactor or a plain socket.

Sans-I/O: a generator that yields commands and is sent their replies, errors included as values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from wsecho.bus.redis.client.errors import RedisError, RedisRefusedError, advice
from wsecho.bus.redis.client.rights import try_all
from wsecho.bus.redis.client.scripts import ALL

if TYPE_CHECKING:
    from collections.abc import Generator

    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.keys import Keys

    Greeting: TypeAlias = Generator[tuple[Any, ...], Any, "ServerInfo"]
    """Yields commands, is sent replies, and returns who answered."""

OLDEST: Final = (6, 2)
"""The first version that has every command that is used."""

_VERSION: Final = re.compile(r"^redis_version:(\d+)\.(\d+)\S*", re.MULTILINE)
_RUN: Final = re.compile(r"^run_id:(\w+)", re.MULTILINE)


@frozen
class ServerInfo:
    """A Redis that has answered.

    Attributes:
        version: as it says.
        run: a word that is another after each start.
    """

    version: str
    run: str


def greet(address: RedisAddress, name: str, keys: Keys) -> Greeting:
    """Sign in, choose the database, leave the scripts there, and see that all of it will do.

    Args:
        address: where, and as whom.
        name: what operators see in `CLIENT LIST`.
        keys: names what is written.

    Raises:
        RedisError: it will not do.
    """
    login = () if address.password is None else ("AUTH", address.user, address.password)
    reply = yield ("HELLO", "3", *login, "SETNAME", name)
    _check_hello(reply)
    if address.database:
        reply = yield ("SELECT", str(address.database))
        if isinstance(reply, RedisRefusedError):
            raise RedisError(f"has no database {address.database} for us: {reply}")
    reply = yield ("INFO", "server")
    if isinstance(reply, RedisRefusedError):
        raise RedisError(f"may not be asked with INFO: {reply}; {advice(reply.code)}")
    server = _read_info(reply.decode("utf-8", "replace"))
    for script in ALL:
        reply = yield ("SCRIPT", "LOAD", script.source)
        if isinstance(reply, RedisRefusedError):
            raise RedisError(f"takes no scripts: {reply}; {advice(reply.code)}")
    yield from try_all(keys, keys.node(name))
    return server


def _check_hello(reply: Any) -> None:
    if not isinstance(reply, RedisRefusedError):
        return
    if reply.code in {"WRONGPASS", "NOAUTH"}:
        raise RedisError("refuses the user name or password")
    if reply.code == "NOPERM":
        raise RedisError(f"refuses HELLO; {advice(reply.code)}")
    text = str(reply)
    if reply.code == "LOADING":
        raise RedisError("is still reading its data", passes=True)
    if reply.code == "NOPROTO" or "unknown command" in text:
        raise RedisError(_too_old("it does not know HELLO 3"))
    if "without any password" in text:
        raise RedisError("has no password for this user, and was given one")
    # Its own words may repeat the command, and so the password.
    raise RedisError(f"refuses the greeting ({reply.code})")


def _read_info(text: str) -> ServerInfo:
    version, run = _VERSION.search(text), _RUN.search(text)
    if version is None or run is None:
        raise RedisError("does not say which version it is")
    if (int(version[1]), int(version[2])) < OLDEST:
        raise RedisError(_too_old(f"it is {version[0].partition(':')[2]}"))
    if "redis_mode:cluster" in text:
        raise RedisError("is a node of a Redis Cluster, which is not spoken to: give a single one")
    return ServerInfo(version[0].partition(":")[2], run[1])


def _too_old(what: str) -> str:
    return f"is too old: {what}, and {OLDEST[0]}.{OLDEST[1]} is needed (any Valkey will do)"
