# SPDX-License-Identifier: MIT
"""Who may use the lab, and how a connection of it begins."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server
from wsecho.config.config import Config, load
from wsecho.config.errors import CommandError
from wsecho.doors.lab.lab import REMEMBERED, ChainRefusals

HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
REPORT = "r" * 16


def server(**options: object) -> Server:
    """A server that listens on loopback alone."""
    return Server(load(options), is_on_loopback=True)


def status(at: Server, path: str) -> int:
    """What a request for a WebSocket is answered with."""
    peer = at.connect()
    peer.send(HANDSHAKE.format(path).encode())
    at.clock.advance(0)
    return int(peer.received().split(b" ")[1])


PROXY = {"proxy": ["10.0.0.0/8"]}
REDIS = {"redis": "redis://127.0.0.1:1", "workers": "2"}


@pytest.mark.parametrize(
    ("options", "is_on_loopback", "is_open"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"lab": True}, False, True),
        ({"no-lab": True}, True, False),
        (PROXY, True, False),
        ({**PROXY, "lab": True}, True, True),
        (REDIS, True, False),
        ({**REDIS, "lab": True}, True, True),
        ({"workers": "1"}, True, True),
    ],
)
def test_who_may(options: dict[str, object], is_on_loopback: bool, is_open: bool) -> None:
    """By default only where nothing but loopback can come; else as it is told to."""
    at = Server(load(options), is_on_loopback=is_on_loopback)
    assert at.lab.is_open is is_open
    assert status(at, "/lab") == (101 if is_open else 404)
    assert status(at, "/lab/send=a") == (101 if is_open else 404)
    assert at.ask("GET", "/lab").status == (200 if is_open else 404)


def test_tokens_close_it(tmp_path: Path) -> None:
    """Unless it is opened; it asks for none then, as the echo."""
    key = tmp_path / "key.json"
    key.write_text('{"kty":"oct","k":"' + "A" * 43 + '","alg":"HS256"}')
    assert not server(**{"token-key": [str(key)]}).lab.is_open
    opened = server(**{"token-key": [str(key)], "lab": True})
    assert status(opened, "/lab") == 101


def test_both_options_contradict_each_other() -> None:
    """Which is told at the start."""
    with pytest.raises(CommandError, match="--lab and --no-lab contradict each other"):
        load({"lab": True, "no-lab": True})
    assert Config().lab_time == 60.0


def test_any_origin_may() -> None:
    """As with the echo: it holds nothing of anyone's."""
    at = server()
    client = Client.to(at.connect(), "/lab", headers={"Origin": "https://evil.example"})
    client.shake_hands()
    at.clock.advance(0)
    client.read()
    client.text("hi")
    assert client.texts() == ["hi"]


def test_a_wrong_chain_is_refused_before_the_upgrade() -> None:
    """Naming the step."""
    at = server()
    peer = at.connect()
    peer.send(HANDSHAKE.format("/lab/send=a/foo").encode())
    answer = peer.received().decode()
    assert answer.startswith("HTTP/1.1 400 Bad Request")
    assert "step 2 of the lab, 'foo': there is no such step" in answer


@pytest.mark.parametrize("name", ["Set-Cookie", "SET-cookie", "Clear-Site-Data"])
def test_no_page_sets_cookies(name: str) -> None:
    """They would count for all servers of the host; a program of no page may have them."""
    at = server()
    path = f"/lab/header={name}%3Aa=b"
    assert status(at, path) == 101
    peer = at.connect()
    request = HANDSHAKE.format(path).replace("Host:", "Origin: https://evil.example\r\nHost:")
    peer.send(request.encode())
    assert peer.received().startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "path", ["/lab/", "/lab//", "/lab/report/x", f"/lab?report={'a' * 15}", "/lab/send=%ff"]
)
def test_bad_input_is_400(path: str) -> None:
    """And no connection of the lab begins."""
    at = server()
    assert status(at, path) == 400
    assert "lab" not in at.state.stats.doors


def test_its_bounds_are_the_server_s() -> None:
    """The largest message, and the time."""
    at = server(**{"max-message-size": "10", "lab-time": "2"})
    assert status(at, "/lab/send-size=11") == 400
    assert status(at, "/lab/wait=3s") == 400
    assert status(at, "/lab/wait=2s/send-size=10") == 101


def test_compression_that_is_off_is_not_offered() -> None:
    """A rule that needs it is refused."""
    at = server(**{"no-compression": True})
    peer = at.connect()
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    request = HANDSHAKE.format("/lab/break=deflate-cut").removesuffix("\r\n") + offer
    peer.send(request.encode())
    assert b"needs permessage-deflate" in peer.received()


