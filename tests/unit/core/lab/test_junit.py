# SPDX-License-Identifier: MIT
"""A report as JUnit's XML."""

from xml.etree import ElementTree as ET

from tests.unit.core.lab.bench import Bench, record_of
from wsecho.core.lab.junit import write_junit
from wsecho.core.lab.record import Ended, Report
from wsecho.core.lab.watching import Wrong


def test_each_connection_is_a_test_case() -> None:
    """It passes, fails for its verdict or for what is wrong, or has no verdict yet."""
    report = Report("a" * 16, 0.0)
    good = Bench("break=rsv1").pass_time(0.1).frame(0x88, b"\x03\xea").record
    bad = Bench("break=rsv1").pass_time(4.0).record
    open_ = Bench("break=rsv1").record
    wrong = record_of('send=<"&>\x00\x1f')
    wrong.note([Wrong("a frame that is not masked", "6455 5.1")], 1.0)
    wrong.ended = Ended("client", 1.5, None, None, "fin")
    plain = record_of("")
    report.records += [good, bad, open_, wrong, plain]
    suite = ET.fromstring(write_junit(report))
    assert suite.attrib == {
        "name": f"lab {'a' * 16}",
        "tests": "5",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }
    assert [[child.tag for child in case] for case in suite] == [
        [],
        ["failure"],
        ["skipped"],
        ["failure"],
        [],
    ]
    assert suite[1][0].attrib["message"] == "rsv1 (must): did nothing for 3000.0 ms"
    assert (
        suite[3].attrib["name"]
        == '4 /lab/send=<"&>\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}'
    )
    assert suite[3].attrib["time"] == "1.500"
    assert suite[3][0].attrib["message"] == "a frame that is not masked (RFC 6455 5.1)"
