# SPDX-License-Identifier: MIT
"""The fixture of the plugin; that it is one is held by tests/integration."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wsecho import pytest_plugin, testing
from wsecho.testing import EchoServer, StartError

FIXTURE: Any = pytest_plugin.wsecho


def test_it_is_a_server_as_long_as_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer."""
    seen: list[str] = []

    @contextmanager
    def serving() -> Iterator[EchoServer]:
        seen.append("begins")
        yield EchoServer("http://127.0.0.1:8080")
        seen.append("ends")

    monkeypatch.setattr(testing, "serving", serving)
    [server] = FIXTURE.__wrapped__()
    assert server.echo == "ws://127.0.0.1:8080/echo"
    assert seen == ["begins", "ends"]


def test_one_that_does_not_start_fails_it_in_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a traceback."""

    @contextmanager
    def serving() -> Iterator[EchoServer]:
        raise StartError("wsecho: no port is free")
        yield

    monkeypatch.setattr(testing, "serving", serving)
    with pytest.raises(pytest.fail.Exception, match=r"^wsecho: no port is free$") as failed:
        next(FIXTURE.__wrapped__())
    assert failed.value.pytrace is False
