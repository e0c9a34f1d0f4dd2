# SPDX-License-Identifier: MIT
"""`scripts/bench`: choosing, ratios, verdicts, table and chart, without a socket."""

import asyncio
import json
import os
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from _bench import chart, environment, loading, payloads, table
from _bench.before import beside, is_checkout, revision
from _bench.clients.driving import BLOCK, Progress, Told, together
from _bench.clients.driving import measured as driven
from _bench.command import parse, status
from _bench.environment import Environment, Feature, compile_generator, install, missing
from _bench.judging import Measured, Sample, Spread, judge, ratio, spread
from _bench.loading import Bench, arguments, value
from _bench.peers import Command, command, driver
from _bench.report import Report, check_place
from _bench.rows import (
    ALL_ROUND_PEERS,
    BARE,
    BEFORE,
    CLIENT_ROWS,
    CORE_ROWS,
    OURS,
    PEERS,
    ROWS,
    SCALE_ROWS,
    Entry,
    Load,
    Measure,
    Row,
    Target,
    growth_of_echo,
)
from _bench.serving import LackingError, MeasureError, all_ready, tree
from _bench.session import Settings, _Runner, chosen, needs, order
from _shared.errors import CannotRunError
from hypothesis import given
from hypothesis import strategies as st

LOAD = Load("echo", 2)
ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"


def row(*targets: Target, measure: Measure = Measure.RATE) -> Row:
    """A row of three servers."""
    entries = tuple(Entry(name, name, LOAD) for name in (OURS, "picows", "aiohttp"))
    return Row("echo-2", "echo <2>", "echoes/s", entries, targets, measure)


def measured(of: Row, **values: Sequence[float | None]) -> Measured:
    """What a run would give: a list of values, one a round, for each entry."""
    samples = {
        name: [None if v is None else Sample(v, {"own_cpu": 0.25, "server_cpu": 1.0}) for v in many]
        for name, many in values.items()
    }
    troubles = {name: "it fell over" for name, many in values.items() if None in many}
    return Measured(of, samples, troubles)


AT_LEAST = Target(1.0, ("picows",))


class TestRatios:
    """Values are compared within a round."""

    def test_a_ratio_is_the_median_of_the_rounds_ratios(self) -> None:
        """A machine that slows down for a round slows both down: the ratio stays."""
        found = ratio(
            measured(row(AT_LEAST), wsecho=[200, 20, 160], picows=[100, 10, 100]), OURS, ["picows"]
        )
        assert found == Spread(2.0, 1.6, 2.0)

    def test_the_best_of_others_is_the_round_s_best(self) -> None:
        """The better of two peers may be another one in each round."""
        run = measured(row(AT_LEAST), wsecho=[100, 100], picows=[50, 200], aiohttp=[100, 50])
        assert ratio(run, OURS, ["picows", "aiohttp"]) == Spread(0.75, 0.5, 1.0)

    def test_where_less_is_better_the_best_is_the_least(self) -> None:
        """Memory is held against the peer that needs least."""
        run = measured(
            row(AT_LEAST, measure=Measure.MEMORY), wsecho=[6.0], picows=[8.0], aiohttp=[12.0]
        )
        assert ratio(run, OURS, ["picows", "aiohttp"]) == Spread(0.75, 0.75, 0.75)

    def test_a_round_that_lacks_a_value_is_left_out(self) -> None:
        """A failed round of either side is no zero."""
        run = measured(row(AT_LEAST), wsecho=[None, 100, 90], picows=[10, None, 100])
        assert ratio(run, OURS, ["picows"]) == Spread(0.9, 0.9, 0.9)

    def test_without_a_whole_round_there_is_no_ratio(self) -> None:
        """Nothing is made up from rounds that have only one side."""
        run = measured(row(AT_LEAST), wsecho=[None, 1], picows=[1, None])
        assert ratio(run, OURS, ["picows"]) is None

    def test_no_values_no_spread(self) -> None:
        """A server that never ran has none."""
        assert spread([None, None]) is None

    @given(st.lists(st.floats(0.1, 1e9), min_size=1, max_size=9), st.floats(0.01, 100))
    def test_a_drift_of_the_machine_changes_no_ratio(
        self, speeds: list[float], factor: float
    ) -> None:
        """Whatever the rounds' speeds, a server that is k times as fast has the ratio k."""
        run = measured(row(AT_LEAST), wsecho=[factor * speed for speed in speeds], picows=speeds)
        found = ratio(run, OURS, ["picows"])
        assert found is not None
        assert found.low == pytest.approx(factor)
        assert found.high == pytest.approx(factor)


class TestVerdicts:
    """Reached, not reached, not measured."""

    @pytest.mark.parametrize(("ours", "reached"), [(99, False), (100, True), (101, True)])
    def test_at_least(self, ours: float, *, reached: bool) -> None:
        """A rate must reach its target; exactly is enough."""
        verdict = judge(measured(row(AT_LEAST), wsecho=[ours], picows=[100]))[0]
        assert verdict.reached is reached

    @pytest.mark.parametrize(("ours", "reached"), [(79, True), (80, True), (81, False)])
    def test_at_most(self, ours: float, *, reached: bool) -> None:
        """Memory must not pass its target; exactly is allowed."""
        kind = row(Target(0.8, ("picows",)), measure=Measure.MEMORY)
        verdict = judge(measured(kind, wsecho=[ours], picows=[100]))[0]
        assert verdict.reached is reached

    def test_a_peer_that_was_not_asked_for(self) -> None:
        """Its target is neither reached nor missed."""
        verdict = judge(measured(row(AT_LEAST), wsecho=[100]))[0]
        assert (verdict.ratio, verdict.reached) == (None, None)

    def test_the_status_tells(self) -> None:
        """0 where all that was measured is reached, 1 where one is missed or ours failed."""
        good = measured(row(AT_LEAST), wsecho=[100], picows=[100])
        slow = measured(row(AT_LEAST), wsecho=[1], picows=[100])
        failed = measured(row(AT_LEAST), wsecho=[None], picows=[100])
        unjudged = measured(row(AT_LEAST), wsecho=[1])
        assert [status([run]) for run in (good, unjudged, slow, failed)] == [0, 0, 1, 1]

    def test_a_skipped_row_is_no_failure(self) -> None:
        """What the machine lacks is told, and says nothing about the server."""
        assert status([Measured(row(AT_LEAST), {}, skipped="no headers")]) == 0

    def test_a_point_of_a_line_is_held_against_all_before_it(self) -> None:
        """Cost grows by no more than 30 %: each at least 0.7 of the round's best smaller one."""
        line = growth_of_echo([10, 100, 1000])
        run = measured(line, **{"10": [50, 25], "100": [100, 50], "1,000": [60, 30]})
        assert [verdict.reached for verdict in judge(run)] == [True, False]
        assert [verdict.ratio and verdict.ratio.median for verdict in judge(run)] == [2.0, 0.6]

    def test_a_failure_of_any_of_our_lines_counts(self) -> None:
        """A row may hold several loads of ours under names of their own."""
        entries = (Entry("small", OURS, LOAD), Entry("large", OURS, LOAD))
        kind = Row("growth", "", "", entries, (Target(0.7, ("small",), "large"),))
        assert status([measured(kind, small=[1], large=[None])]) == 1


