# SPDX-License-Identifier: MIT
"""A server that ends with whoever started it."""

import os
import select
from collections.abc import Iterator

import pytest

from wsecho.command import attended


class Ended(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it waited for the end of its pipe; there are three looks without one."""
    waits: list[float] = []

    def wait(read: list[int], _write: object, _bad: object, timeout: float) -> tuple[object, ...]:
        waits.append(timeout)
        return (read if len(waits) > 3 else []), [], []

    def leave(status: int) -> None:
        assert status == 0
        raise Ended

    monkeypatch.setattr(select, "select", wait)
    monkeypatch.setattr(os, "_exit", leave)
    return waits


def test_it_ends_when_its_pipe_closes(looks: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its parent does."""
    monkeypatch.setattr(os, "getppid", lambda: 42)
    with pytest.raises(Ended):
        attended._end_with_parent(42)
    assert looks == [1.0] * 4


def test_it_ends_when_it_has_another_parent(
    looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though a fork of the first one holds the pipe."""
    parents: Iterator[int] = iter([42, 42, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    with pytest.raises(Ended):
        attended._end_with_parent(42)
    assert looks == [1.0] * 2
