# SPDX-License-Identifier: MIT
"""What operators ask, and the metrics as Prometheus's own parser reads them."""

from typing import Any

import pytest
from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.defer import succeed
from twisted.web.resource import Resource

from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.test_front import UPGRADE, status
from wsecho.config.config import Config
from wsecho.core.wire.grants import NOTHING
from wsecho.doors.gate import OpenGate
from wsecho.ops.health import Health, MetricsPage, Readiness
from wsecho.ops.loop_lag import LoopLag
from wsecho.ops.metrics import Metrics


def make_server(**options: Any) -> Server:
    """A server with the operators' addresses."""
    root = Resource()
    server = Server(Config(auto_ping=0, **options), root)
    root.putChild(b"healthz", Health())
    root.putChild(b"readyz", Readiness(server.state.connections, server.rooms.bus))
    metrics = Metrics(server.state, server.rooms, server.router)
    gate = server.factory.handshake.gate
    root.putChild(b"metrics", MetricsPage(lambda: succeed(metrics.collect()), gate))
    return server


def ask(server: Server, path: str, *headers: str, method: str = "GET") -> tuple[int, bytes, bytes]:
    """Send one request; its status, head and body."""
    peer = server.connect()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    peer.send("\r\n".join(lines).encode())
    answer = peer.received()
    head, _, body = answer.partition(b"\r\n\r\n")
    peer.lose()
    return status(answer), head, body


def samples(server: Server) -> dict[tuple[str, ...], float]:
    """Scrape; each sample by its name and its labels' values, in the order of their names."""
    code, _, body = ask(server, "/metrics")
    assert code == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_alive_and_ready() -> None:
    """As short answers that nobody caches."""
    server = make_server()
    for path, said in (("/healthz", b"alive\n"), ("/readyz", b"ready\n")):
        code, head, body = ask(server, path)
        assert (code, body) == (200, said)
        assert b"no-store" in head
        assert ask(server, path, method="HEAD")[::2] == (200, b"")
        assert ask(server, path, method="DELETE")[0] == 405


def test_a_server_that_stops_is_alive_but_not_ready() -> None:
    """Each answer says when to come back, and is the connection's last."""
    server = make_server()
    kept = server.connect()
    server.state.connections.retry = 5.5
    kept.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = kept.received().lower()
    assert status(answer) == 200
    assert b"retry-after: 6" in answer
    assert b"connection: close" in answer
    assert kept.wire.disconnecting
    code, head, _ = ask(server, "/readyz")
    assert code == 503
    assert head.lower().count(b"retry-after: 6") == 1


def test_a_server_that_stops_opens_no_websocket() -> None:
    """503, with the time to come back."""
    server = make_server()
    server.state.connections.retry = 3.0
    peer = server.connect()
    peer.send(UPGRADE)
    answer = peer.received()
    assert status(answer) == 503
    assert b"Retry-After: 3" in answer
    raw = server.connect()
    raw.send(b"\x7f\xf1\0\0")
    assert raw.wire.disconnecting


def test_the_metrics_of_a_lived_in_server() -> None:
    """Doors, rooms, messages, ends, refusals, limits."""
    server = make_server(max_members=2)
    members = [server.open("/broadcast/a") for _ in range(2)]
    members[0].text("abc")
    Peer.send(server.connect(), UPGRADE.replace(b"/echo", b"/broadcast/a"))
    echo = server.open("/echo")
    echo.peer.lose()
    server.state.stats.lagged(0.5)
    server.state.stats.lagged(0.25)
    found = samples(server)
    assert found["wsecho_door_connections", "raw"] == 2
    assert found["wsecho_door_connections", "echo"] == 0
    assert found["wsecho_door_connections_opened_total", "echo"] == 1
    assert found["wsecho_messages_total", "in", "raw"] == 1
    assert found["wsecho_messages_total", "out", "raw"] == 2
    assert found["wsecho_message_bytes_total", "in", "raw"] == 3
    assert found["wsecho_rooms",] == 1
    assert found["wsecho_members",] == 2
    assert found["wsecho_history_bytes",] > 0
    assert found["wsecho_closes_total", "1006", "echo"] == 1
    assert found["wsecho_handshakes_refused_total", "over_limit", "503"] == 1
    assert found["wsecho_limit_hits_total", "max-members"] == 1
    assert found["wsecho_event_loop_lag_seconds",] == 0.25
    assert found["wsecho_event_loop_lag_max_seconds",] == 0.5
    assert found["wsecho_wamp_sessions", "realm1"] == 0
    assert found["wsecho_wamp_calls_total", "realm1"] == 0
    assert found["wsecho_stopping",] == 0
    assert found["process_resident_memory_bytes",] > 0
    # Two members, the one that was refused and has not gone yet, and the scraper itself.
    assert found["wsecho_connections",] == 4


def test_openmetrics_is_spoken_to_who_asks_for_it() -> None:
    """As scrapers of today do."""
    server = make_server()
    _, head, body = ask(server, "/metrics", "Accept: application/openmetrics-text; version=1.0.0")
    assert b"application/openmetrics-text" in head
    assert body.endswith(b"# EOF\n")


def test_the_metrics_are_not_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for another origin's page, nor for a token without `operate`."""
    server = make_server()
    assert ask(server, "/metrics", "Origin: https://evil.example")[0] == 403
    admit = OpenGate.admit

    def of_nobody(self: OpenGate, *arguments: Any) -> Any:
        return evolve(admit(self, *arguments), grants=NOTHING)

    monkeypatch.setattr(OpenGate, "admit", of_nobody)
    code, _, body = ask(server, "/metrics")
    assert code == 403
    assert b"operate" in body


def test_the_pulse_measures_how_late_the_loop_is() -> None:
    """By how much its timer came too late; it stops when it is told to."""
    server = make_server()
    lag = LoopLag(server.clock, server.state.stats)
    lag.startService()
    server.clock.advance(1.0)
    assert server.state.stats.lag == 0
    server.clock.advance(1.75)
    server.clock.advance(0.5)
    assert server.state.stats.lag == 0.75
    server.clock.advance(0.5)
    assert (server.state.stats.lag, server.state.stats.longest_lag) == (0, 0.75)
    lag.stopService()
    assert not server.clock.getDelayedCalls()
