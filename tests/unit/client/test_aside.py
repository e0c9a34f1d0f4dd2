# SPDX-License-Identifier: MIT
"""A job in a thread of its own."""

import threading
from contextvars import ContextVar

import pytest

from wsecho.client.aside import aside

WHERE: ContextVar[str] = ContextVar("WHERE")


def test_its_result_and_its_error_come_to_whoever_waits() -> None:
    """From a thread that keeps no program from ending."""
    thread = aside(threading.current_thread, "named").result(30)
    assert (thread.name, thread.daemon) == ("named", True)
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 // 0, "failing").result(30)


def test_it_cannot_be_cancelled_but_left() -> None:
    """So that its end is never a fault of a thread that nobody sees."""
    goes_on = threading.Event()
    future = aside(goes_on.wait, "waiting")
    assert not future.cancel()
    goes_on.set()
    assert future.result(30)


def test_it_sees_what_stands_around_its_call() -> None:
    """Such as the span of a trace."""
    WHERE.set("here")
    assert aside(WHERE.get, "looking").result(30) == "here"
