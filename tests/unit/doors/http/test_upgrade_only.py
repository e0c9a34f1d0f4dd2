# SPDX-License-Identifier: MIT
"""What plain HTTP hears where only WebSocket is spoken."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.unit.doors.harness import Server
from wsecho.app.service import resources
from wsecho.config.config import Config


def fetch(path: str, tmp_path: Path, fields: str = "", proxy: str = "") -> bytes:
    """GET an address of the whole tree."""
    (tmp_path / "index.html").touch()
    config = Config(web=tmp_path, proxy=(ip_network(proxy),) if proxy else ())
    peer = Server(config, resources(config)).connect()
    peer.send(f"GET {path} HTTP/1.1\r\nHost: example.org:81\r\n{fields}\r\n".encode())
    return peer.received()


def test_426_says_how_to_connect(tmp_path: Path) -> None:
    """With the URL that would work (RFC 9110 section 15.5.22)."""
    answer = fetch("/echo", tmp_path)
    assert answer.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in answer
    assert b"python -m websockets ws://example.org:81/echo\n" in answer


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ("X-Forwarded-Proto: https\r\n", "wss://example.org:81/echo"),
        ("X-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: a.test\r\n", "wss://a.test/echo"),
        ("X-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n", "ws://a.test/echo"),
        ("X-Forwarded-For: 192.0.2.1\r\n", "ws://example.org:81/echo"),
        ('Forwarded: for=192.0.2.1;proto=wss;host="a.test:9"\r\n', "wss://a.test:9/echo"),
    ],
)
def test_behind_a_proxy_the_url_is_the_one_that_the_client_used(
    fields: str, url: str, tmp_path: Path
) -> None:
    """With the scheme and the host that the proxy tells, if it is one that is believed."""
    assert f" {url}\n".encode() in fetch("/echo", tmp_path, fields, "192.168.0.0/16")
    assert b" ws://example.org:81/echo\n" in fetch("/echo", tmp_path, fields)
    assert b" ws://example.org:81/echo\n" in fetch("/echo", tmp_path, fields, "10.0.0.0/8")


def test_an_address_that_no_websocket_has_either(tmp_path: Path) -> None:
    """The same answer as to an upgrade."""
    assert fetch("/echo/more", tmp_path).startswith(b"HTTP/1.1 404 ")