class TestTable:
    """What stands on the terminal."""

    def test_values_ratios_and_shares_of_a_core(self) -> None:
        """Each server has a line, and says how busy both cores were."""
        run = measured(row(AT_LEAST), wsecho=[258_000, 250_000, 260_000], picows=[250_000] * 3)
        lines = table.render(run).splitlines()
        assert lines[0] == "echo-2: echo <2> (echoes/s)"
        assert lines[1].split() == [
            *("wsecho", "258,000", "1.03", "(1.00-1.04)"),
            *("server", "100%", "generator", "25%"),
        ]
        assert lines[-1] == "  [ reached      ] wsecho: at least 1 of picows: 1.03 (1.00-1.04)"

    def test_the_same_program_before_is_held_to_what_a_message_costs(self) -> None:
        """A rate alone tells how much of the processors others had meanwhile."""
        against = row(Target(0.97, ("before",)), Target(1, ("picows",)))
        samples: dict[str, list[Sample | None]] = {
            OURS: [Sample(100, {"server_cpu": 0.5}), None, Sample(90, {"server_cpu": 0.9})],
            "before": [Sample(150, {"server_cpu": 1.0}), Sample(1), Sample(100, {})],
            "picows": [Sample(50, {"server_cpu": 1.0})] * 3,
        }
        lines = table.render(Measured(against, samples)).splitlines()
        assert [line.strip() for line in lines[-3:]] == [
            "[ NOT REACHED  ] wsecho: at least 0.97 of before: 0.78 (0.67-0.90)",
            "in a second of its processor: 1.33 (1.33-1.33)",
            "[ reached      ] wsecho: at least 1 of picows: 1.90 (1.80-2.00)",
        ]

    def test_a_missed_target_stands_out(self) -> None:
        """It is in capitals, with its ratio."""
        run = measured(row(AT_LEAST), wsecho=[50], picows=[100])
        assert "[ NOT REACHED  ] wsecho: at least 1 of picows: 0.50" in table.render(run)

    def test_a_server_that_failed_says_why(self) -> None:
        """A failure is a line of the table, not the end of the run."""
        text = table.render(measured(row(AT_LEAST), wsecho=[100], picows=[None]))
        assert "picows  failed: it fell over" in text
        assert "[ not measured ]" in text

    def test_a_round_that_failed_is_told(self) -> None:
        """The other rounds count all the same."""
        text = table.render(measured(row(AT_LEAST), wsecho=[100, 100], picows=[100, None]))
        assert "(a round failed: it fell over)" in text
        assert "[ reached" in text

    def test_connections_that_did_not_open_are_told(self) -> None:
        """A few of them do not fail the round; how many there were, and why, is said."""
        details: dict[str, float | str] = {
            "attempts": 1000,
            "failed": 3,
            "trouble": "end of stream",
        }
        run = Measured(row(), {OURS: [Sample(1, details), Sample(1, {"attempts": 500})]})
        assert "(3 of 1,500 connections did not open: end of stream)" in table.render(
            replace(run, row=row(AT_LEAST))
        )

    @pytest.mark.parametrize(("share", "said"), [(0.9, False), (0.91, True)])
    def test_a_busy_generator_is_told(self, share: float, *, said: bool) -> None:
        """Above 90 % of its core it may be what was measured."""
        sample = Sample(1, {"own_cpu": share})
        run = Measured(row(AT_LEAST), {OURS: [sample], "picows": [sample]})
        assert ("generator-bound" in table.render(run)) is said
        assert ("generator-bound" in table.summary([run])) is said

    def test_a_server_that_waits_is_told_where_cost_grows(self) -> None:
        """A point of a line at which the server was not busy tells nothing about cost."""
        details = {"own_cpu": 0.5, "server_cpu": 0.5}
        run = Measured(growth_of_echo([10]), {"10": [Sample(1, details)]})
        assert "(the server was not kept busy)" in table.render(run)

    def test_a_busy_client_is_what_is_measured(self) -> None:
        """It is no generator that might be too slow; how busy its feeder was is told."""
        client = replace(row(AT_LEAST), entries=(Entry(OURS, OURS, replace(LOAD, client=OURS)),))
        details = {"own_cpu": 1.0, "server_cpu": 0.5, "feeder_cpu": 0.05}
        run = Measured(client, {OURS: [Sample(1, details)], "picows": [Sample(1, details)]})
        assert "server  50%  client 100%  feeder   5%" in table.render(run)
        assert "generator-bound" not in table.render(run) + table.summary([run])

    def test_what_nothing_is_asked_of_has_no_ratio(self) -> None:
        """It is shown all the same, on the terminal and in the chart."""
        run = measured(row(), wsecho=[3.5])
        assert table.render(run).splitlines()[1].split()[:3] == ["wsecho", "3.5", "-"]
        assert ">3.5<" in chart.render([run], "")

    def test_redis_and_both_latencies_are_told(self) -> None:
        """Where there is a Redis."""
        details = {"own_cpu": 0.1, "server_cpu": 1.5, "redis_cpu": 0.25}
        sample = Sample(9.0, details | {"p50_us": 1234.0, "p99_us": 4321.0})
        said = table.render(Measured(row(AT_LEAST), {"wsecho": [sample]}))
        assert "server 150%  generator  10%  Redis  25%  p50 1,234 µs  p99 4,321 µs" in said

    def test_what_was_agreed_on_is_told(self) -> None:
        """Whoever compares compression must see whether the parameters are the same."""
        run = Measured(row(AT_LEAST), {OURS: [Sample(1, {"extensions": "permessage-deflate; x"})]})
        assert "wsecho agreed on permessage-deflate; x" in table.render(run)

    def test_a_skipped_row_says_why(self) -> None:
        """In its own table, and in the last one."""
        run = Measured(row(AT_LEAST), {}, skipped="no headers")
        assert table.render(run).endswith("skipped: no headers")
        heads, *lines = table.summary([run]).splitlines()
        assert heads.startswith("row")
        assert [line.split() for line in lines] == [["echo-2", *"------", "skipped"]]

    def test_the_summary_has_a_line_for_each_target(self) -> None:
        """With both values, both shares of both cores, the ratio and the verdict."""
        both = row(AT_LEAST, Target(0.5, ("picows", "aiohttp")))
        run = measured(both, wsecho=[80, 90], picows=[100, 100], aiohttp=[120, 160])
        heads, first, second = table.summary([run]).splitlines()
        assert heads.split() == [
            *("row", "target", "ratio", "wsecho", "peer", "server", "generator", "verdict")
        ]
        assert first.split() == [
            *("echo-2", ">=", "1", "of", "picows", "0.85", "(0.80-0.90)", "85.0", "100", "picows"),
            *("100%", "/", "100%", "25%", "/", "25%", "NOT", "REACHED"),
        ]
        assert second.split()[4:8] == ["picows|aiohttp", "0.61", "(0.56-0.67)", "85.0"]
        assert second.split()[8:10] == ["140", "aiohttp"]

    def test_without_the_reference_there_are_values_alone(self) -> None:
        """A run against other peers needs no ratio to be read."""
        line = table.render(measured(row(AT_LEAST), wsecho=[7.25])).splitlines()[1]
        assert line.split()[:3] == ["wsecho", "7.2", "server"]


