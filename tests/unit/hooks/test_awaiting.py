# SPDX-License-Identifier: MIT
"""What a method returned becomes its value, at once where that is possible."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed

from wsecho.hooks.awaiting import value_of


class Custom:
    """An awaitable of somebody's own."""

    def __await__(self) -> Generator[Any, Any, int]:
        """Wait for what is there."""
        yield from succeed(0).__await__()
        return 7


async def plain(value: Any) -> Any:
    """A coroutine that waits for nothing."""
    return value


async def wait_for(awaited: Awaitable[Any]) -> Any:
    """A coroutine that waits, and says so in its value."""
    return ["waited", await awaited]


@pytest.mark.parametrize("value", [None, 1, "text", {}])
def test_what_is_no_awaitable_is_the_value(value: Any) -> None:
    """Whatever it is."""
    assert value_of(value) is value


def test_a_coroutine_that_answers_at_once_makes_no_deferred() -> None:
    """Also where it waits for what has come already."""
    assert value_of(plain(3)) == 3
    assert value_of(wait_for(succeed(4))) == ["waited", 4]
    assert value_of(wait_for(wait_for(plain(5)))) == ["waited", ["waited", 5]]
    assert value_of(Custom()) == 7


def test_a_coroutine_raises_at_once() -> None:
    """What it raises."""

    async def fail() -> None:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        value_of(fail())


def test_a_coroutine_waits_for_deferreds() -> None:
    """One after the other, and hears of their failures."""
    first, second = Deferred[int](), Deferred[int]()
    heard: list[Any] = []

    async def both() -> Any:
        found = await first
        try:
            await second
        except ValueError as error:
            return [found, str(error)]
        return None

    value_of(both()).addCallback(heard.append)
    first.callback(1)
    assert heard == []
    second.errback(ValueError("two"))
    assert heard == [[1, "two"]]


def test_who_waits_no_more_has_it_cancelled() -> None:
    """The coroutine ends by that, and cleans up."""
    ended: list[str] = []
    never = Deferred[None]()

    async def wait() -> None:
        try:
            await never
        finally:
            ended.append("cleaned up")

    deferred = value_of(wait())
    deferred.addErrback(lambda failure: failure.trap(CancelledError))
    deferred.cancel()
    assert ended == ["cleaned up"]


def test_what_only_asyncio_has_says_so_where_its_loop_does_not_run() -> None:
    """In the coroutine itself, which may catch it."""

    class Strange:
        def __await__(self) -> Generator[Any, Any, None]:
            yield "something"

    heard: list[str] = []
    value_of(wait_for(Strange())).addErrback(lambda failure: heard.append(str(failure.value)))
    assert "--reactor asyncio" in heard[0]


def test_under_asyncio_a_coroutine_waits_for_what_that_has() -> None:
    """And for Deferreds, in a task, with time-outs and all."""

    async def play() -> list[Any]:
        deferred = Deferred[int]()
        asyncio.get_running_loop().call_later(0, deferred.callback, 3)

        async def mixed() -> list[Any]:
            async with asyncio.timeout(10):
                await asyncio.sleep(0)
                return [await deferred, asyncio.current_task() is not None]

        done = asyncio.get_running_loop().create_future()
        value_of(mixed()).addCallback(done.set_result)
        return list(await done)

    assert asyncio.run(play()) == [3, True]


@pytest.mark.parametrize("kind", ["future", "deferred"])
def test_under_asyncio_what_is_cancelled_ends(kind: str) -> None:
    """Whatever it waits for."""

    async def play() -> list[str]:
        ended: list[str] = []
        loop = asyncio.get_running_loop()
        awaited: Awaitable[None] = loop.create_future() if kind == "future" else Deferred()

        async def wait() -> None:
            try:
                await awaited
            finally:
                ended.append(kind)

        deferred = value_of(wait())
        deferred.addErrback(lambda _: None)
        await asyncio.sleep(0)
        deferred.cancel()
        while not ended:
            await asyncio.sleep(0)
        return ended

    assert asyncio.run(play()) == [kind]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
@pytest.mark.parametrize("waits", [False, True])
def test_under_asyncio_nobody_ends_the_loop(error: BaseException, waits: bool) -> None:
    """What would end a program is the coroutine's failure, and the loop goes on."""

    async def play() -> Any:
        failed = asyncio.get_running_loop().create_future()

        async def end() -> None:
            if waits:
                await asyncio.sleep(0)
            raise error

        value_of(end()).addErrback(lambda failure: failed.set_result(failure.value))
        return await failed

    assert asyncio.run(play()) is error
