# SPDX-License-Identifier: MIT
"""The opening handshake: which pages may open which WebSocket."""

import pytest

from tests.unit.doors.harness import Server
from wsecho.config.config import Config

FOREIGN = ("https://evil.example", "null", "http://localhost:81")


def status(path: str, origin: str, *allowed: str) -> int:
    """What a page of an origin gets that opens a WebSocket at `ws://localhost`."""
    peer = Server(Config(origin=allowed)).connect()
    peer.send(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: wamp.2.json\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return int(peer.received().split()[1])


@pytest.mark.parametrize("path", ["/broadcast/a", "/broadcast", "/ws"])
def test_a_page_of_another_origin_reaches_no_room(path: str) -> None:
    """Unless it is allowed; the page's own always does."""
    assert [status(path, origin) for origin in FOREIGN] == [403] * len(FOREIGN)
    assert status(path, "http://localhost") == 101
    assert status(path, FOREIGN[0], "https://*.example") == 101
    assert status(path, FOREIGN[0], "https://*.example.org") == 403


@pytest.mark.parametrize("path", ["/", "/echo"])
def test_the_echo_takes_any_origin(path: str) -> None:
    """It holds nothing of anyone's, and a page opened from a file has none."""
    assert [status(path, origin) for origin in FOREIGN] == [101] * len(FOREIGN)
