# SPDX-License-Identifier: MIT
"""What Prometheus and Grafana are given: they take it, and it names what a server has."""

import json
import re
import shutil
import subprocess

import pytest
import requests

from tests.support.documents import DOCS
from tests.support.processes import PATIENCE, running
from tests.support.redis_server import redis_server

FILES = DOCS / "deploy/prometheus"
METRIC = re.compile(r"wsecho_[a-z_]+")

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt install prometheus"
)


def promtool(*words: str, given: str = "") -> None:
    """Have `promtool` check something."""
    done = subprocess.run(
        ["promtool", "check", *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def scrape() -> str:
    """The metrics of a server of two workers, with Redis."""
    with redis_server() as redis, running("--workers", "2", "--redis", redis.url) as server:
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
    told = set(re.findall(r"^# TYPE (\S+)", scrape, re.MULTILINE))
    named = METRIC.findall((FILES / path).read_text())
    names = {name for name in named if name != "wsecho"}
    assert len(names) >= 6
    assert {name for name in names if not {name, name.removesuffix("_bucket")} & told} == set()


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
