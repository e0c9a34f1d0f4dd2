# SPDX-License-Identifier: MIT
"""Spares the unit tests what Autobahn does for nobody, and what it does again for each server."""

from collections.abc import Iterator
from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol

from wsecho.doors.websocket import opened


@pytest.fixture(autouse=True, scope="session")
def _no_list_of_options() -> Iterator[None]:
    """Leave out what each connection writes for a debug line, a tenth of all tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autobahn.websocket.protocol.pformat", lambda _: "")
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_opening_for_all() -> Iterator[None]:
    """Open the WebSocket that all others begin with once for the same options.

    There are thousands of servers in these tests, each of which would open one.
    """
    known: dict[str, dict[str, Any]] = {}
    open_one = opened.state_of_opened

    def state_of_opened(factory: Any) -> dict[str, Any]:
        options = repr([getattr(factory, name) for name in WebSocketServerProtocol.CONFIG_ATTRS])
        if options not in known:
            known[options] = open_one(factory)
        return known[options]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "state_of_opened", state_of_opened)
        yield
