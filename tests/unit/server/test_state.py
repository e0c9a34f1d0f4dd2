# SPDX-License-Identifier: MIT
"""What all doors share, made for a configuration."""

import pytest
from twisted.internet.task import Clock

from wsecho.config.config import Config
from wsecho.core.wire.errors import OverLimit
from wsecho.server.state import ServerState


def test_it_is_as_the_options_say() -> None:
    """The limit on connections, the clock that times them, the time of day."""
    clock = Clock()
    state = ServerState.of(Config(max_connections=1), clock, lambda: 1_000.0 + clock.seconds())
    state.admissions.admit("192.0.2.1")
    with pytest.raises(OverLimit):
        state.admissions.admit("192.0.2.2")
    clock.advance(5)
    assert state.wall.now() == 1_005.0
    assert len(state.connections) == 0


def test_two_servers_share_nothing() -> None:
    """They may run in one process, as in tests."""
    first, second = (ServerState.of(Config(), Clock()) for _ in range(2))
    first.connections.retry = 1.0
    assert second.connections.retry is None
    assert first.stats is not second.stats
