# SPDX-License-Identifier: MIT
"""Signals that do something while the server runs."""

import signal
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from attrs import define, field

from wsecho.app.signals import OnSignal


@define
class Reactor:
    """A reactor that takes calls from anywhere, and makes them in its own time."""

    calls: list[Callable[[], object]] = field(factory=list)

    def callFromThread(self, call: Callable[[], object]) -> None:
        """Take a call."""
        self.calls.append(call)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR2)
    yield
    signal.signal(signal.SIGUSR2, before)


def test_a_signal_interrupts_nothing() -> None:
    """What it does is done in the reactor's next turn."""
    reactor, done = Reactor(), []
    OnSignal("SIGUSR2", lambda: done.append(1), reactor).startService()
    signal.raise_signal(signal.SIGUSR2)
    assert (done, len(reactor.calls)) == ([], 1)
    reactor.calls.pop()()
    assert done == [1]


def test_a_signal_that_the_system_does_not_know_never_comes() -> None:
    """As SIGHUP on Windows."""
    service = OnSignal("SIGNOTHING", lambda: None, Reactor())
    service.startService()
    assert service.running


def test_only_the_main_thread_may_listen() -> None:
    """Python allows no other; a server in one is deaf to signals, and starts all the same."""
    before = signal.getsignal(signal.SIGUSR2)
    service = OnSignal("SIGUSR2", lambda: None, Reactor())
    thread = Thread(target=service.startService)
    thread.start()
    thread.join()
    assert service.running
    assert signal.getsignal(signal.SIGUSR2) is before
