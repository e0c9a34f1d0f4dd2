# SPDX-License-Identifier: MIT
"""The lab over HTTP: the list, the reports, and what any other address tells."""

import json

import pytest

from tests.unit.doors.harness import Server, masked
from tests.unit.doors.lab.test_connection import opened
from tests.unit.doors.lab.test_lab import REPORT, server
from wsecho.core.lab.page import CONTENT_SECURITY_POLICY, write_page
from wsecho.core.lab.record import MAX_FRAMES
from wsecho.core.lab.rules import RULES
from wsecho.core.lab.steps import STEPS
from wsecho.doors.lab.sending import PIECE

PATH = f"/lab/report/{REPORT}"


def test_the_list() -> None:
    """Every step and rule."""
    listed = server().ask("GET", "/lab")
    assert listed.status == 200
    assert listed.headers["content-type"] == "application/json; charset=utf-8"
    assert [step["name"] for step in listed.json["steps"]] == [*STEPS]
    assert [rule["name"] for rule in listed.json["rules"]] == [*RULES]
    head = server().ask("HEAD", "/lab")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 10_000


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def test_the_list_is_a_page_for_people() -> None:
    """Whose browser names HTML, and executes nothing of it."""
    listed = server().ask("GET", "/lab", Accept=BROWSER)
    assert listed.status == 200
    assert listed.headers["content-type"] == "text/html; charset=utf-8"
    assert listed.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert listed.headers["x-content-type-options"] == "nosniff"
    assert listed.headers["referrer-policy"] == "no-referrer"
    assert listed.body == write_page().encode()
    head = server().ask("HEAD", "/lab", Accept=BROWSER)
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(listed.body)


@pytest.mark.parametrize(
    "accept",
    [
        *("*/*", "application/json", "application/json, text/plain, */*", "text/*", ""),
        *("text/html;q=0, */*", "application/json, text/html", "application/xml"),
    ],
)
def test_the_list_is_json_for_programs(accept: str) -> None:
    """Those that take anything among them, and those that take both."""
    listed = server().ask("GET", "/lab", Accept=accept)
    assert listed.headers["content-type"] == "application/json; charset=utf-8"
    assert listed.headers["vary"] == "Accept"
    assert listed.json["steps"]


@pytest.mark.parametrize(
    "path", ["/lab/send=a", "/lab/foo", "/lab/", "/lab/status=503", "/lab/reset"]
)
def test_plain_http_does_none_of_the_steps(path: str) -> None:
    """It is told how to connect."""
    answer = server().ask("GET", path)
    assert answer.status == 426
    assert f"ws://localhost{path}".encode() in answer.body


@pytest.mark.parametrize("path", ["/lab", PATH])
def test_they_can_only_be_read(path: str) -> None:
    """With what may be done in the answer."""
    answer = server().ask("POST", path, b"x")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_report_that_nobody_came_for() -> None:
    """Is 404, at once or once the time is over; a bad name is 400."""
    at = server()
    assert at.ask("GET", PATH).status == 404
    waiting = at.ask("GET", f"{PATH}?wait=2")
    assert waiting.status is None
    at.clock.advance(2)
    assert waiting.status == 404
    assert at.ask("GET", "/lab/report/short").status == 400
    assert at.ask("GET", "/lab/report/").status == 400
    assert at.ask("GET", f"{PATH}?wait=61").status == 400
    assert at.ask("GET", f"{PATH}/more").status == 400


def test_a_report_can_be_read_by_any_page() -> None:
    """Whoever knows its name."""
    at = server()
    opened(at, f"/lab?report={REPORT}")
    answer = at.ask("GET", PATH, Origin="https://other.example")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["id"] == REPORT
    assert at.ask("HEAD", PATH).body == b""


def long_report(at: Server) -> None:
    """Have a report of some hundred kilobytes."""
    peer = opened(at, f"/lab?report={REPORT}")
    at.clock.pump([0.01] * 10)
    for _ in range(MAX_FRAMES):
        peer.send(masked(2, b"\xff" * 120))
        at.clock.advance(0)


def test_a_long_report_is_written_as_it_is_taken() -> None:
    """So that nobody can have tens of megabytes wait for a reader who takes nothing."""
    at = server()
    long_report(at)
    peer = at.connect()
    peer.wire.takes = 3
    answer = peer.ask("GET", PATH)
    at.clock.advance(0)
    assert 0 < len(answer.body) < 4 * PIECE
    assert not answer.is_over
    peer.wire.takes = None
    peer.wire.empty()
    at.clock.advance(0)
    assert answer.is_over
    assert len(answer.json["connections"][0]["frames"]) == MAX_FRAMES
    assert len(answer.body) > 4 * PIECE
    head = at.ask("HEAD", PATH)
    assert (head.status, head.body) == (200, b"")


def test_a_reader_of_a_long_report_may_go_away() -> None:
    """Nothing more is made of it."""
    at = server()
    long_report(at)
    peer = at.connect()
    peer.wire.takes = 3
    answer = peer.ask("GET", f"{PATH}?wait=1")
    at.clock.advance(1)
    at.clock.advance(0)
    came = len(answer.body)
    assert 0 < came < 4 * PIECE
    peer.lose()
    at.clock.advance(0)
    assert len(answer.body) == came


def test_a_report_may_be_waited_for() -> None:
    """Until all is known."""
    at = server()
    waiting = at.ask("GET", f"{PATH}?wait=30")
    peer = opened(at, f"/lab/break=rsv1?report={REPORT}")
    at.clock.pump([0.01] * 10)
    assert waiting.status is None
    peer.send(masked(8, b"\x03\xea"))
    at.clock.advance(0)
    assert waiting.status == 200
    (connection,) = waiting.json["connections"]
    assert connection["verdict"]["passed"] is True
    assert connection["verdict"]["did"].startswith("failed with 1002 after ")
    assert at.ask("GET", f"{PATH}?wait=30").status == 200


def test_whoever_waits_too_long_is_told_what_is_known() -> None:
    """And nothing is left of the waiting."""
    at = server()
    opened(at, f"/lab?report={REPORT}")
    waiting = at.ask("GET", f"{PATH}?wait=2")
    at.clock.advance(2)
    assert waiting.json["connections"][0]["ended"] is None
    assert at.lab.reports._waiting == {}


def test_whoever_waits_may_go_away() -> None:
    """Nothing is left of it."""
    at = server()
    waiting = at.ask("GET", f"{PATH}?wait=30")
    waiting.peer.lose()
    assert at.lab.reports._waiting == {}
    half = at.ask("GET", f"{PATH}?wait=30")
    half.peer.half_close()
    at.clock.advance(0)
    assert half.status == 404


def test_whoever_waits_is_told_where_the_server_stops() -> None:
    """What is known."""
    at = server()
    opened(at, f"/lab?report={REPORT}")
    waiting = at.ask("GET", f"{PATH}?wait=30")
    for one in at.state.connections:
        one.drain(1.0)
    assert waiting.status == 200


def test_a_report_as_junit() -> None:
    """By the media type that is asked for."""
    at = server()
    opened(at, f"/lab?report={REPORT}")
    answer = at.ask("GET", PATH, Accept="application/xml")
    assert answer.headers["content-type"] == "application/xml"
    assert b'<testcase classname="lab" name="1 /lab/"' in answer.body
    assert json.loads(at.ask("GET", PATH, Accept="*/*").body)
