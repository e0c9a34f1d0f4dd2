# SPDX-License-Identifier: MIT
"""The counts of a server as Prometheus metrics, put together when they are asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Final

from attrs import frozen
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from wsecho.bus.interface import Bus
from wsecho.events.delivery import EventDelivery
from wsecho.fanout.rooms import Rooms
from wsecho.hooks.questions import Questions
from wsecho.router import Router
from wsecho.server.state import ServerState
from wsecho.server.stats import Stats
from wsecho.webhooks.asking import WebhookApp

MAXIMA: Final = frozenset(
    {
        "wsecho_send_queue_high_water_bytes",
        "wsecho_event_loop_lag_seconds",
        "wsecho_event_loop_lag_max_seconds",
        "wsecho_events_oldest_seconds",
    }
)
"""Gauges of which the largest tells most, where several processes have one each; others add up."""

MINIMA: Final = frozenset(
    {
        *("wsecho_stopping", "wsecho_bus_up", "wsecho_certificate_end_timestamp_seconds"),
        *("process_start_time_seconds", "process_max_fds"),
    }
)
"""Gauges of which the smallest does."""


class Metrics:
    """All metrics of one process, on a registry of its own.

    Args:
        state: what the doors share.
        rooms: the rooms.
        router: WAMP's sessions and realms.
        lane: the sockets on the lane, None where there is none.
        end_of_certificates: when the first of those that are shown ends, Unix seconds; None where
            there are none.
        questions: what applications are asked, None where there is nobody to ask.
        webhook: the one that is asked over HTTP, None where there is none.
        deliveries: one for each application that is told what happens.
    """

    def __init__(
        self,
        state: ServerState,
        rooms: Rooms,
        router: Router,
        lane: Sized | None = None,
        end_of_certificates: Callable[[], float | None] = lambda: None,
        questions: Questions | None = None,
        webhook: WebhookApp | None = None,
        deliveries: Sequence[EventDelivery] = (),
    ) -> None:
        self._registry = CollectorRegistry()
        counted = lane or (), end_of_certificates, questions, webhook, deliveries
        self._registry.register(_Server(state, rooms, router, *counted))
        ProcessCollector(registry=self._registry)

    def collect(self) -> list[Metric]:
        """Read them."""
        return list(self._registry.collect())


@frozen(eq=False)
class _Read:
    """Metrics that were read already, as the encoders want them."""

    _metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def write_metrics(metrics: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """Return metrics, and their content type, in the form that a scraper asks for.

    Args:
        metrics: what was read.
        accept: the request's `Accept`, empty for none.
    """
    encode, content_type = choose_encoder(accept)
    return encode(_Read(metrics)), content_type


@frozen(eq=False)
class _Server(Collector):
    _state: ServerState
    _rooms: Rooms
    _router: Router
    _lane: Sized
    _end_of_certificates: Callable[[], float | None]
    _questions: Questions | None
    _webhook: WebhookApp | None
    _deliveries: Sequence[EventDelivery]

    def collect(self) -> Iterable[Metric]:
        """Read all counts."""
        yield from _of_doors(self._state.stats)
        yield from _of_traffic(self._state.stats)
        yield from _of_ends(self._state.stats)
        yield self._limits()
        yield from self._sizes()
        yield from _of_bus(self._rooms.bus)
        yield from _of_wamp(self._router)
        yield self._certificates()
        if self._questions is not None and self._questions.counts:
            yield from _of_questions(self._questions)
        if self._webhook is not None:
            yield from _of_webhook(self._webhook)
        if self._deliveries:
            yield from self._events()

    def _events(self) -> Iterator[Metric]:
        deliveries, now = self._deliveries, self._state.wall.now()
        for name, text, number in (
            ("waiting", "Events that an application has yet to take.", lambda each: each.waiting),
            (
                "oldest_seconds",
                "How long ago the oldest of the events happened that it is told now; 0 for none.",
                lambda each: 0.0 if each.oldest is None else max(0.0, now - each.oldest / 1000),
            ),
        ):
            gauge = GaugeMetricFamily(f"wsecho_events_{name}", text, labels=["application"])
            for each in deliveries:
                gauge.add_metric([each.listener.shown], number(each))
            yield gauge
        for name, text, number in (
            ("told", "Events that an application took.", lambda each: each.told),
            (
                "told_again",
                "Events that an application was told once more, for it had not taken them.",
                lambda each: each.again,
            ),
            (
                "missed",
                "Events that an application was told as missed.",
                lambda each: each.missed,
            ),
        ):
            counts = (((each.listener.shown,), number(each)) for each in deliveries)
            yield _counter(f"wsecho_events_{name}", text, ["application"], counts)

    def _certificates(self) -> Metric:
        text = "When the first of the certificates that are shown ends, Unix seconds."
        gauge = GaugeMetricFamily("wsecho_certificate_end_timestamp_seconds", text, labels=[])
        if (end := self._end_of_certificates()) is not None:
            gauge.add_metric([], end)
        return gauge

    def _limits(self) -> Metric:
        met = self._state.stats.limits + self._state.admissions.refused + self._rooms.hub.refused
        text = "How often a limit was met, by the option that sets it."
        return _counter("wsecho_limit_hits", text, ["limit"], (((k,), v) for k, v in met.items()))

    def _sizes(self) -> Iterator[Metric]:
        state, hub = self._state, self._rooms.hub
        rooms = hub.rooms()
        for name, text, value in (
            ("rooms", "Rooms that there are.", len(rooms)),
            ("members", "Connections in rooms.", sum(len(room) for room in rooms)),
            ("history_bytes", "What all rooms' messages take.", hub.size),
            (
                "connections",
                "Connections of any kind, as --max-connections counts them.",
                len(state.admissions),
            ),
            (
                "send_queue_high_water_bytes",
                "The most that ever waited for one reader.",
                state.stats.longest_queue,
            ),
            (
                "event_loop_lag_seconds",
                "How late the event loop was when it was last measured.",
                state.stats.lag,
            ),
            (
                "event_loop_lag_max_seconds",
                "The most that the event loop was ever late.",
                state.stats.longest_lag,
            ),
            ("lane_connections", "Open WebSockets and event streams on the lane.", len(self._lane)),
            ("stopping", "1 while the server is about to end.", state.connections.is_stopping),
        ):
            yield GaugeMetricFamily(f"wsecho_{name}", text, value=value)


def _of_doors(stats: Stats) -> Iterator[Metric]:
    is_open = GaugeMetricFamily("wsecho_door_connections", "Open connections.", labels=["door"])
    for name, door in stats.doors.items():
        is_open.add_metric([name], len(door.visits))
    yield is_open
    yield _counter(
        "wsecho_door_connections_opened",
        "Connections that were opened.",
        ["door"],
        (((name,), door.opened) for name, door in stats.doors.items()),
    )


def _of_traffic(stats: Stats) -> Iterator[Metric]:
    stats.count()
    messages = CounterMetricFamily(
        "wsecho_messages", "Messages that went through a door.", labels=["door", "direction"]
    )
    octets = CounterMetricFamily(
        "wsecho_message_bytes",
        "Bytes of these messages: payloads, on the way in and of what echo answers; all else on "
        "the way out as it was written, with heads of frames, compressed where that was agreed.",
        labels=["door", "direction"],
    )
    for name, door in stats.doors.items():
        messages.add_metric([name, "in"], door.total("messages_in"))
        messages.add_metric([name, "out"], door.total("messages_out"))
        octets.add_metric([name, "in"], door.total("bytes_in"))
        octets.add_metric([name, "out"], door.total("bytes_out"))
    yield messages
    yield octets


def _of_ends(stats: Stats) -> Iterator[Metric]:
    yield _counter(
        "wsecho_closes", "Connections that ended.", ["door", "code"], stats.closes.items()
    )
    yield _counter(
        "wsecho_handshakes_refused",
        "Opening handshakes that failed.",
        ["status", "code"],
        (((str(status), code), count) for (status, code), count in stats.refusals.items()),
    )
    yield _counter(
        "wsecho_messages_left_out",
        "Messages that were left out for slow readers.",
        ["door"],
        (((door,), count) for door, count in stats.left_out.items()),
    )

    yield _counter(
        "wsecho_forwarded_requests",
        "Requests for sessions that live on another node, by what came of them.",
        ["outcome"],
        (((outcome,), count) for outcome, count in stats.forwarded.items()),
    )


def _of_bus(bus: Bus) -> Iterator[Metric]:
    measures = bus.measures
    if measures is None:
        return
    for name, text, value in (
        ("up", "1 while Redis is connected to.", bus.is_up),
        ("rooms", "Rooms that are followed over Redis.", len(bus)),
    ):
        yield GaugeMetricFamily(f"wsecho_bus_{name}", text, value=value)
    for name, text, value in (
        ("connects", "Connections to Redis that were usable.", measures.connects),
        (
            "canaries_lost",
            "Times that this server did not hear itself through Redis.",
            measures.canaries_lost,
        ),
        ("timeouts", "Commands that Redis did not answer in time.", measures.timeouts),
        ("refused", "Commands that Redis answered with an error.", measures.refused),
        ("renewals", "Times that a room's readers were told of a new epoch.", measures.renewals),
        ("catch_ups", "Times that a room was read from its log again.", measures.catch_ups),
    ):
        yield CounterMetricFamily(f"wsecho_bus_{name}", text, value=value)
    yield HistogramMetricFamily(
        "wsecho_bus_command_seconds",
        "How long Redis takes to answer.",
        buckets=measures.cumulated(),
        sum_value=measures.seconds,
    )


def _of_questions(questions: Questions) -> Iterator[Metric]:
    counts = questions.counts
    taken = HistogramMetricFamily(
        "wsecho_question_seconds",
        "How long an application took over a question, by which.",
        labels=["question"],
    )
    for question, count in counts.items():
        taken.add_metric([question], count.cumulated(), count.seconds)
    yield taken
    for name, text in (
        ("refused", "Questions that were answered by no, by the code that the client was told."),
        ("failed", "Questions that had no answer, by the code that the client was told."),
    ):
        found = (
            ((question, code), number)
            for question, count in counts.items()
            for code, number in getattr(count, name).items()
        )
        yield _counter(f"wsecho_questions_{name}", text, ["question", "code"], found)
    dropped = sum(count.dropped for count in counts.values())
    text = "Messages that an application dropped: acknowledged, and said to nobody."
    yield CounterMetricFamily("wsecho_messages_dropped", text, value=dropped)


def _of_webhook(app: WebhookApp) -> Iterator[Metric]:
    for name, text, value in (
        (
            "breaker_open",
            "1 while the application of --ask is left alone.",
            not app.breaker.is_closed,
        ),
        (
            "under_way",
            "Questions that the application of --ask has, and has not answered.",
            app.under_way,
        ),
        ("waiting", "Questions that wait until fewer are under way.", app.waiting),
        ("kept_answers", "Answers that are kept.", len(app.cache)),
    ):
        yield GaugeMetricFamily(f"wsecho_ask_{name}", text, value=value)
    for name, text, value in (
        ("breaker_opened", "Times that five questions in a row had no answer.", app.breaker.opened),
        ("kept_answers_used", "Questions that were answered by what is kept.", app.cache.used),
    ):
        yield CounterMetricFamily(f"wsecho_ask_{name}", text, value=value)


def _of_wamp(router: Router) -> Iterator[Metric]:
    names = [(name,) for name in router.realms]
    realms = list(router.realms.values())
    sessions = GaugeMetricFamily("wsecho_wamp_sessions", "Open WAMP sessions.", labels=["realm"])
    for name, realm in router.realms.items():
        sessions.add_metric([name], len(realm.sessions))
    yield sessions
    for metric, text, counts in (
        ("calls", "WAMP calls.", [realm.counters.calls for realm in realms]),
        ("publications", "WAMP publications.", [realm.counters.publications for realm in realms]),
        ("events", "WAMP events sent.", [realm.counters.events for realm in realms]),
        (
            "events_left_out",
            "WAMP events that a subscriber's serializer could not carry.",
            [realm.counters.left_out for realm in realms],
        ),
    ):
        yield _counter(f"wsecho_wamp_{metric}", text, ["realm"], zip(names, counts, strict=True))


def _counter(
    name: str, text: str, labels: list[str], counts: Iterable[tuple[tuple[str, ...], int]]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts:
        family.add_metric(values, count)
    return family
