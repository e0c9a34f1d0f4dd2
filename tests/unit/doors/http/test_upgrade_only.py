# SPDX-License-Identifier: MIT
"""What plain HTTP hears where only WebSocket is spoken."""

from pathlib import Path

from tests.unit.doors.harness import Server
from wsecho.app.service import resources
from wsecho.config.config import Config


def fetch(path: str, tmp_path: Path) -> bytes:
    """GET an address of the whole tree."""
    (tmp_path / "index.html").touch()
    peer = Server(root=resources(Config(web=tmp_path))).connect()
    peer.send(f"GET {path} HTTP/1.1\r\nHost: example.org:81\r\n\r\n".encode())
    return peer.received()


def test_426_says_how_to_connect(tmp_path: Path) -> None:
    """With the URL that would work (RFC 9110 section 15.5.22)."""
    answer = fetch("/echo", tmp_path)
    assert answer.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in answer
    assert b"python -m websockets ws://example.org:81/echo\n" in answer


def test_an_address_that_no_websocket_has_either(tmp_path: Path) -> None:
    """The same answer as to an upgrade."""
    assert fetch("/echo/more", tmp_path).startswith(b"HTTP/1.1 404 ")
