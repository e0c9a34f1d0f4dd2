# SPDX-License-Identifier: MIT
"""A thread is awaited in whichever loop runs; Trio's is in tests/integration/packaging."""

import asyncio
import sys
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from wsecho.testing.threads import in_thread


def test_asyncio_awaits_a_thread() -> None:
    """Which is another than the loop's."""
    assert asyncio.run(in_thread(threading.get_ident)) != threading.get_ident()


def test_twisted_awaits_a_deferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own thread pool's, where a reactor is there and no task of asyncio's."""
    fired: Deferred[str] = Deferred()
    monkeypatch.setattr("twisted.internet.threads.deferToThread", lambda _: fired)
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", None)
    awaiting = Deferred.fromCoroutine(waited())
    fired.callback("done")
    results: list[str] = []
    awaiting.addCallback(results.append)
    assert results == ["done"]


async def waited() -> str:
    """Await what is not called."""
    return await in_thread(lambda: "never")


def test_without_a_loop_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than waiting for ever."""
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)
    coroutine: Coroutine[Any, Any, str] = waited()
    with pytest.raises(RuntimeError, match="no event loop"):
        coroutine.send(None)
