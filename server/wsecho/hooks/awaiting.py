# SPDX-License-Identifier: MIT
"""What a method of an application returned: its value at once, or a Deferred of it.

==========================  ===========================================================
a method returns            it may wait for
==========================  ===========================================================
a Deferred                  what it likes
a coroutine                 Deferreds, and coroutines of the same kind
a coroutine, or a future,   what asyncio has, and Deferreds: it is a task of that loop
where asyncio's loop runs
anything else               nothing: that is the value
==========================  ===========================================================

A coroutine that waits for nothing is over at its first step, and costs no Deferred. But asyncio's
tasks begin in the next turn of the loop, and much of what asyncio has must be called in a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from types import CoroutineType, coroutine
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure


def value_of(returned: Any) -> Any:
    """Return the value, or a Deferred of it.

    Args:
        returned: by a method.

    Raises:
        BaseException: what a coroutine raises at its first step.
    """
    if returned is None or isinstance(returned, Deferred):
        return returned
    # Most that can be awaited are such, and to ask for it of all kinds takes four times as long.
    steps: Coroutine[Any, Any, Any]
    if type(returned) is CoroutineType:
        steps = returned
    elif isinstance(returned, Awaitable):
        steps = returned if isinstance(returned, Coroutine) else _await(returned)
    else:
        return returned
    # What its documentation has raises where there is none, which takes as long as the answer.
    loop = asyncio._get_running_loop()  # noqa: SLF001
    if loop is None:
        return _drive(steps)
    return Deferred.fromFuture(loop.create_task(_as_task(steps)))


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _drive(steps: Coroutine[Any, Any, Any]) -> Any:
    try:
        awaited = steps.send(None)
    except StopIteration as end:
        return end.value
    return Deferred.fromCoroutine(_rest(steps, awaited))


async def _rest(steps: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    """Go on with a coroutine that has made its first step, and waits."""
    return await _go_on(steps, awaited)


@coroutine
def _go_on(steps: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    while True:
        step = partial(steps.send, None)
        try:
            yield awaited if isinstance(awaited, Deferred) else fail(_no_deferred())
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001  # it is the coroutine's affair
            step = partial(steps.throw, error)
        try:
            awaited = step()
        except StopIteration as end:
            return end.value


def _no_deferred() -> TypeError:
    return TypeError(
        "a coroutine of an application awaits what is no Deferred; what asyncio has can be awaited "
        "where its loop runs (twistd --reactor asyncio)"
    )


async def _as_task(steps: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine as asyncio does, which may wait for Deferreds all the same."""
    try:
        return await _translate(steps)
    except (KeyboardInterrupt, SystemExit):
        # A task that ends by one of these ends the loop, too; as its value it is a failure alone.
        return Failure()


@coroutine
def _translate(steps: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    step = partial(steps.send, None)
    while True:
        try:
            awaited = step()
        except StopIteration as end:
            return end.value
        step = partial(steps.send, None)
        try:
            if isinstance(awaited, Deferred):
                yield from _fired(awaited)
            else:
                yield awaited
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001  # it is the coroutine's affair
            step = partial(steps.throw, error)


def _fired(deferred: Deferred[Any]) -> Generator[Any, None, None]:
    """Wait, in a task, until a Deferred has fired; the coroutine asks that for its result."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fire(result: Any) -> Any:
        if not future.done():
            future.set_result(None)
        return result

    deferred.addBoth(fire)
    try:
        yield from future
    except asyncio.CancelledError:
        deferred.cancel()
        deferred.addErrback(lambda _: None)
        raise