def test_the_first_ones_are_refused() -> None:
    """Each report has its own count, and each chain; what has no report counts by address."""
    at = server()
    assert [status(at, f"/lab/refuse=2?report={REPORT}") for _ in range(4)] == [503, 503, 101, 101]
    assert status(at, f"/lab/refuse=2/send=a?report={REPORT}") == 503
    assert [status(at, "/lab/refuse=1") for _ in range(3)] == [503, 101, 101]
    at.clock.advance(REMEMBERED + 1)
    assert status(at, "/lab/refuse=1") == 503


@pytest.mark.parametrize("forwarded", ["10.9.9.9", "2001:db8::1"])
def test_refusals_count_by_the_address_that_a_proxy_tells(forwarded: str) -> None:
    """Whatever its port; others have their own count."""
    at = server(**PROXY, lab=True)
    line = f"X-Forwarded-For: {forwarded}\r\n\r\n"

    def ask(request: bytes) -> bytes:
        peer = at.connect("10.0.0.1")
        peer.send(request)
        at.clock.advance(0)
        return peer.received()[9:12]

    request = HANDSHAKE.format("/lab/refuse=1")
    forwarded_one = (request.removesuffix("\r\n") + line).encode()
    other = (request.removesuffix("\r\n") + line.replace(forwarded, "192.0.2.7")).encode()
    assert [ask(forwarded_one), ask(other), ask(forwarded_one)] == [b"503", b"503", b"101"]


def test_refusals_are_bounded() -> None:
    """The oldest are forgotten first."""
    refusals = ChainRefusals()
    for n in range(10_002):
        assert refusals.refuse(str(n), "x", 1, 0.0)
    assert len(refusals._counts) == 10_001
    assert not refusals.refuse("10001", "x", 1, 0.0)
    assert refusals.refuse("10001", "x" * 16_000, 1, 0.0)
    assert max(map(len, refusals._counts)) < 100
    assert refusals.refuse("0", "x", 1, 0.0)


def report(at: Server, name: str = REPORT) -> dict[str, Any]:
    """What a report says."""
    found: dict[str, Any] = at.ask("GET", f"/lab/report/{name}").json
    return found


def test_a_request_that_is_wrong_is_noted_in_its_report() -> None:
    """With what is amiss; one that names no report is not."""
    at = server()
    bad = HANDSHAKE.format(f"/lab/send=a?report={REPORT}").replace("AAAA==", "A")
    peer = at.connect()
    peer.send(bad.encode())
    assert peer.received().startswith(b"HTTP/1.1 400")
    (connection,) = report(at)["connections"]
    assert connection["chain"] == "send=a"
    assert connection["status"] == 400
    assert "Sec-WebSocket-Key" in connection["wrong"][0]["what"]
    assert connection["ended"]["by"] == "server"
    for path in (
        "/lab",
        "/lab?report=short",
        f"/echo?report={REPORT}",
        f"/lab?report={REPORT}&report=x",
    ):
        at.connect().send(HANDSHAKE.format(path).replace("AAAA==", "A").encode())
    assert len(at.lab.reports) == 1


@pytest.mark.parametrize("chain", ["foo", "break=deflate-cut", "wait=1h"])
def test_what_a_chain_is_refused_for_is_no_fault_of_the_client_s(chain: str) -> None:
    """It is noted that it came, and was refused: not that it did anything wrong."""
    at = server()
    assert status(at, f"/lab/{chain}?report={REPORT}") == 400
    (connection,) = report(at)["connections"]
    assert (connection["chain"], connection["status"]) == (chain, 400)
    assert connection["wrong"] == []
    assert connection["verdict"] is None
    assert connection["ended"]["by"] == "server"


def test_what_is_amiss_in_a_request_that_is_taken_is_noted() -> None:
    """Beside the rest."""
    at = server()
    client = at.connect()
    lines = "Sec-WebSocket-Protocol: a, a\r\n\r\n"
    client.send((HANDSHAKE.format(f"/lab?report={REPORT}").removesuffix("\r\n") + lines).encode())
    (connection,) = report(at)["connections"]
    assert [one["what"] for one in connection["wrong"]] == ["a subprotocol is offered twice"]


def test_it_counts_among_connections() -> None:
    """As any other: of all, and of one address."""
    at = server(**{"max-connections-per-address": "1"})
    first = at.connect("10.0.0.1")
    first.send(HANDSHAKE.format("/lab").encode())
    at.clock.advance(0)
    assert first.received().startswith(b"HTTP/1.1 101")
    second = at.connect("10.0.0.1")
    second.send(HANDSHAKE.format("/lab").encode())
    assert second.received().startswith(b"HTTP/1.1 429")
