# SPDX-License-Identifier: MIT
"""Ctrl-C while a command begins.

An interrupt in the midst of an import can get lost in a callback, and in the midst of others' code
it can come out as another error. Nothing was done yet that would have to be ended in order.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

INTERRUPTED: Final = 130
"""The status of whom the user broke off."""


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Leave on Ctrl-C at once and in silence, until `may_be_interrupted` says otherwise."""
    is_main = threading.current_thread() is threading.main_thread()
    # Whoever was started with interrupts ignored goes on ignoring them.
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        may_be_interrupted()


def may_be_interrupted() -> None:
    """Let Ctrl-C be a KeyboardInterrupt from now on, as Python has it."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
