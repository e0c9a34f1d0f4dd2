# SPDX-License-Identifier: MIT
"""Some parts of a file in one answer, as Python's own parser of MIME reads them."""

from email.parser import BytesParser
from email.policy import HTTP

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.doors.http.conftest import LARGE, Answer, Browser


def read_parts(answer: Answer) -> list[tuple[str, bytes]]:
    """The parts of an answer, as Python's own parser of MIME reads them."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n"
    whole = BytesParser(policy=HTTP.clone(raise_on_defect=True)).parsebytes(
        head.encode() + answer.body
    )
    return [
        (part["content-range"], part.get_payload(decode=True))  # type: ignore[misc]
        for part in whole.iter_parts()
    ]


def test_some_parts(browser: Browser) -> None:
    """`multipart/byteranges` (RFC 9110 section 14.6)."""
    (browser.folder / "x.txt").write_text("0123456789" * 10)
    answer = browser.fetch("/x.txt", Range="bytes=0-1, 50-52, -2")
    assert answer.status == 206
    assert "content-range" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert answer.body.count(b"Content-Type: text/plain; charset=utf-8\r\n") == 3
    assert read_parts(answer) == [
        ("bytes 0-1/100", b"01"),
        ("bytes 50-52/100", b"012"),
        ("bytes 98-99/100", b"89"),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 210_000), st.integers(0, 70_000)), min_size=1, max_size=9))
def test_any_parts(browser: Browser, wanted: list[tuple[int, int]]) -> None:
    """Each is what it says it is, the lengths add up, and no octet comes twice."""
    asked = ",".join(f"{first}-{first + more}" for first, more in wanted)
    answer = browser.fetch("/large", Range=f"bytes={asked}")
    if answer.status != 416:
        assert int(answer.headers["content-length"]) == len(answer.body)
    match answer.status:
        case 200:
            assert answer.body == LARGE
            parts = []
        case 206 if "content-range" in answer.headers:
            parts = [(answer.headers["content-range"], answer.body)]
        case 206:
            parts = read_parts(answer)
            assert len(parts) > 1
        case _:
            assert all(first >= 200_000 for first, _ in wanted)
            parts = []
    for name, octets in parts:
        first, last = map(int, name.removeprefix("bytes ").removesuffix("/200000").split("-"))
        assert octets == LARGE[first : last + 1]
    assert sum(len(octets) for _, octets in parts) <= len(LARGE)