class TestChart:
    """The SVG."""

    def test_it_is_one_document_of_bars_ranges_and_targets(self) -> None:
        """Names are escaped, ours is marked, a failure is said."""
        run = measured(row(AT_LEAST), wsecho=[50, 60], picows=[100, 90], aiohttp=[None, None])
        root = ET.fromstring(chart.render([run], "when & how"))
        classes = [element.get("class") for element in root.iter()]
        texts = [element.text for element in root.iter(f"{SVG}text")]
        assert (classes.count("ours"), classes.count("bar"), classes.count("target")) == (1, 1, 1)
        assert classes.count("range") == 2
        assert "when & how" in texts
        assert "echo <2> (echoes/s, more is better)" in texts
        assert "failed" in texts

    def test_bars_are_in_proportion(self) -> None:
        """Half the rate is half the bar, and the target stands where the other's bar ends."""
        run = measured(row(AT_LEAST), wsecho=[50], picows=[100])
        root = ET.fromstring(chart.render([run], ""))
        ours, theirs = (
            next(element for element in root.iter(f"{SVG}rect") if element.get("class") == kind)
            for kind in ("ours", "bar")
        )
        assert 2 * float(ours.attrib["width"]) == pytest.approx(float(theirs.attrib["width"]))
        target = next(line for line in root.iter(f"{SVG}line") if line.get("class") == "target")
        end = float(theirs.attrib["x"]) + float(theirs.attrib["width"])
        assert float(target.attrib["x1"]) == pytest.approx(end)

    def test_a_target_beyond_all_bars_is_in_the_chart(self) -> None:
        """The scale makes place for it: three times the other's bar is where it stands."""
        run = measured(row(Target(3.0, ("picows",))), wsecho=[50], picows=[100])
        root = ET.fromstring(chart.render([run], ""))
        bar = next(each for each in root.iter(f"{SVG}rect") if each.get("class") == "bar")
        target = next(each for each in root.iter(f"{SVG}line") if each.get("class") == "target")
        left, width = float(bar.attrib["x"]), float(bar.attrib["width"])
        assert float(target.attrib["x1"]) == pytest.approx(left + 3 * width, abs=0.5)

    def test_how_cost_grows_is_a_line(self) -> None:
        """A point at each size, evenly spaced by its logarithm, over the band of 30 %."""
        run = measured(growth_of_echo([10, 100, 1000]), **{"10": [9], "100": [10], "1,000": [8]})
        root = ET.fromstring(chart.render([run], ""))
        curve = next(root.iter(f"{SVG}polyline")).attrib["points"]
        across = [float(point.split(",")[0]) for point in curve.split()]
        assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
        band = next(each for each in root.iter(f"{SVG}rect") if each.get("class") == "band")
        heights = [float(circle.attrib["cy"]) for circle in root.iter(f"{SVG}circle")]
        assert min(heights) == pytest.approx(float(band.attrib["y"]), abs=0.1)
        assert max(heights) < float(band.attrib["y"]) + float(band.attrib["height"])

    def test_what_the_machine_allows_has_no_band(self) -> None:
        """Nothing is asked of it, and nothing judged."""
        run = measured(growth_of_echo([10, 100], BARE), **{"10": [9], "100": [10]})
        root = ET.fromstring(chart.render([run], ""))
        assert "band" not in [each.get("class") for each in root.iter(f"{SVG}rect")]
        assert len(list(root.iter(f"{SVG}circle"))) == 2
        assert "growth-echo-bare" in table.render(run)
        assert judge(run) == []

    def test_a_point_that_failed_is_said(self) -> None:
        """The others make the line."""
        values: dict[str, list[float | None]] = {"10": [9], "100": [None]}
        run = measured(growth_of_echo([10, 100]), **values)
        root = ET.fromstring(chart.render([run], ""))
        assert "failed" in [element.text for element in root.iter(f"{SVG}text")]
        assert len(list(root.iter(f"{SVG}circle"))) == 1

    def test_a_skipped_row_is_in_the_chart(self) -> None:
        """With its reason in place of bars."""
        run = Measured(row(AT_LEAST), {}, skipped="no <headers>")
        root = ET.fromstring(chart.render([run], ""))
        assert "skipped: no <headers>" in [element.text for element in root.iter(f"{SVG}text")]

    def test_nothing_measured_is_still_a_chart(self) -> None:
        """A run in which all failed is reported, too."""
        root = ET.fromstring(chart.render([measured(row(AT_LEAST), wsecho=[None])], ""))
        assert root.tag == f"{SVG}svg"
        assert not [
            rect for rect in root.iter(f"{SVG}rect") if rect.get("class") in {"ours", "bar"}
        ]


