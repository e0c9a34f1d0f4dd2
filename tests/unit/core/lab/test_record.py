# SPDX-License-Identifier: MIT
"""What is kept of the clients of a report: bounded, and how it is written."""

import json
from sys import getsizeof

import pytest

from tests.support.frames import Frame
from wsecho.core.lab.faults import Conduct, Expectation, Level
from wsecho.core.lab.reading import LenientReader
from wsecho.core.lab.record import (
    LIFETIME,
    MAX_CONNECTIONS,
    MAX_FRAMES,
    MAX_OCTETS,
    MAX_REPORTS,
    MAX_SIZE,
    Ended,
    Record,
    RecordedHead,
    Reports,
    write_verdict,
)
from wsecho.core.lab.verdict import ClientVerdict
from wsecho.core.lab.watching import MAX_WRONG, Wrong
from wsecho.lane.octets import apply_mask

HEAD = RecordedHead("/lab/x?report=a", (("Host", "localhost"),))
NAME = "a" * 16


def opened(reports: Reports, now: float = 0.0, name: str = NAME, chain: str = "x") -> Record:
    """Open a connection."""
    record = reports.open(name, chain, HEAD, now, 1_764_460_800.123)
    assert record is not None
    return record


def noted(record: Record, *frames: tuple[int, bytes]) -> None:
    """Note frames of a client's."""
    reader = LenientReader(1 << 20, apply_mask)
    for first, payload in frames:
        for frame in reader.feed(Frame(first, payload, b"abcd", 0).write()):
            record.frame(frame, 0.0031)


def test_a_report_is_written() -> None:
    """As it is documented."""
    reports = Reports()
    record = opened(reports)
    record.status = 101
    noted(record, (0x81, b"ok"))
    record.note([Wrong("something", "6455 5.1")], 0.002)
    record.ended = Ended("client", 0.005, 1002, "no", "fin")
    found = reports.find(NAME, 1.0)
    assert found is not None
    assert json.loads(json.dumps(found.write())) == {
        "id": NAME,
        "full": False,
        "connections": [
            {
                "chain": "x",
                "opened": 1_764_460_800_123,
                "head": {"target": "/lab/x?report=a", "headers": [["Host", "localhost"]]},
                "status": 101,
                "frames": [
                    {
                        "ms": 3.1,
                        "opcode": "text",
                        "fin": True,
                        "rsv": 0,
                        "length": 2,
                        "masked": True,
                        "text": "ok",
                    }
                ],
                "ended": {"by": "client", "ms": 5.0, "code": 1002, "reason": "no", "tcp": "fin"},
                "verdict": None,
                "wrong": [{"what": "something", "rfc": "6455 5.1", "ms": 2.0}],
            }
        ],
        "gaps": [],
        "wrong": [],
    }


def test_a_payload_is_written_as_text_where_it_is_one() -> None:
    """Else in hexadecimal; 128 octets of it."""
    record = opened(Reports())
    long = "é".encode() * MAX_OCTETS
    noted(record, (0x82, b"ok"), (0xC1, b"ok"), (0x81, b"\xff"), (0x81, b"a" + long), (0x83, b""))
    first, second, third, fourth, fifth = record.frames
    assert (first["hex"], second["hex"], third["hex"]) == ("6f6b", "6f6b", "ff")
    assert fourth["text"] == "a" + "é" * 63
    assert fourth["length"] == 257
    assert (fifth["opcode"], fifth["text"]) == ("0x3", "")


def test_gaps_are_between_an_end_and_the_next_opening() -> None:
    """There are none where connections overlap."""
    reports = Reports()
    for begin, end in ((0.0, 1.0), (2.0, 5.0), (3.0, 4.0), (6.5, None)):
        record = opened(reports, begin)
        if end is not None:
            record.ended = Ended("client", end, None, None, "fin")
    report = reports.find(NAME, 7.0)
    assert report is not None
    assert report.gaps() == [1000.0, 1500.0]


def test_what_only_several_connections_tell() -> None:
    """One key for all of them."""
    reports = Reports()
    for begin in (0.0, 1.0):
        record = opened(reports, begin)
        record.keys, record.handshake_key = (b"abcd",), "same"
    report = reports.find(NAME, 2.0)
    assert report is not None
    assert [one["what"] for one in report.wrong()] == [
        "one masking key for all connections",
        "one Sec-WebSocket-Key for several connections",
    ]
    record.keys, record.handshake_key = (b"abcd", b"efgh"), "other"
    assert report.wrong() == []


