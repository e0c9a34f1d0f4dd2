# SPDX-License-Identifier: MIT
"""The metrics of a server, as they are read."""

from typing import Any, cast

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.testing import MemoryReactorClock
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from tests.support.told import NotingListener
from tests.unit.doors.harness import Server
from wsecho.app.asked_webhook import asked_webhook
from wsecho.config.config import Config
from wsecho.events.delivery import EventDelivery
from wsecho.ops.metrics import MAXIMA, MINIMA, Metrics, write_metrics
from wsecho.webhooks.breaker import MAX_FAILURES
from wsecho.webhooks.url import WebhookUrl


def read(server: Server, lane: Any = None) -> list[Metric]:
    """All metrics of a server."""
    return Metrics(server.state, server.rooms, server.router, lane).collect()


def values(metrics: list[Metric]) -> dict[tuple[str, ...], float]:
    """Each sample, by its name and its labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_a_new_server_has_counted_nothing() -> None:
    """But has all gauges; of a bus in memory there is nothing to tell."""
    told = values(read(Server(Config(auto_ping=0))))
    for name in ("rooms", "members", "history_bytes", "connections", "lane_connections"):
        assert told[f"wsecho_{name}",] == 0
    assert told["wsecho_wamp_sessions", "realm1"] == 0
    assert not any(name.startswith("wsecho_bus_") for name, *_ in told)


def test_what_is_open_and_was_said_is_counted() -> None:
    """In a room, by its door; what was refused, by what refused it."""
    server = Server(Config(auto_ping=0))
    client = server.open("/broadcast/a")
    client.peer.lose()
    server.open("/broadcast/a")
    server.rooms.publish("a", b"hello", is_binary=False)
    server.state.stats.limits["max-message-size"] += 2
    told = values(read(server, lane=[1, 2, 3]))
    assert told["wsecho_rooms",] == 1
    assert told["wsecho_members",] == 1
    assert told["wsecho_history_bytes",] > 5
    assert told["wsecho_lane_connections",] == 3
    assert told["wsecho_limit_hits_total", "max-message-size"] == 2
    [door] = server.state.stats.doors
    assert told["wsecho_door_connections", door] == 1
    assert told["wsecho_door_connections_opened_total", door] == 2
    assert told["wsecho_messages_total", door, "out"] == 1


def test_an_application_over_http_is_told_of_as_it_is() -> None:
    """Nothing of it where there is none."""
    server = Server(Config(auto_ping=0))
    assert not any(name.startswith("wsecho_ask_") for name, *_ in values(read(server)))
    app = asked_webhook(
        Config(ask=WebhookUrl("http", "app", 80)), MemoryReactorClock(), tuple, lambda: 0.0
    )
    assert app is not None
    metrics = Metrics(server.state, server.rooms, server.router, webhook=app)
    told = values(metrics.collect())
    assert told["wsecho_ask_breaker_open",] == told["wsecho_ask_breaker_opened_total",] == 0
    for _ in range(MAX_FAILURES):
        app.breaker.fail(app.breaker.begin())
    app.cache.keep("main", "ann", None, 60)
    assert app.cache.knows("main", "ann")
    told = values(metrics.collect())
    assert told["wsecho_ask_breaker_open",] == told["wsecho_ask_breaker_opened_total",] == 1
    assert told["wsecho_ask_kept_answers",] == told["wsecho_ask_kept_answers_used_total",] == 1
    assert told["wsecho_ask_under_way",] == told["wsecho_ask_waiting",] == 0


def test_an_application_that_is_told_is_told_of() -> None:
    """What waits, and what came of the rest; nothing of it where nobody is told."""
    server = Server(Config(auto_ping=0))
    assert not any(name.startswith("wsecho_events_") for name, *_ in values(read(server)))
    delivery = EventDelivery(NotingListener("app:App"), cast(Any, None), server.clock)
    delivery.waiting, delivery.told, delivery.again, delivery.missed = 1, 2, 3, 4
    metrics = Metrics(server.state, server.rooms, server.router, deliveries=[delivery])
    told = values(metrics.collect())
    assert told["wsecho_events_waiting", "app:App"] == 1
    assert told["wsecho_events_told_total", "app:App"] == 2
    assert told["wsecho_events_told_again_total", "app:App"] == 3
    assert told["wsecho_events_missed_total", "app:App"] == 4
    assert told["wsecho_events_oldest_seconds", "app:App"] == 0
    delivery.oldest = int((server.state.wall.now() - 5) * 1000)
    assert values(metrics.collect())["wsecho_events_oldest_seconds", "app:App"] >= 5
    assert {"wsecho_events_oldest_seconds"} <= MAXIMA


def test_bytes_of_messages_are_what_the_help_says() -> None:
    """Payloads on the way in and of what echo answers; else what was written, with its heads."""
    server = Server(Config(auto_ping=0))
    echo, raw = server.open("/echo"), server.open("/broadcast/a")
    stream = server.ask("GET", "/broadcast/a", accept="text/event-stream")
    before = values(read(server))
    stream.peer.received()
    echo.text("hello")
    raw.text("hello")
    after = values(read(server))

    def counted(*labels: str) -> float:
        sample = ("wsecho_message_bytes_total", *labels)
        return after[sample] - before[sample]

    assert (counted("echo", "in"), counted("echo", "out")) == (5, 5)
    assert (counted("raw", "in"), counted("raw", "out")) == (5, len(b"\x81\x05hello"))
    assert counted("sse", "out") == len(stream.peer.received()) > 5


@pytest.mark.parametrize(("path", "packs"), [("/echo", False), ("/broadcast/a", True)])
def test_what_is_compressed_counts_as_the_help_says(path: str, packs: bool) -> None:
    """As it was written to a room's members; echo counts what it says, either way."""
    server = Server(Config(auto_ping=0))
    client = server.open(path, extensions=[ClientPerMessageDeflateFactory()])
    client.text("x" * 5000)
    told = values(read(server))
    [door] = server.state.stats.doors
    assert told["wsecho_message_bytes_total", door, "in"] == 5000
    assert (told["wsecho_message_bytes_total", door, "out"] < 100) is packs


def test_a_server_that_stops_says_so() -> None:
    """So that nobody sends it more."""
    server = Server(Config(auto_ping=0))
    server.state.connections.retry = 1.0
    assert values(read(server))["wsecho_stopping",] == 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", "text/plain"), ("application/openmetrics-text", "application/openmetrics-text")],
)
def test_they_are_written_as_a_scraper_asks(accept: str, kind: str) -> None:
    """What was read is written, however often."""
    metrics = read(Server(Config(auto_ping=0)))
    written, content_type = write_metrics(metrics, accept)
    assert content_type.startswith(kind)
    assert write_metrics(metrics, accept) == (written, content_type)
    assert written.endswith(b"# EOF\n") == (kind != "text/plain")


def test_prometheus_reads_what_is_written() -> None:
    """All of it."""
    metrics = read(Server(Config(auto_ping=0)))
    written, _ = write_metrics(metrics, "")
    families = {family.name for family in text_string_to_metric_families(written.decode())}
    assert {metric.name for metric in metrics} <= families


def test_what_is_not_added_up_is_a_gauge_that_there_is() -> None:
    """A name that is written otherwise would be added up in silence."""
    names = {metric.name for metric in read(Server(Config(auto_ping=0)))}
    known = (MAXIMA | MINIMA) - {"wsecho_bus_up", "wsecho_events_oldest_seconds"}
    assert known <= names
    assert not MAXIMA & MINIMA
