# SPDX-License-Identifier: MIT
"""Ctrl-C before a command has begun to do anything, and from then on."""

import os
import signal
from threading import Thread

import pytest

from wsecho.command.interrupts import INTERRUPTED, leaving_at_once, may_be_interrupted


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses that this process would have ended with."""
    statuses: list[int] = []
    monkeypatch.setattr(os, "_exit", statuses.append)
    monkeypatch.setattr(signal, "default_int_handler", signal.getsignal(signal.SIGINT))
    return statuses


def test_nothing_is_raised_while_it_begins(left: list[int]) -> None:
    """Others' code may be in the midst of anything."""
    with leaving_at_once():
        signal.raise_signal(signal.SIGINT)
        assert left == [INTERRUPTED]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_from_then_on_it_is_pythons(left: list[int]) -> None:
    """What was begun can be ended in order."""
    with leaving_at_once():
        may_be_interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert left == []


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    """As a program that `nohup` has started."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with leaving_at_once():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            may_be_interrupted()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_leaves_it_alone() -> None:
    """Only the main one may have handlers."""
    faults: list[BaseException] = []

    def begin() -> None:
        try:
            with leaving_at_once():
                may_be_interrupted()
        except BaseException as fault:  # noqa: BLE001  # it is told below
            faults.append(fault)

    thread = Thread(target=begin)
    thread.start()
    thread.join()
    assert faults == []
