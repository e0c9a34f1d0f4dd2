# SPDX-License-Identifier: MIT
"""What Prometheus and Grafana are given: they take it, and it names what a server has."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml  # type: ignore[import-untyped]  # comes with what builds the documentation

from tests.support.documents import DOCS
from tests.support.processes import PATIENCE, running
from tests.support.redis_server import redis_server

FILES = DOCS / "deploy/prometheus"
METRIC = re.compile(r"wsecho_[a-z_]+")
ALERTS = [
    rule
    for group in yaml.safe_load((FILES / "wsecho.rules.yml").read_text())["groups"]
    for rule in group["rules"]
]


def stands(series: str, trouble: int, well: int) -> dict[str, Any]:
    """What a gauge says in trouble, and when all is well."""
    name = f'{series}{{instance="here"}}'
    return {"trouble": {name: f"{trouble}x15"}, "well": {name: f"{well}x15"}}


def rises(series: str) -> dict[str, Any]:
    """What a counter says: it rises, or stands still."""
    name = f'{series}{{instance="here"}}'
    return {"trouble": {name: "7+1x15"}, "well": {name: "7x15"}}


COMMANDS = 'wsecho_bus_command_seconds_bucket{{instance="here",le="{}"}}'
SAID_OF: dict[str, dict[str, Any]] = {
    "WsechoIsAway": {
        "trouble": {'up{job="wsecho",instance="here"}': "0x15"},
        "well": {'up{job="wsecho",instance="here"}': "1x15", 'up{job="other"}': "0x15"},
        "labels": {"job": "wsecho"},
    },
    "WsechoRedisIsAway": stands("wsecho_bus_up", 0, 1),
    "WsechoRedisIsSlow": {
        "trouble": {COMMANDS.format("0.1"): "0x15", COMMANDS.format("+Inf"): "0+9x15"},
        "well": {COMMANDS.format("0.01"): "0+9x15", COMMANDS.format("+Inf"): "0+9x15"},
    },
    "WsechoRoomsLostTheirHistory": rises("wsecho_bus_renewals_total"),
    "WsechoIsLate": stands("wsecho_event_loop_lag_seconds", 1, 0),
    "WsechoCertificateEnds": stands(
        "wsecho_certificate_end_timestamp_seconds", 7 * 86_400, 9 * 86_400
    ),
    "WsechoWorkerDied": rises("wsecho_worker_deaths_total"),
    "WsechoReadersAreSlow": rises("wsecho_messages_left_out_total"),
}
"""What each alert is raised by, and what it is not."""

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt install prometheus"
)


def promtool(*words: str, given: str = "", command: str = "check") -> None:
    """Have `promtool` check something."""
    done = subprocess.run(
        ["promtool", command, *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def scrape() -> str:
    """The metrics of a server of two workers, with Redis and an application beside it."""
    nobody = "http://127.0.0.1:9/"
    beside = ("--ask", nobody, "--tell", nobody)
    with (
        redis_server() as redis,
        running("--workers", "2", "--redis", redis.url, *beside) as server,
    ):
        answer = requests.get(server.http("/metrics"), timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.text


@needs_promtool
def test_prometheus_takes_its_configuration() -> None:
    """The rules with it."""
    promtool("config", str(FILES / "prometheus.yml"))
    promtool("rules", str(FILES / "wsecho.rules.yml"))


@needs_promtool
def test_prometheus_reads_a_scrape(scrape: str) -> None:
    """And has nothing to say about names, types and units."""
    promtool("metrics", given=scrape)


@pytest.mark.parametrize("path", ["wsecho.rules.yml", "grafana.json"])
def test_each_metric_that_is_asked_for_is_there(scrape: str, path: str) -> None:
    """In a scrape, by its full name, if only as something that nothing has been counted of."""
    told = {
        f"{name}{ending}"
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)", scrape, re.MULTILINE)
        for ending in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
    }
    names = set(METRIC.findall((FILES / path).read_text()))
    assert len(names) >= 6
    assert names - told == set()


@needs_promtool
@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_is_raised(alert: dict[str, Any], tmp_path: Path) -> None:
    """By what it is for, within a quarter of an hour, and by nothing while all is well."""
    name = alert["alert"]
    raised = {
        "exp_labels": {"instance": "here", **alert["labels"], **SAID_OF[name].get("labels", {})},
        "exp_annotations": {
            "summary": alert["annotations"]["summary"].replace("{{ $labels.instance }}", "here")
        },
    }
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": series, "values": values}
                for series, values in SAID_OF[name][state].items()
            ],
            "alert_rule_test": [{"eval_time": "15m", "alertname": name, "exp_alerts": told}],
        }
        for state, told in (("trouble", [raised]), ("well", []))
    ]
    given = {"rule_files": [str(FILES / "wsecho.rules.yml")], "tests": tests}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(given))
    promtool("rules", str(tmp_path / "tests.yml"), command="test")


def test_the_dashboard_is_one() -> None:
    """Each panel has something to ask for, and a place where no other is."""
    panels = json.loads((FILES / "grafana.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_what_is_to_be_watched_is_on_the_dashboard() -> None:
    """Each metric that the page names."""
    watched = set(METRIC.findall((DOCS / "operate/watching.md").read_text()))
    shown = (FILES / "grafana.json").read_text()
    assert len(watched) > 8
    assert {name for name in watched if name not in shown} == set()
