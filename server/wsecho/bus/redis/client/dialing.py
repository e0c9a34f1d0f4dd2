# SPDX-License-Identifier: MIT
"""Making a connection to a Redis that is greeted and will do, by way of sentinels or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory

from wsecho.bus.redis.client.connection import RedisConnection
from wsecho.bus.redis.client.errors import LostError, RedisError, RedisRefusedError
from wsecho.bus.redis.client.greeting import greet
from wsecho.bus.redis.client.sentinels import NoMasterError, ask_for_master

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.connection import Pushed
    from wsecho.bus.redis.client.greeting import Server
    from wsecho.bus.redis.client.keys import Keys

R = TypeVar("R")


class Dialer:
    """Makes connections.

    Args:
        address: where Redis is.
        name: what operators see in `CLIENT LIST`.
        reactor: Twisted's.
        timeout: seconds that a command, and connecting, may take.
        timed: told how many seconds each command took.
        keys: names what is written.
    """

    def __init__(
        self,
        address: RedisAddress,
        name: str,
        reactor: Any,
        timeout: float,
        timed: Callable[[float], None],
        keys: Keys,
    ) -> None:
        self._keys = keys
        self._address = address
        self._name = name
        self._reactor = reactor
        self._timeout = timeout
        self._timed = timed

    async def dial(
        self, pushed: Pushed, lost: Callable[[RedisConnection], None]
    ) -> tuple[RedisConnection, Server]:
        """Connect and greet.

        Args:
            pushed: takes what comes unasked.
            lost: told once, when the connection is gone.

        Raises:
            RedisError: it will not do.
            Exception: it cannot be reached.
        """
        host = None
        if self._address.master:
            host = await self._find_master()
        elif self._address.hosts:
            host = self._address.hosts[0]
        connection = await self._open(host, pushed, lost)
        try:
            return connection, await self._greet(connection)
        except BaseException:
            connection.cut()
            raise

    async def _greet(self, connection: RedisConnection) -> Server:
        return await _converse(connection, greet(self._address, self._name, self._keys))

    async def _find_master(self) -> tuple[str, int]:
        for host in self._address.hosts:
            try:
                connection = await self._open(host, _ignore, _ignore)
            except Exception:  # noqa: BLE001, S112  # whatever it is, the next one may do
                continue
            try:
                return await _converse(connection, ask_for_master(self._address.master))
            except (NoMasterError, LostError):
                continue
            finally:
                connection.cut()
        raise RedisError(f"no sentinel leads to {self._address.master}", passes=True)

    async def _open(
        self, host: tuple[str, int] | None, pushed: Pushed, lost: Callable[[RedisConnection], None]
    ) -> RedisConnection:
        connection = RedisConnection(self._reactor, self._timeout, pushed, lost, self._timed)
        await self._endpoint(host).connect(_Factory(connection))
        return connection

    def _endpoint(self, host: tuple[str, int] | None) -> Any:
        if host is None:
            return UNIXClientEndpoint(self._reactor, self._address.path, timeout=self._timeout)
        name, port = host
        endpoint = HostnameEndpoint(self._reactor, name.encode("idna"), port, timeout=self._timeout)
        if not self._address.is_tls:
            return endpoint
        from twisted.internet.ssl import optionsForClientTLS  # noqa: PLC0415  # only with TLS

        return wrapClientTLS(optionsForClientTLS(name), endpoint)


class _Factory(Factory):
    """Hands out the one protocol, and says nothing of itself in the log."""

    noisy = False

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def buildProtocol(self, addr: object) -> RedisConnection:
        """Hand it out."""
        return self._connection


async def _converse(connection: RedisConnection, greeting: Generator[tuple[Any, ...], Any, R]) -> R:
    command = next(greeting)
    while True:
        try:
            reply = await connection.ask(*command)
        except RedisRefusedError as error:
            reply = error
        try:
            command = greeting.send(reply)
        except StopIteration as end:
            return cast("R", end.value)


def _ignore(_: Any) -> None:
    """A sentinel is asked once, and says nothing unasked."""
