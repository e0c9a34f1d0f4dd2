# SPDX-License-Identifier: MIT
"""What the core logs is in the server's log, once, as all of ours is."""

import logging
from collections.abc import Iterator

import pytest
from twisted.logger import LogLevel, capturedLogs, formatEvent

from wsecho.core.promise import Promise
from wsecho.server.core_log import OURS, ToTwisted, tell_core_log


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """As a server begins; twice, as nobody should."""
    logger = logging.getLogger(OURS)
    before = list(logger.handlers)
    tell_core_log()
    tell_core_log()
    yield
    logger.handlers[:] = before


def test_a_fault_of_the_core_is_logged_with_what_was_raised() -> None:
    """Under the name of the file that it happened in."""
    assert (
        len([each for each in logging.getLogger(OURS).handlers if isinstance(each, ToTwisted)]) == 1
    )
    with capturedLogs() as events:
        Promise[int]().fail(ValueError("{x}"))
    [event] = events
    assert event["log_namespace"] == "wsecho.core.promise"
    assert event["log_level"] is LogLevel.critical
    assert event["log_failure"].check(ValueError)


def test_a_line_is_logged_as_it_stands() -> None:
    """Braces are none of Twisted's."""
    with capturedLogs() as events:
        logging.getLogger("wsecho.core.x").error("%s is {bad}", "it")
    assert [formatEvent(event) for event in events] == ["it is {bad}"]
