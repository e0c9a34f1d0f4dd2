# SPDX-License-Identifier: MIT
"""What plain HTTP hears where only WebSocket is spoken."""

from pathlib import Path

import pytest

from tests.unit.doors.harness import Server
from wsecho.config import Config
from wsecho.service import resources


def fetch(path: str, tmp_path: Path) -> bytes:
    """GET an address of the whole tree."""
    (tmp_path / "index.html").touch()
    peer = Server(root=resources(Config(web=tmp_path))).connect()
    peer.send(f"GET {path} HTTP/1.1\r\nHost: example.org:81\r\n\r\n".encode())
    return peer.received()


@pytest.mark.parametrize("path", ["/echo", "/broadcast", "/broadcast/a", "/broadcast/a%2Fb"])
def test_426_says_how_to_connect(path: str, tmp_path: Path) -> None:
    """With the URL that would work (RFC 9110 section 15.5.22)."""
    answer = fetch(path, tmp_path)
    assert answer.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in answer
    assert f"python -m websockets ws://example.org:81{path}\n".encode() in answer


@pytest.mark.parametrize(
    ("path", "status"),
    [("/broadcast/%01", 400), ("/broadcast/", 400), ("/broadcast/a/b", 404), ("/echo/more", 404)],
)
def test_an_address_that_no_websocket_has_either(path: str, status: int, tmp_path: Path) -> None:
    """The same answer as to an upgrade."""
    assert fetch(path, tmp_path).startswith(f"HTTP/1.1 {status} ".encode())