class TestReport:
    """The folder."""

    def test_three_files(self, tmp_path: Path) -> None:
        """The JSON has every round's value, the ratio and the verdict."""
        settings = Settings(tmp_path, (), 2, 0.5, tmp_path)
        run = measured(row(AT_LEAST), wsecho=[100, 120], picows=[100, 100])
        Report(tmp_path, {"picows": "2.3"}, settings).write([run])
        whole = json.loads((tmp_path / "bench.json").read_text())
        ours = whole["rows"][0]["entries"][OURS]
        assert ours["values"] == [100, 120]
        assert ours["ratio"]["median"] == pytest.approx(1.1)
        assert ours["details"][0]["own_cpu"] == 0.25
        target = whole["rows"][0]["targets"][0]
        assert target["reached"] is True
        assert (target["subject"]["value"], target["peer"]["value"]) == (110, 100)
        assert (target["peer"]["server_cpu"], target["peer"]["generator_cpu"]) == (1.0, 0.25)
        assert whole["wsecho_options"] == []
        assert whole["versions"] == {"picows": "2.3"}
        assert "median of 2 x 0.5 s; wsecho with --no-connection-log" in whole["about"]
        assert "echo-2" in (tmp_path / "bench.txt").read_text()
        assert (tmp_path / "bench.svg").read_text().startswith("<svg")

    def test_who_was_left_out_is_told(self, tmp_path: Path) -> None:
        """Beside what was measured, with the reason."""
        settings = Settings(tmp_path, (), 1, 0.5, tmp_path)
        run = measured(row(AT_LEAST), wsecho=[100])
        Report(tmp_path, {}, settings, {"bun": "no binary"}).write([run])
        assert "bun is left out: no binary" in (tmp_path / "bench.txt").read_text()
        assert json.loads((tmp_path / "bench.json").read_text())["left_out"] == {"bun": "no binary"}

    def test_the_date_is_told(self, tmp_path: Path) -> None:
        """Numbers without a date are worth little."""
        about = Report(tmp_path, {}, Settings(tmp_path, (), 1, 1, tmp_path)).about(
            datetime(2026, 11, 24, 17, 5, tzinfo=UTC)
        )
        assert about.startswith("2026-11-24 17:05 UTC")

    def test_a_place_that_is_a_file_is_refused(self, tmp_path: Path) -> None:
        """Before anything is measured."""
        (tmp_path / "report").write_text("mine")
        with pytest.raises(CannotRunError, match="report"):
            check_place(tmp_path / "report")


class TestRows:
    """What there is to measure."""

    def test_names_are_one_of_a_kind_and_every_target_is_of_an_entry(self) -> None:
        """A target of something that is not measured could never be reached."""
        assert len({row.name for row in ROWS}) == len(ROWS)
        for each in ROWS:
            names = {entry.name for entry in each.entries}
            assert len(names) == len(each.entries), each.name
            assert {target.subject for target in each.targets} <= names, each.name
            assert {other for target in each.targets for other in target.of} <= names, each.name
            assert {entry.peer for entry in each.entries} <= {OURS, *PEERS}, each.name

    def test_bun_is_to_be_reached_in_each_row_of_echoes_and_rooms(self) -> None:
        """Its server is C++; so it is over TLS, compressed, and in the memory of the idle."""
        of_bun = {each.name for each in ROWS if Target(1.0, ("bun",)) in each.targets}
        plain = {each.name for each in ROWS if each.name.startswith(("echo-", "broadcast-"))}
        assert of_bun == plain | {"tls-50", "deflate-50", "deflate-50-none", "memory-idle"}

    def test_a_room_is_held_against_what_the_machine_allows(self) -> None:
        """A frame costs everybody the same system call, so that no multiple of a peer is fair."""
        room = next(each for each in ROWS if each.name == "broadcast-1000")
        assert Target(0.95, (BARE,)) in room.targets
        assert not [target for target in room.targets if target.limit > 1]

    def test_who_has_echoes_and_rooms_has_all_such_rows(self) -> None:
        """And handshakes, and idle connections."""
        for each in ROWS:
            if each.name.startswith(("echo-", "broadcast-", "handshakes", "memory-idle")):
                assert {entry.peer for entry in each.entries} - {BARE} == {OURS, *ALL_ROUND_PEERS}

    def test_no_row_needs_more_descriptors_than_a_process_is_given(self) -> None:
        """Below 20,000 open files, each side."""
        most = max(entry.load.connections for each in ROWS for entry in each.entries)
        assert most + 200 < 20_000

    def test_every_server_of_a_row_has_the_same_work(self) -> None:
        """A ratio of different work is none; only rows about ours alone differ on purpose."""
        for each in ROWS:
            others = {entry.peer for entry in each.entries} - {OURS}
            if others and not each.is_line:
                loads = {
                    replace(entry.load, workers=0, is_socketio=False, path="", client=None)
                    for entry in each.entries
                }
                assert len(loads) == 1, each.name

    def test_what_goes_over_redis_has_as_many_processes_as_ours(self) -> None:
        """One worker of ours is shown beside them, and held against nobody."""
        for each in (row for row in ROWS if row.name in SCALE_ROWS):
            workers = {entry.name: entry.load.workers for entry in each.entries}
            assert workers.pop("one worker") == 1
            assert set(workers.values()) == {2}
            assert {*workers} == {OURS, *each.targets[0].of}

    def test_a_python_client_is_held_against_what_it_is_built_on(self) -> None:
        """And against python-socketio's, under the same load."""
        for name in ("client-read", "client-say"):
            each = next(each for each in ROWS if each.name == name)
            clients = {entry.name: entry.load.client for entry in each.entries}
            assert clients == {name: name for name in (OURS, "websockets", "socketio")}
            assert each.targets == (Target(0.7, ("websockets",)), Target(1.0, ("socketio",)))
            assert each.is_of_clients
            assert not each.lower_is_better

    def test_the_library_may_be_as_large_as_its_build_allows(self) -> None:
        """One bound, though it stands in two languages."""
        most = re.search(r"MOST = ([\d_]+);", (ROOT / "web/npm/check.mjs").read_text())
        size = next(each for each in ROWS if each.name == "library-size")
        allowed = next(entry.load.size for entry in size.entries if entry.name == "allowed")
        assert most
        assert allowed == int(most[1])

    def test_peers_that_were_not_asked_for_are_left_out_and_ours_is_not(self) -> None:
        """`--peers picows` leaves two lines."""
        left = chosen([row(AT_LEAST)], ["picows"])[0]
        assert [entry.name for entry in left.entries] == [OURS, "picows"]

    def test_a_row_of_what_was_not_asked_for_is_left_out(self) -> None:
        """What the machine allows has one of its own."""
        names = [each.name for each in chosen(ROWS, ["picows"])]
        assert "growth-echo-bare" not in names
        assert "growth-echo" in names

    def test_each_round_begins_with_another(self) -> None:
        """So that none has always the same one before it."""
        entries = row().entries
        firsts = [order(entries, round_)[0].name for round_ in range(4)]
        assert firsts == [OURS, "picows", "aiohttp", OURS]
        assert all(set(order(entries, round_)) == set(entries) for round_ in range(4))