def test_a_report_is_settled_once_all_is_known() -> None:
    """An end, or a verdict, of each."""
    reports = Reports()
    first, second = opened(reports), opened(reports)
    report = reports.find(NAME, 0.0)
    assert report is not None
    assert not report.is_settled
    first.ended = Ended("client", 1.0, None, None, "fin")
    second.verdict = ClientVerdict("x", Expectation(Conduct.FAIL, Level.MUST))
    assert not report.is_settled
    second.verdict.begin(0.0)
    second.verdict.look(3.0)
    assert report.is_settled
    assert write_verdict(second.verdict) == {
        "rule": "x",
        "level": "must",
        "should": "fail",
        "codes": [],
        "did": "did nothing for 3000.0 ms",
        "passed": False,
    }


def test_who_was_sent_away_came_back() -> None:
    """With the next connection of the same chain."""
    reports = Reports()
    first = opened(reports)
    first.verdict = ClientVerdict("refuse=1", Expectation(Conduct.COME_BACK, Level.SHOULD))
    first.ended = Ended("server", 1.0, None, None, "fin")
    opened(reports, 2.0, chain="y")
    assert first.verdict.passed is None
    opened(reports, 2.5)
    assert first.verdict.did == "came back after 1500.0 ms"


def test_connections_frames_and_wrongs_are_bounded() -> None:
    """And a report says that it is full."""
    reports = Reports()
    record = opened(reports)
    noted(record, *[(0x81, b"x")] * (MAX_FRAMES + 1))
    record.note([Wrong("x", "y")] * (MAX_WRONG + 1), 0.0)
    assert (len(record.frames), len(record.wrong)) == (MAX_FRAMES, MAX_WRONG)
    report = reports.find(NAME, 0.0)
    assert report is not None
    assert report.write()["full"]
    other = "b" * 16
    for _ in range(MAX_CONNECTIONS):
        opened(reports, name=other)
    assert reports.open(other, "x", HEAD, 0.0, 0.0) is None
    found = reports.find(other, 0.0)
    assert found is not None
    assert (found.is_full, len(found.records)) == (True, MAX_CONNECTIONS)


def test_reports_are_bounded_and_the_oldest_go() -> None:
    """By their number, and by their age."""
    reports = Reports()
    for n in range(MAX_REPORTS + 3):
        opened(reports, n / 1000, f"{n:016}")
    assert len(reports) == MAX_REPORTS
    assert reports.find(f"{2:016}", 2.0) is None
    assert reports.find(f"{3:016}", 2.0) is not None
    assert reports.find(f"{3:016}", LIFETIME + 0.5) is None
    assert len(reports) > 0
    assert reports.find("none", LIFETIME + 9.0) is None
    assert len(reports) == 0


def test_reports_are_bounded_by_what_they_take() -> None:
    """What is written to one that is forgotten counts no more."""
    reports = Reports()
    long = RecordedHead("/" + "x" * (MAX_SIZE // 10), ())
    first = reports.open(f"{0:016}", "x", long, 0.0, 0.0)
    for n in range(1, 20):
        assert reports.open(f"{n:016}", "x", long, 0.0, 0.0) is not None
    assert len(reports) == 9
    assert reports._size <= MAX_SIZE
    size = reports._size
    assert first is not None
    noted(first, (0x81, b"x"))
    assert reports._size == size


@pytest.mark.parametrize("lines", [0, 10, 2000])
def test_a_head_counts_with_each_of_its_fields(lines: int) -> None:
    """However short they are: no less than Python takes for them, about."""
    fields = tuple((f"a{n}", f"b{n}") for n in range(lines))
    taken = sum(getsizeof(pair) + sum(map(getsizeof, pair)) for pair in fields)
    reports = Reports()
    assert reports.open(NAME, "chain", RecordedHead("/", fields), 0.0, 0.0) is not None
    assert reports._size >= taken


def test_a_report_that_is_forgotten_holds_nothing() -> None:
    """Nor is anything noted in it by connections that go on."""
    reports = Reports()
    record = opened(reports)
    noted(record, (0x81, b"x"))
    written = record.write()
    assert len(written["frames"]) == 1
    reports.forget_old(LIFETIME + 1000.0)
    noted(record, (0x81, b"x"))
    record.note([Wrong("x", "y")], 0.0)
    assert (record.frames, record.wrong, written["frames"]) == ([], [], [])


def test_whoever_waits_is_told_of_changes() -> None:
    """Until he leaves."""
    reports = Reports()
    told: list[str] = []
    leave = reports.listen(NAME, lambda: told.append("changed"))
    record = opened(reports)
    record.end_refused(1.0)
    leave()
    leave()
    record.on_change()
    assert told == ["changed"]
    assert reports._waiting == {}
