# SPDX-License-Identifier: MIT
"""A refusal that a page can read: a WebSocket that opens and is closed at once."""

from pathlib import Path

import pytest

from tests.support.tokens import ED, key_file
from tests.unit.doors.harness import Client, Server, masked
from wsecho.config.config import Config

PAGE = {"Origin": "http://localhost"}


@pytest.mark.parametrize("offered", [None, ["wsecho.v1"], ["one", "two"]])
def test_a_page_is_told_by_the_close_code(offered: list[str] | None, tmp_path: Path) -> None:
    """It has the first subprotocol that was offered; without one a browser would not open it."""
    first = offered[0] if offered else None
    server = Server(Config(token_key=(key_file(tmp_path, ED),)))
    client = server.open("/broadcast/a", subprotocols=offered, headers=PAGE)
    assert client.response.headers.get("Sec-WebSocket-Protocol") == first
    assert client.close_code == 4401
    assert "token" in client.close_reason
    client.peer.send(masked(1, b"said too late"))
    assert "a" not in server.rooms.hub


def test_who_is_no_page_gets_the_status(tmp_path: Path) -> None:
    """It can read that."""
    server = Server(Config(token_key=(key_file(tmp_path, ED),)))
    client = Client.to(server.connect(), "/broadcast/a")
    client.shake_hands()
    assert client.response.status_code == 401
