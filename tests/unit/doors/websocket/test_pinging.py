# SPDX-License-Identifier: MIT
"""Pings at a WebSocket's door: what counts as an answer, and what is no fault of the peer's."""

import zlib
from collections.abc import Callable, Iterator

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from tests.support.frames import whole
from tests.unit.doors.harness import Server
from wsecho.config.config import Config
from wsecho.core.limits.progress import Progress
from wsecho.core.wire.errors import TOKEN_EXPIRED
from wsecho.doors.websocket.connection import WebSocketConnection

EVERY, WITHIN = 30.0, 10.0
MAX_SIZE = 100_000


@pytest.fixture
def server() -> Server:
    """A server that pings."""
    return Server(Config(auto_ping=EVERY, auto_ping_timeout=WITHIN, max_message_size=MAX_SIZE))


def pass_time(server: Server, seconds: float, each: Callable[[], object] = lambda: None) -> None:
    """Let time pass, and do something each second."""
    for _ in range(int(seconds)):
        server.clock.advance(1)
        each()


def connection(server: Server) -> WebSocketConnection:
    """The one that is open."""
    [found] = server.websockets.connections
    return found


def test_who_says_nothing_is_cut_in_time(server: Server) -> None:
    """Not before, and not later."""
    client = server.open("/echo")
    pass_time(server, EVERY + WITHIN - 2)
    assert not client.peer.wire.aborted
    pass_time(server, 2)
    assert client.peer.wire.aborted
    assert server.state.stats.limits["auto-ping-timeout"] == 1


def pieces(kind: str) -> Iterator[bytes]:
    """What is no whole message for as long as it takes, octet by octet."""
    payload = bytes(range(256)) * 300
    packer = zlib.compressobj(wbits=-15, level=0)
    packed = (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    stream = {
        "a frame": whole(payload, 0x82),
        "a compressed frame": whole(packed, 0xC2),
        "fragments": whole(b"", 0x02) + whole(b"x", 0x00) * 1000,
        "a fragment": whole(payload, 0x02),
        "a ping": whole(b"x" * 120, 0x89),
    }[kind]
    return (stream[at : at + 1] for at in range(len(stream)))


@pytest.mark.parametrize(
    "kind", ["a frame", "a compressed frame", "fragments", "a fragment", "a ping"]
)
def test_octets_that_arrive_count(server: Server, kind: str) -> None:
    """Whatever they are part of; without more, its time runs again."""
    offers = [ClientPerMessageDeflateFactory()] if "compressed" in kind else None
    client = server.open("/echo", extensions=offers)
    stream = pieces(kind)
    count = 0

    def drip() -> None:
        nonlocal count
        count += 1
        if count % 9 == 0:
            client.peer.send(next(stream))

    pass_time(server, 5 * (EVERY + WITHIN), drip)
    assert not client.peer.wire.aborted
    pass_time(server, EVERY + WITHIN + 1)
    assert client.peer.wire.aborted


def test_what_the_peer_takes_counts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until nothing is left before the ping; then it has its time."""
    waiting = [1_000]
    told = lambda *_: Progress(taken=-waiting[0], waiting=waiting[0])  # noqa: E731
    monkeypatch.setattr("wsecho.doors.websocket.pinging.progress", told)
    client = server.open("/echo")

    def take() -> None:
        waiting[0] = max(0, waiting[0] - 10)

    pass_time(server, EVERY + 69, take)
    assert not client.peer.wire.aborted
    pass_time(server, WITHIN + 3)
    assert client.peer.wire.aborted


def test_what_we_do_not_read_is_not_its_fault(server: Server) -> None:
    """Where we hold it back; where it does not read itself, it is."""
    client = server.open("/echo")
    connection(server).pause()
    pass_time(server, 3 * (EVERY + WITHIN))
    assert not client.peer.wire.aborted
    client.peer.wire.fill()
    pass_time(server, WITHIN + 1)
    assert client.peer.wire.aborted


def test_a_closing_handshake_has_its_own_time(server: Server) -> None:
    """No pong may follow a Close frame (RFC 6455 section 5.5.1), so none is waited for."""
    client = server.open("/echo")
    pass_time(server, EVERY + 1)
    connection(server).close(TOKEN_EXPIRED)
    pass_time(server, WITHIN + 1)
    assert server.state.stats.limits["auto-ping-timeout"] == 0
    assert client.peer.wire.aborted
