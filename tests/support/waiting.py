# SPDX-License-Identifier: MIT
"""Waiting for what a test is about to look at: by condition, and never for ever."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import Final, TypeVar, cast

from tests.support.processes import PATIENCE

T = TypeVar("T")

_STEP: Final = 0.01
"""Seconds between one look and the next."""


async def settled(look: Callable[[], T | Awaitable[T]], wanted: T, patience: float = PATIENCE) -> T:
    """What is seen as soon as it is what is wanted; else what is seen in the end.

    It is for the test to compare, so that one that fails shows what was there instead.

    Args:
        look: gives what is to be seen, or something that it is awaited from.
        wanted: what it is to become.
        patience: seconds until the end.
    """
    end = asyncio.get_running_loop().time() + patience
    while True:
        given = look()
        seen = cast(T, await given if isawaitable(given) else given)
        if seen == wanted or asyncio.get_running_loop().time() >= end:
            return seen
        await asyncio.sleep(_STEP)


async def until(
    holds: Callable[[], object | Awaitable[object]], patience: float = PATIENCE
) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it did not within `patience`, in seconds.
    """

    async def is_so() -> bool:
        given = holds()
        return bool(await given if isawaitable(given) else given)

    assert await settled(is_so, True, patience), "it never held"


def wait_until(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """The same where no loop runs, or none may.

    Raises:
        AssertionError: it did not within `patience`, in seconds.
    """
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(_STEP)


def wait_until_open(port: int) -> None:
    """Wait until somebody listens at a port of loopback.

    Raises:
        AssertionError: nobody does, for all of our patience.
    """

    def is_open() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    wait_until(is_open)
