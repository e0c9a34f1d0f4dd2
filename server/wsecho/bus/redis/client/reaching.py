# SPDX-License-Identifier: MIT
"""The way to a Redis that will do: by way of sentinels or without, then the greeting.

It is written once, for whoever makes the connections: the reactor, or a plain socket that blocks,
whose coroutines never wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, cast

from twisted.internet.defer import CancelledError

from wsecho.bus.redis.client.errors import LateError, LostError, RedisError, RedisRefusedError
from wsecho.bus.redis.client.greeting import greet
from wsecho.bus.redis.client.sentinels import ask_for_master

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.greeting import ServerInfo
    from wsecho.bus.redis.client.keys import Keys

R = TypeVar("R")

Place: TypeAlias = "tuple[str, int] | None"
"""A host and its port; None for the Unix socket of the address."""


class Conversation(Protocol):
    """A connection, as far as the first words need one."""

    def ask(self, *words: bytes | str) -> Awaitable[Any]:
        """Send a command; its reply comes.

        Raises:
            RedisRefusedError: Redis answers with an error.
            Exception: the connection is gone.
        """

    def cut(self) -> None:
        """End the connection now."""


C = TypeVar("C", bound=Conversation)


async def reach(
    address: RedisAddress, name: str, keys: Keys, connect: Callable[[Place], Awaitable[C]]
) -> tuple[C, ServerInfo]:
    """Find Redis, connect and greet it.

    Args:
        address: where it is, or its sentinels.
        name: what operators see in `CLIENT LIST`.
        keys: names what is written.
        connect: makes a connection.

    Raises:
        RedisError: it will not do, or no sentinel knows where it is.
        Exception: what `connect` raises, and what the connection does.
    """
    place = next(iter(address.hosts), None)
    if address.master:
        place = await _find_master(address, connect)
    connection = await connect(place)
    try:
        return connection, await _converse(connection, greet(address, name, keys))
    except BaseException:
        connection.cut()
        raise


def describe_error(error: BaseException) -> str:
    """Say in a few words why a connection could not be made, or went."""
    if isinstance(error, LateError | TimeoutError):
        return "no answer in time"
    if isinstance(error, LostError):
        return "it hung up"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


async def _find_master(
    address: RedisAddress, connect: Callable[[Place], Awaitable[C]]
) -> tuple[str, int]:
    complaints = []
    for host, port in address.hosts:
        try:
            return await _ask_sentinel(await connect((host, port)), address.master)
        except CancelledError:
            # Nobody wants to know any more, nor from the next one.
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the next one may do
            complaints.append(f"{host}:{port} {describe_error(error)}")
    reasons = ", ".join(complaints)
    raise RedisError(f"no sentinel leads to {address.master}: {reasons}", passes=True)


async def _ask_sentinel(connection: Conversation, master: str) -> tuple[str, int]:
    try:
        return await _converse(connection, ask_for_master(master))
    finally:
        connection.cut()


async def _converse(connection: Conversation, talk: Generator[tuple[Any, ...], Any, R]) -> R:
    command = next(talk)
    while True:
        try:
            reply = await connection.ask(*command)
        except RedisRefusedError as error:
            reply = error
        try:
            command = talk.send(reply)
        except StopIteration as end:
            return cast("R", end.value)