class TestBefore:
    """Two checkouts of wsecho in one run."""

    def test_each_line_of_ours_has_one_of_before(self) -> None:
        """Under the same load, in the same rounds, right after it; and none else has."""
        for each, both in zip(ROWS, beside(ROWS), strict=True):
            names = [entry.name for entry in both.entries]
            loads = {entry.name: entry.load for entry in both.entries}
            pairs = {target.subject: target.of for target in both.targets if _is_before(target)}
            ours = [entry.name for entry in each.entries if entry.peer == OURS]
            assert list(pairs) == ours
            for name, (before,) in pairs.items():
                assert loads[name] == loads[before]
                assert names.index(before) == names.index(name) + 1
            peers = {entry.name: entry.peer for entry in both.entries}
            assert {peers[before] for (before,) in pairs.values()} <= {BEFORE}
            assert len(both.entries) == len(each.entries) + len(ours)

    def test_what_a_row_must_reach_of_others_stays(self) -> None:
        """It follows what it must reach of before, which ratios are shown to."""
        for each, both in zip(ROWS, beside(ROWS), strict=True):
            assert both.targets[len(both.targets) - len(each.targets) :] == each.targets
        assert beside([row(AT_LEAST)])[0].reference == (BEFORE,)

    @pytest.mark.parametrize(
        ("measure", "same", "worse"),
        [(Measure.RATE, 98, 96), (Measure.MEMORY, 102, 104), (Measure.P99, 119, 121)],
    )
    def test_only_what_is_worse_by_more_than_chance_counts(
        self, measure: Measure, same: float, worse: float
    ) -> None:
        """Two runs of one checkout are never quite the same."""
        both = beside([row(measure=measure)])[0]
        found = [
            judge(measured(both, wsecho=[ours], before=[100]))[0].reached for ours in (same, worse)
        ]
        assert found == [True, False]

    def test_the_summary_names_the_line_that_is_worse(self) -> None:
        """A row may hold several of ours."""
        both = beside([growth_of_echo([10, 100])])[0]
        values = {"10": [9], "10 before": [9], "100": [5], "100 before": [10]}
        run = measured(both, **values)
        lines = [line.split() for line in table.summary([run]).splitlines()[1:3]]
        told = [["growth-echo", name, ">=", "0.97", "of", name, "before"] for name in ("10", "100")]
        assert [line[:7] for line in lines] == told
        assert [line[7] for line in lines] == ["1.00", "0.50"]
        assert ET.fromstring(chart.render([run], "")).tag == f"{SVG}svg"

    def test_it_is_started_from_its_own_checkout(self) -> None:
        """As ours is, but for the environment that it is installed in."""
        environment = Environment(Path("new"), Path("cache"), Path("old"))
        ours, before = (
            command(
                peer,
                replace(LOAD, workers=2),
                9000,
                environment=environment,
                work=Path("work"),
                options=("--history", "0"),
                redis=6400,
            ).arguments
            for peer in (OURS, BEFORE)
        )
        assert (ours[0], before[0]) == ("new/.venv/bin/twistd", "old/.venv/bin/twistd")
        assert ours[1:] == before[1:]

    def test_it_is_named_on_the_command_line(self) -> None:
        """Peers may be measured beside it, or nobody; this checkout itself shows the noise."""
        settings = parse(["echo-1", "--peers", "none", "--against", str(ROOT)])
        assert [entry.name for entry in settings.rows[0].entries] == [OURS, BEFORE]
        assert settings.against == ROOT
        assert parse(["echo-1"]).against is None

    def test_what_is_no_checkout_is_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Before anything is made there."""
        with pytest.raises(SystemExit):
            parse(["--against", str(tmp_path)])
        assert f"'{tmp_path}' is no checkout of wsecho" in capsys.readouterr().err
        assert not is_checkout(tmp_path)

    def test_a_checkout_without_git_is_named_by_its_folder(self, tmp_path: Path) -> None:
        """An unpacked release has no history."""
        assert revision(tmp_path / "wsecho-1.0") == "wsecho-1.0"


def _is_before(target: Target) -> bool:
    return all(name.split()[-1] == BEFORE for name in target.of)


class TestPayloads:
    """What is sent."""

    @pytest.mark.parametrize("size", [1, 125, 65536])
    def test_text_has_its_size_and_one_mark(self, size: int) -> None:
        """The mark is what events are counted by."""
        text = payloads.text(size)
        assert len(text) == size
        assert text.count(payloads.END) == 1
        text.decode("ascii")

    @pytest.mark.parametrize("size", [256, 1024, 4096])
    def test_documents_are_json_and_no_two_alike(self, size: int) -> None:
        """A window of 32 KiB must not hold any of them whole when it comes again."""
        whole = payloads.documents(size)
        each = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert len(whole) == len(each) * size > payloads.LARGEST_WINDOW
        assert len(set(each)) == len(each)
        assert all(json.loads(document) for document in each)
        assert all(len(document.rstrip()) > 0.75 * size for document in each)


class TestLoading:
    """What the generator is told, and what is made of its answer."""

    def test_its_command_line(self, tmp_path: Path) -> None:
        """Compression is offered and used, or neither."""
        bench = Bench(Path("load"), 1, 2.0, tmp_path)
        plain = arguments(LOAD, bench, 9000, [77, 78])
        assert plain[:5] == ["load", "--mode", "echo", "--port", "9000"]
        assert plain[-6:] == ["--watch", "77,78", "--rooms", "1", "--core", "1"]
        load = replace(LOAD, offer="permessage-deflate", size=1024, tls=True)
        packed = arguments(load, bench, 9000, [77])
        assert packed[-4:] == ["--offer", "permessage-deflate", "--compressed", "--tls"]
        assert packed[packed.index("--documents") + 1] == "64"
        assert (tmp_path / "payload-125-text").read_bytes() == payloads.text(125)
        assert (tmp_path / "payload-1024-documents").stat().st_size == 64 * 1024

    def test_what_shares_both_cores_is_pinned_to_none(self, tmp_path: Path) -> None:
        """Redis is watched by itself; Socket.IO's packets are sent as they come back."""
        bench = Bench(Path("load"), 1, 2.0, tmp_path)
        load = replace(LOAD, rooms=3, pace=20, workers=2, is_socketio=True)
        shared = arguments(load, bench, 9000, [77], redis=80)
        watched = ["--watch", "77", "--rooms", "3", "--watch-redis", "80", "--pace", "20"]
        assert shared[-9:] == [*watched, "--socketio"]
        assert "--core" not in shared
        packet = (tmp_path / "payload-125-event").read_bytes()
        assert json.loads(packet.removeprefix(b"42")) == ["message", payloads.text(125).decode()]

    def test_a_rate_is_scaled_to_its_unit(self) -> None:
        """Echoes of a mebibyte are shown as megabytes."""
        megabytes = replace(row(), scale=2.0)
        assert value(megabytes, {"count": 30, "seconds": 1.5}) == 40.0

    def test_a_latency_is_taken_as_it_is(self) -> None:
        """The slowest in a hundred, in µs."""
        assert value(row(measure=Measure.P99), {"count": 1, "p99_us": 250.0}) == 250.0

    def test_a_client_s_program_is_told_what_the_generator_is(self, tmp_path: Path) -> None:
        """It stands in its place."""
        bench = Bench(Path("load"), 1, 2.0, tmp_path)
        started = arguments(LOAD, bench, 9000, [77], driver=["python", "-m", "client"])
        assert started[:3] == ["python", "-m", "client"]
        assert started[3:] == arguments(LOAD, bench, 9000, [77])[1:]

    def test_work_is_by_the_second_of_a_processor(self) -> None:
        """A client that waited for half of the time would do twice as much."""
        counted = {"count": 300, "seconds": 1.5, "own_cpu": 0.5}
        assert value(row(measure=Measure.WORK), counted) == 400.0

    def test_what_the_machine_lacks_is_no_failure(self) -> None:
        """The row is skipped, with what it would need."""

        async def said() -> bytes:
            return b'{"lacking": "there is no Chromium"}\n'

        stream = SimpleNamespace(readline=said)
        process = SimpleNamespace(stdout=stream, stderr=stream)
        with pytest.raises(LackingError, match="there is no Chromium"):
            asyncio.run(loading._result(cast(asyncio.subprocess.Process, process)))

    def test_a_row_that_the_machine_lacks_something_for_is_skipped(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the first that says so."""

        async def lacking(*_arguments: object) -> Sample:
            raise LackingError("there is no Chromium")

        monkeypatch.setattr(_Runner, "_once", lacking)
        settings = Settings(tmp_path, (), 2, 0.5, tmp_path)
        bench = Bench(Path("load"), 1, 2.0, tmp_path)
        runner = _Runner(settings, Environment(tmp_path, tmp_path), bench, 0, frozenset())
        run = asyncio.run(runner._row(row(AT_LEAST)))
        assert run.skipped == "there is no Chromium"
        assert status([run]) == 0

    def test_a_bound_needs_no_server(self, tmp_path: Path) -> None:
        """It is as large as the row says."""
        size = next(each for each in ROWS if each.name == "library-size")
        bench = Bench(Path("load"), 1, 2.0, tmp_path)
        settings = Settings(tmp_path, (), 1, 0.5, tmp_path)
        runner = _Runner(settings, Environment(tmp_path, tmp_path), bench, 0, frozenset())
        bound = asyncio.run(runner._once(size, size.entries[1], ""))
        assert bound.value == pytest.approx(28.0)

    def test_nothing_counted_is_a_failure(self) -> None:
        """A server that answers nothing must not become a ratio of 0, or of infinity."""
        with pytest.raises(MeasureError, match="not one message"):
            value(row(), {"count": 0, "seconds": 2.0})


class TestDriving:
    """The programs of client libraries."""

    TOLD = Told(
        mode="say",
        port=9000,
        path="/broadcast/bench",
        in_flight=3,
        payload=Path("payload"),
        warmup=0.0,
        seconds=0.001,
        watch=(os.getpid(),),
        core=0,
        rooms=1,
    )

    def counted(self, told: Told, *, ends: int | None = None) -> dict[str, float | str]:
        """What is counted of a library whose messages are acknowledged at once."""
        progress = Progress()

        async def publish() -> None:
            await asyncio.sleep(0)
            if progress.count == ends:
                raise ConnectionRefusedError("not any more")

        return asyncio.run(driven(together(told, progress, publish), told, progress))

    def test_messages_and_shares_are_counted(self) -> None:
        """As the generator counts them."""
        found = self.counted(self.TOLD)
        assert set(found) == {"count", "seconds", "own_cpu", "server_cpu"}
        assert float(found["count"]) > 0
        assert float(found["seconds"]) > 0

    def test_what_ends_it_is_told(self) -> None:
        """Before its first message, or later."""
        for ends in (0, 10):
            with pytest.raises(ConnectionRefusedError, match="not any more"):
                self.counted(replace(self.TOLD, seconds=60.0), ends=ends)

    def test_a_job_that_ends_was_cut_off(self) -> None:
        """Some libraries raise nothing then; what was counted until then would be too little."""

        async def job() -> None:
            pass

        with pytest.raises(ConnectionError, match="the connection ended"):
            asyncio.run(driven(job(), self.TOLD, Progress()))

    def test_so_many_are_under_way(self) -> None:
        """No more, no fewer; each follows one that was acknowledged."""
        waiting: list[asyncio.Future[None]] = []
        seen = []

        async def publish() -> None:
            waiting.append(asyncio.get_running_loop().create_future())
            await waiting[-1]

        async def main() -> None:
            progress = Progress()
            work = asyncio.ensure_future(together(self.TOLD, progress, publish))
            for _ in range(3):
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                seen.append((progress.count, len(waiting)))
                waiting[progress.count].set_result(None)
                await asyncio.sleep(0)
            work.cancel()

        asyncio.run(main())
        assert seen == [(0, 3), (1, 4), (2, 5)]

    def test_a_reader_asks_for_more_once_a_block(self) -> None:
        """What it says in between would be measured, too."""
        reading, writing = os.pipe()
        progress = Progress(_acknowledge=writing)
        for _ in range(3 * BLOCK - 1):
            progress.take()
        os.close(writing)
        assert os.read(reading, BLOCK) == b".."
        os.close(reading)

    def test_each_runs_where_its_library_is(self) -> None:
        """Bare `websockets` is the one that ours is built on; the other checkout has its own."""
        environment = Environment(Path("new"), Path("cache"), Path("old"))
        loads = {
            client: replace(LOAD, client=client) for client in (OURS, "websockets", "socketio")
        }
        started = [
            driver(Entry("", peer, loads[client]), environment)
            for peer, client in (
                (OURS, OURS),
                (OURS, "websockets"),
                (BEFORE, OURS),
                ("socketio", "socketio"),
            )
        ]
        assert [words[0] for words in started] == [
            *("new/.venv/bin/python", "new/.venv/bin/python", "old/.venv/bin/python"),
            "cache/bench-scale/bin/python",
        ]
        for words in started:
            module = words[2].replace(".", "/")
            assert (ROOT / "scripts" / f"{module}.py").is_file()


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
class TestCompiling:
    """The generator, on machines that lack something."""

    def compiler(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, without: str) -> None:
        """A C compiler of a machine that has no headers of some library."""
        script = folder / "a-compiler"
        script.write_text(
            f'#!/bin/sh\ncase " $* " in *" {without} "*) echo no headers >&2; exit 1;; esac\n'
            # What is compiled in earnest is tested with the generator.
            'while [ $# -gt 1 ]; do [ "$1" = -o ] && cp /bin/true "$2"; shift; done\n'
        )
        script.chmod(0o755)
        monkeypatch.setenv("CC", str(script))

    @pytest.mark.parametrize(
        ("without", "lacking"),
        [("-DWITH_TLS", Feature.TLS), ("-DWITH_ZLIB", Feature.DEFLATE)],
    )
    def test_a_library_s_headers_are_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str, lacking: Feature
    ) -> None:
        """All the rest is compiled, and the rows that need it say what to install."""
        self.compiler(tmp_path, monkeypatch, without=without)
        generator = compile_generator(tmp_path / "cache")
        assert lacking not in generator.features
        assert os.access(generator.path, os.X_OK)
        assert any(lacking in needs(each) - generator.features for each in ROWS)
        assert "on Debian: " in missing(lacking)
        made = generator.path.stat().st_mtime_ns
        assert compile_generator(tmp_path / "cache").path.stat().st_mtime_ns == made

    def test_no_compiler(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One line says what is missing."""
        monkeypatch.setenv("CC", "/nowhere/cc")
        with pytest.raises(
            CannotRunError, match=r"^a C compiler is needed \(CC=/nowhere/cc is not"
        ):
            compile_generator(tmp_path)
        monkeypatch.delenv("CC")
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotRunError, match=r"no cc, gcc or clang\); on Debian: apt install"):
            compile_generator(tmp_path)

    def test_a_compiler_that_refuses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What it said is passed on."""
        self.compiler(tmp_path, monkeypatch, without="-O2")
        with pytest.raises(CannotRunError, match="does not compile: no headers"):
            compile_generator(tmp_path)


class TestServers:
    """How they are started."""

    def started(
        self,
        peer: str,
        load: Load,
        agreed: str = "",
        *options: str,
        redis: int | None = None,
    ) -> list[str]:
        """The command line of a peer."""
        environment, work = Environment(Path("root"), Path("cache")), Path("work")
        return command(
            peer,
            load,
            9000,
            environment=environment,
            work=work,
            options=options,
            agreed=agreed,
            redis=redis,
        ).arguments

    def test_what_goes_over_redis_is_told_where_it_is(self) -> None:
        """And how many processes it has, ours and peers alike."""
        load = replace(LOAD, workers=2)
        told = ["--redis", "redis://127.0.0.1:6400", "--workers", "2"]
        assert self.started(OURS, load, redis=6400)[-4:] == told
        program = self.started("channels", load, redis=6400)
        assert program[0] == "cache/bench-scale/bin/python"
        assert program[-4:] == told

    def test_without_redis_a_server_has_one_process(self) -> None:
        """Its room is its own then."""
        program = self.started("socketio", replace(LOAD, is_socketio=True))
        assert program[0] == "cache/bench-scale/bin/python"
        assert "--redis" not in program

    def test_all_processes_of_a_server_must_be_ready(self, tmp_path: Path) -> None:
        """One that came late would get no connections."""
        log = tmp_path / "log"
        started = Command(["x"], tmp_path, ready=r"worker \d is ready", processes=2)
        log.write_text("worker 1 is ready\n")
        assert not all_ready(started, log)
        log.write_text("worker 1 is ready\nworker 2 is ready\n")
        assert all_ready(started, log)

    def test_ours_runs_as_users_run_it(self) -> None:
        """But that it logs no connections, as its peers; and what was asked for."""
        plain = self.started(OURS, LOAD)
        listen = ["wsecho", "--listen", "tcp:9000:interface=127.0.0.1"]
        assert plain[-4:] == [*listen, "--no-connection-log"]
        assert self.started(OURS, LOAD, "", "--history", "0") == [*plain, "--history", "0"]

    def test_peers_compress_as_ours_does(self) -> None:
        """The windows that ours agreed on become theirs; what was not said is the widest."""
        load = replace(LOAD, offer="permessage-deflate", alike=True)
        flags = self.started("websockets", load, "permessage-deflate; server_max_window_bits=11")
        assert flags[-5:] == ["--deflate", "--server-bits", "11", "--client-bits", "15"]
        theirs = self.started("websockets", replace(load, alike=False), "permessage-deflate")
        assert "--server-bits" not in theirs

    @pytest.mark.parametrize("peer", ["granian", "socketify"])
    def test_who_is_compiled_has_an_environment_of_its_own(self, peer: str) -> None:
        """So that one that is not for this machine takes no other with it."""
        assert self.started(peer, LOAD)[0] == f"cache/bench-{peer}/bin/python"
        assert self.started("picows", LOAD)[0] == "cache/bench-venv/bin/python"

    def test_bun_is_the_binary_of_its_platform(self, tmp_path: Path) -> None:
        """What the package `bun` puts in place itself may be downloaded by its script."""
        binary = tmp_path / "bench-bun/node_modules/@oven/bun-linux-x64/bin/bun"
        binary.parent.mkdir(parents=True)
        binary.touch()
        started = command(
            "bun",
            replace(LOAD, tls=True),
            9000,
            environment=Environment(tmp_path, tmp_path),
            work=Path("work"),
            options=(),
        ).arguments
        assert started[0] == str(binary)
        assert started[2:] == [
            *("9000", "--size", "125"),
            *("--certificate", "work/cert.pem", "--key", "work/key.pem"),
        ]

    def test_granian_is_ready_when_its_process_is(self, tmp_path: Path) -> None:
        """Its socket takes connections before; its runtime's own line is not counted."""
        started = command(
            "granian",
            LOAD,
            9000,
            environment=Environment(tmp_path, tmp_path),
            work=tmp_path,
            options=(),
        )
        log = tmp_path / "log"
        log.write_text("[INFO] Listening at: http://127.0.0.1:9000\n")
        assert not all_ready(started, log)
        log.write_text("[INFO] Started worker-1 runtime-1\n")
        assert not all_ready(started, log)
        log.write_text(
            "[INFO] Listening\n[INFO] Started worker-1\n[INFO] Started worker-1 runtime-1\n"
        )
        assert all_ready(started, log)

    def test_a_peer_that_cannot_be_installed_takes_no_other_with_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is told with its reason; bun's script that would download is not run."""
        asked: list[tuple[str, list[list[str]]]] = []

        def make(home: Path, wanted: str, steps: list[list[str]], trouble: str) -> None:
            asked.append((home.name, steps))
            if home.name in {"bench-bun", "bench-socketify"}:
                raise CannotRunError(f"{trouble}: no {wanted} for this machine")

        monkeypatch.setattr(environment, "make_once", make)
        wanted = ["ws", "bun", "granian", "socketify", "channels", "crossbar"]
        troubles = install(Environment(tmp_path, tmp_path), wanted)
        assert {*troubles} == {"bun", "socketify"}
        assert troubles["bun"] == "bun could not be installed: no bun for this machine"
        steps = dict(asked)
        assert {*steps} == {
            *("bench-venv", "bench-node", "bench-bun", "bench-granian", "bench-socketify"),
            *("bench-scale", "bench-crossbar"),
        }
        assert "--ignore-scripts" in steps["bench-bun"][0]
        assert steps["bench-bun"][-1][-1] == str(tmp_path / "bench-bun")
        assert steps["bench-socketify"][-1][1:] == ["-c", "import socketify"]

    def test_what_cannot_be_installed_is_tried_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a network each try takes long; whoever needs that folder is left out with it."""
        tried: list[str] = []

        def make(home: Path, _wanted: str, _steps: list[list[str]], trouble: str) -> None:
            tried.append(home.name)
            raise CannotRunError(trouble)

        monkeypatch.setattr(environment, "make_once", make)
        troubles = install(Environment(tmp_path, tmp_path), ["ws", "bun", "picows", "aiohttp"])
        assert {*troubles} == {"ws", "bun", "picows", "aiohttp"}
        assert tried == ["bench-venv"]

    def test_what_the_machine_allows_is_compiled_here(self, tmp_path: Path) -> None:
        """Its name says what it was compiled of."""
        environment = Environment(tmp_path, tmp_path)
        install(environment, ["bare"])
        started = command(
            "bare", LOAD, 9000, environment=environment, work=tmp_path, options=()
        ).arguments
        program, port = started
        assert (Path(program), port) == (environment.bare, "9000")
        assert os.access(program, os.X_OK)

    def test_a_server_is_all_of_its_processes(self) -> None:
        """Some are a controller and workers; the first one is itself."""
        assert os.getpid() in tree(os.getppid())
        assert tree(os.getpid())[0] == os.getpid()


class TestCommandLine:
    """Reading it."""

    def test_without_anything_all_rows_are_measured_against_all_but_crossbar(self) -> None:
        """Crossbar is large, and installed only when it is named."""
        settings = parse([])
        assert [each.name for each in settings.rows] == [each.name for each in ROWS]
        assert settings.rounds == 3
        peers = {entry.peer for each in settings.rows for entry in each.entries}
        assert peers == {OURS, *PEERS} - {"crossbar"}

    def test_rows_peers_and_options_for_ours(self) -> None:
        """Rows keep the order in which they were named."""
        settings = parse(
            ["echo-100", "echo-1", "echo-100", "--peers", "picows, ws", "--", "--history", "0"]
        )
        assert [each.name for each in settings.rows] == ["echo-100", "echo-1"]
        assert [entry.peer for entry in settings.rows[0].entries] == [OURS, "picows", "ws"]
        assert settings.server_options == ("--history", "0")

    def test_sizes_of_what_shows_how_cost_grows(self) -> None:
        """They are points of one line each, from small to large."""
        rooms, echoes = parse(
            [*("growth-rooms", "growth-echo", "--room-sizes", "500,20", "--echo-sizes", "30")]
        ).rows
        assert [entry.at for entry in rooms.entries] == [20, 500]
        # Of small rooms there are more. In each who sends is a member, too.
        assert [entry.load.rooms for entry in rooms.entries] == [50, 2]
        assert [entry.load.connections for entry in rooms.entries] == [50 * 19, 2 * 499]
        assert [(entry.at, entry.load.connections) for entry in echoes.entries] == [(30, 30)]

    def test_core_stands_for_several_rows(self) -> None:
        """Named beside one of them it adds the others."""
        settings = parse(["tls-50", "core"])
        names = [each.name for each in settings.rows]
        assert names[0] == "tls-50"
        assert sorted(names) == sorted(CORE_ROWS)

    def test_clients_stands_for_the_rows_of_libraries(self) -> None:
        """In the order in which they are measured."""
        assert [each.name for each in parse(["clients"]).rows] == [*CLIENT_ROWS]

    def test_none_is_ours_alone(self) -> None:
        """For a quick look, without installing anybody."""
        settings = parse(["echo-1", "--peers", "none"])
        assert [entry.peer for entry in settings.rows[0].entries] == [OURS]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["echo-7"], "there is no row 'echo-7'"),
            (["--peers", "picow"], "there is no peer 'picow'"),
            (["--peers", ""], "there is no peer ''"),
            (["--rounds", "0"], "'0' is no number from 1 to 100"),
            (["--rounds", "many"], "'many' is no number"),
            (["--seconds", "0"], "'0' is no time"),
            (["--seconds", "nan"], "'nan' is no time"),
            (["--seconds", "1e9"], "'1e9' is no time"),
            (["--sconds", "1"], "unrecognized arguments"),
            (["--room-sizes", "1"], "'1' is no list of different numbers from 2"),
            (["--room-sizes", "10,10"], "'10,10' is no list of different numbers"),
            (["--echo-sizes", "ten"], "'ten' is no list of different numbers"),
            (["--echo-sizes", "99999"], "'99999' is no list of different numbers"),
        ],
    )
    def test_mistakes_are_one_line_and_status_2(
        self, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each names what is wrong with it."""
        with pytest.raises(SystemExit) as ended:
            parse(arguments)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err

    def test_the_help_names_every_row_and_peer(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nobody has to read the source to choose."""
        with pytest.raises(SystemExit):
            parse(["--help"])
        told = capsys.readouterr().out
        assert all(each.name in told and each.title in told for each in ROWS)
        assert all(peer in told for peer in PEERS)
