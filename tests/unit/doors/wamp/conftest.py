# SPDX-License-Identifier: MIT
"""What the tests of the WAMP doors share: the lines that the server logs."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent, formatEvent, globalLogPublisher


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the server logs while the test runs, beside what opens."""
    logged: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("event") != "opened":
            logged.append(formatEvent(event))

    observer: Any = observe
    globalLogPublisher.addObserver(observer)
    yield logged
    globalLogPublisher.removeObserver(observer)
