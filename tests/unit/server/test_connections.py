# SPDX-License-Identifier: MIT
"""What is open, and what the end of the server does to it."""

from typing import Any

import pytest
from attrs import define

from wsecho.core.wire.errors import Stopping
from wsecho.server.connections import Connections


@define(eq=False)
class Open:
    """Something that is open."""

    is_paced: bool = False
    is_idle: bool = False

    def drain(self, retry: float) -> None:
        """Begin to close."""

    def abort(self) -> None:
        """Be cut off."""


def test_what_opens_is_there_until_it_closes() -> None:
    """Once, in the order in which it came; to forget it twice does no harm."""
    connections, first, second = Connections(), Open(), Open()
    for one in (first, second, first):
        connections.add(one)
    assert list(connections) == [first, second]
    connections.discard(first)
    connections.discard(first)
    assert (len(connections), first in connections, second in connections) == (1, False, True)


def test_what_closes_while_all_are_told_disturbs_nobody() -> None:
    """To end one may end others."""
    connections = Connections()
    for opened in (Open(), Open(), Open()):
        connections.add(opened)
    told = []
    for one in connections:
        told.append(one)
        for other in list(connections):
            connections.discard(other)
    assert len(told) == 3


def test_nothing_begins_once_it_is_stopping() -> None:
    """With when another may take it."""
    connections = Connections()
    connections.check()
    assert not connections.is_stopping
    connections.retry = 2.5
    assert connections.is_stopping
    with pytest.raises(Stopping) as caught:
        connections.check()
    assert caught.value.headers == (("Retry-After", "3"),)


@pytest.mark.parametrize(
    ("retry", "value"), [(None, "1"), (0.0, "1"), (0.1, "1"), (1.0, "1"), (1.01, "2"), (30, "30")]
)
def test_when_to_come_back_is_in_whole_seconds(retry: Any, value: str) -> None:
    """At least one: with 0 all would come at once (RFC 9110 section 10.2.3)."""
    connections = Connections()
    connections.retry = retry
    assert connections.retry_after == value
