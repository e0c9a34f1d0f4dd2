# SPDX-License-Identifier: MIT
"""Making the connection to Redis that a process keeps, with the reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory

from wsecho.bus.redis.client.connection import RedisConnection
from wsecho.bus.redis.client.reaching import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.connection import Pushed
    from wsecho.bus.redis.client.greeting import ServerInfo
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.client.reaching import Place


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
    ) -> tuple[RedisConnection, ServerInfo]:
        """Connect and greet.

        Args:
            pushed: takes what comes unasked.
            lost: told once of each connection that was made on the way, when it is gone.

        Raises:
            RedisError: it will not do.
            Exception: it cannot be reached.
        """

        async def connect(place: Place) -> RedisConnection:
            connection = RedisConnection(self._reactor, self._timeout, pushed, lost, self._timed)
            await self._endpoint(place).connect(_Factory(connection))
            return connection

        return await reach(self._address, self._name, self._keys, connect)

    def _endpoint(self, place: Place) -> Any:
        if place is None:
            return UNIXClientEndpoint(self._reactor, self._address.path, timeout=self._timeout)
        name, port = place
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
