# SPDX-License-Identifier: MIT
"""A thread that is awaited, in whichever event loop the test runs."""

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """Call a function in a thread; give what it returns.

    Nothing is imported for it that the test has not imported itself.

    Raises:
        RuntimeError: it is awaited in no loop of asyncio's, Trio's or Twisted's.
    """
    if _is_in_task():
        return await asyncio.to_thread(function)
    trio: Any = sys.modules.get("trio")
    result: T
    if trio is not None and trio.lowlevel.in_trio_task():
        result = await trio.to_thread.run_sync(function)
    elif "twisted.internet.reactor" in sys.modules:
        result = await import_module("twisted.internet.threads").deferToThread(function)
    else:
        raise RuntimeError("this is awaited in no event loop of asyncio's, Trio's or Twisted's")
    return result


def _is_in_task() -> bool:
    # Twisted may run upon asyncio's loop, where what awaits a Deferred is no task.
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False
