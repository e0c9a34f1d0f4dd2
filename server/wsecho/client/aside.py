# SPDX-License-Identifier: MIT
"""What would hold up others, done in a thread of its own, which keeps no program from ending."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def aside(job: Callable[[], T], name: str) -> "Future[T]":
    """Begin a job, and return what will have its result.

    Args:
        job: what is to be done; nobody can stop it, only not wait for it.
        name: the thread's, for whoever looks at a program that hangs.
    """
    future: Future[T] = Future()
    # From here on nobody can cancel it, so that its result can always be set.
    future.set_running_or_notify_cancel()
    context = copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(job))
        except BaseException as error:  # noqa: BLE001  # whoever waits for it is told
            future.set_exception(error)

    # The threads of an executor are waited for at the end of a program: one that hangs for ever.
    threading.Thread(target=run, name=name, daemon=True).start()
    return future
