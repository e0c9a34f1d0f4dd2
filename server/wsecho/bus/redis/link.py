# SPDX-License-Identifier: MIT
"""The one connection to Redis that a process has, made again whenever it goes."""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    UNIXClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from wsecho.bus.redis.connection import Connection
from wsecho.bus.redis.errors import LateError, LostError, RedisError, RefusedError
from wsecho.bus.redis.greeting import greet
from wsecho.bus.redis.sentinels import NoMasterError, ask_for_master
from wsecho.core.errors import BusTimeout, BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Protocol

    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from wsecho.bus.redis.address import Address
    from wsecho.bus.redis.greeting import Server
    from wsecho.bus.redis.measures import Measures

    class Owner(Protocol):
        """Whom the connection is for."""

        def came_up(self, server: Server) -> None:
            """Commands are taken from now on."""

        def went_down(self) -> None:
            """They are not any more."""

        def pushed(self, push: list[Any]) -> None:
            """Something came unasked."""


R = TypeVar("R")

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 2.0
"""Seconds between two attempts to connect, about."""

# Many nodes must not come back together; nobody has to be kept from guessing when.
_RANDOM: Final = Random()  # noqa: S311


class Standing(Enum):
    """What the link is about."""

    STOPPED = "stopped"
    STARTING = "starting"
    """The first attempt is under way, and commands wait for it."""
    CONNECTING = "connecting"
    UP = "up"


class Link:
    """Keeps a connection.

    Args:
        address: where Redis is.
        name: what operators see in `CLIENT LIST`.
        reactor: Twisted's.
        timeout: seconds that a command, and connecting, may take.
        owner: whom it is for.
        measures: counts.
    """

    _log = Logger()

    def __init__(
        self,
        address: Address,
        name: str,
        reactor: Any,
        timeout: float,
        owner: Owner,
        measures: Measures,
    ) -> None:
        self._address = address
        self._name = name
        self._reactor = reactor
        self._timeout = timeout
        self._owner = owner
        self._measures = measures
        self.standing = Standing.STOPPED
        self._connection: Connection | None = None
        self._attempt: Deferred[Any] | None = None
        self._next: IDelayedCall | None = None
        self._failed = 0
        self._complaint = ""
        self._waiting: list[Deferred[None]] = []

    def start(self) -> None:
        """Begin to connect."""
        self.standing = Standing.STARTING
        self._try()

    def stop(self) -> None:
        """Let go of the connection; the owner is not told."""
        self.standing = Standing.STOPPED
        if self._next is not None and self._next.active():
            self._next.cancel()
        if self._attempt is not None:
            self._attempt.cancel()
        if self._connection is not None:
            self._connection.leave()

    def cut(self) -> None:
        """Doubt the connection, and make it anew."""
        if self._connection is not None:
            self._connection.cut()

    def check(self) -> None:
        """See to it that a command would be taken.

        Raises:
            BusUnavailable: Redis is away.
        """
        if self.standing not in {Standing.UP, Standing.STARTING}:
            raise BusUnavailable

    def ask(self, *words: bytes | str) -> Deferred[Any]:
        """Send a command; its reply comes, or `BusTimeout`, `BusUnavailable`, or Redis's refusal.

        Raises:
            BusUnavailable: Redis is away; nothing was sent.
        """
        self.check()
        if self._connection is None:
            started: Deferred[None] = Deferred()
            self._waiting.append(started)
            return started.addCallback(lambda _: self.ask(*words))
        return self._connection.ask(*words).addErrback(self._translate)

    def tell(self, *words: bytes | str) -> None:
        """Send a command that is answered by a push, if Redis is there."""
        if self.standing is Standing.UP and self._connection is not None:
            self._connection.tell(*words)

    def _translate(self, failure: Failure) -> Any:
        if failure.check(LateError):
            self._measures.timeouts += 1
            raise BusTimeout
        if failure.check(LostError):
            raise BusTimeout
        refused = failure.value
        if isinstance(refused, RefusedError):
            self._measures.refused += 1
            if refused.code in {"READONLY", "LOADING", "MASTERDOWN", "NOPERM", "NOAUTH"}:
                # Another may be the master by now, or it will take some time.
                self.cut()
        return failure

    # -- connecting

    def _try(self) -> None:
        self._next = None
        self._attempt = Deferred.fromCoroutine(self._connect())
        self._attempt.addCallbacks(self._came_up, self._did_not_come_up)

    async def _connect(self) -> tuple[Connection, Server]:
        host = None
        if self._address.master:
            host = await self._find_master()
        elif self._address.hosts:
            host = self._address.hosts[0]
        connection = await self._open(host, self._pushed, self._lost)
        try:
            return connection, await _converse(connection, greet(self._address, self._name))
        except BaseException:
            connection.cut()
            raise

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
        raise RedisError(f"no sentinel leads to {self._address.master}")

    async def _open(
        self, host: tuple[str, int] | None, pushed: Callable[..., None], lost: Callable[..., None]
    ) -> Connection:
        connection = Connection(
            self._reactor, self._timeout, pushed, lambda: lost(connection), self._measures.time
        )
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

    def _came_up(self, made: tuple[Connection, Server]) -> None:
        self._attempt = None
        connection, server = made
        if not connection.is_open:
            self._retry()
            return
        self._connection = connection
        self.standing, self._failed, self._complaint = Standing.UP, 0, ""
        self._measures.connects += 1
        self._log.info(
            "connected to {address}, version {version}",
            address=str(self._address),
            version=server.version,
        )
        self._owner.came_up(server)
        self._go_on()

    def _did_not_come_up(self, failure: Failure) -> None:
        self._attempt = None
        if failure.check(CancelledError) or self.standing is Standing.STOPPED:
            return
        # Once for each reason, not at each attempt.
        complaint = str(failure.value) or type(failure.value).__name__
        if complaint != self._complaint:
            self._complaint = complaint
            self._log.warn(
                "{address} cannot be used: {reason}", address=str(self._address), reason=complaint
            )
        if self.standing is Standing.STARTING:
            self.standing = Standing.CONNECTING
            self._owner.went_down()
            self._go_on()
        self._retry()

    def _go_on(self) -> None:
        """Let the commands go on, or be refused, that waited for the first attempt."""
        waiting, self._waiting = self._waiting, []
        for started in waiting:
            started.callback(None)

    def _lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        if self.standing is Standing.STOPPED:
            return
        self.standing = Standing.CONNECTING
        self._log.warn("the connection to {address} is lost", address=str(self._address))
        self._owner.went_down()
        self._retry()

    def _retry(self) -> None:
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self._failed, 10))
        self._failed += 1
        self._next = self._reactor.callLater(delay * _RANDOM.uniform(0.5, 1.0), self._try)

    def _pushed(self, push: list[Any]) -> None:
        self._owner.pushed(push)


class _Factory(Factory):
    """Hands out the one protocol, and says nothing of itself in the log."""

    noisy = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def buildProtocol(self, addr: object) -> Connection:
        """Hand it out."""
        return self._connection


async def _converse(connection: Connection, greeting: Generator[tuple[Any, ...], Any, R]) -> R:
    command = next(greeting)
    while True:
        try:
            reply = await connection.ask(*command)
        except RefusedError as error:
            reply = error
        try:
            command = greeting.send(reply)
        except StopIteration as end:
            return cast("R", end.value)


def _ignore(*_: Any) -> None:
    """A sentinel is asked once, and says nothing unasked."""
