# SPDX-License-Identifier: MIT
"""Several processes' metrics as one."""

import json

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from wsecho.ops.metrics import write_metrics
from wsecho.workers.merging import Merged, Plain, from_plain, to_plain


def metrics(echo: int, rooms: int, lag: float, stopping: int = 0) -> Plain:
    """One process's, as another gets them."""
    counted = CounterMetricFamily("wsecho_messages", "Messages.", labels=["door"])
    counted.add_metric(["echo"], echo)
    if rooms:
        counted.add_metric(["raw"], rooms)
    found: list[Metric] = [
        counted,
        GaugeMetricFamily("wsecho_rooms", "Rooms.", value=rooms),
        GaugeMetricFamily("wsecho_event_loop_lag_seconds", "Lag.", value=lag),
        GaugeMetricFamily("wsecho_stopping", "Stopping.", value=stopping),
    ]
    plain: Plain = json.loads(json.dumps(to_plain(found)))
    return plain


def written(plain: Plain) -> list[str]:
    """What a scraper reads, without comments."""
    body, _ = write_metrics(from_plain(plain), "")
    return [line for line in body.decode().splitlines() if not line.startswith("#")]


def test_what_goes_to_another_process_is_what_comes() -> None:
    """Labels, kinds and all."""
    assert written(metrics(3, 2, 0.5)) == [
        'wsecho_messages_total{door="echo"} 3.0',
        'wsecho_messages_total{door="raw"} 2.0',
        "wsecho_rooms 2.0",
        "wsecho_event_loop_lag_seconds 0.5",
        "wsecho_stopping 0.0",
    ]


def test_counts_add_up_and_extremes_are_kept() -> None:
    """The latest loop counts; the server is stopping only if all of it is."""
    merged = Merged()
    merged.add(metrics(3, 0, 0.5, stopping=1))
    merged.add(metrics(4, 2, 0.25))
    assert written(merged.plain()) == [
        'wsecho_messages_total{door="echo"} 7.0',
        'wsecho_messages_total{door="raw"} 2.0',
        "wsecho_rooms 2.0",
        "wsecho_event_loop_lag_seconds 0.5",
        "wsecho_stopping 0.0",
    ]


def test_of_the_dead_only_counts_stay() -> None:
    """What they had open is closed."""
    gone, merged = Merged(), Merged()
    gone.add(metrics(3, 2, 9.0), counters_only=True)
    gone.add(metrics(1, 1, 9.0), counters_only=True)
    merged.add(metrics(5, 0, 0.0))
    merged.add(gone.plain())
    assert written(merged.plain())[:3] == [
        'wsecho_messages_total{door="echo"} 9.0',
        'wsecho_messages_total{door="raw"} 3.0',
        "wsecho_rooms 0.0",
    ]
