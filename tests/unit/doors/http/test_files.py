# SPDX-License-Identifier: MIT
"""A file over HTTP: whether it is sent, what of it, and what becomes of it meanwhile."""

import os
from pathlib import Path

import pytest

from tests.unit.doors.http.conftest import LARGE, Browser
from wsecho.core.http.httpdates import read_http_date


def test_an_unchanged_file_is_not_sent_again(browser: Browser) -> None:
    """By ETag and by date; a changed one is."""
    headers = browser.fetch("/").headers
    assert browser.fetch("/", If_None_Match=headers["etag"]).status == 304
    assert browser.fetch("/", If_Modified_Since=headers["last-modified"]).status == 304
    (browser.folder / "index.html").write_text("<p>changed")
    assert browser.fetch("/", If_None_Match=headers["etag"]).body == b"<p>changed"


def test_304_says_what_200_would(browser: Browser) -> None:
    """But what is of the content: it has none, and no length of none."""
    full = browser.fetch("/assets/app.js").headers
    answer = browser.fetch("/assets/app.js", If_None_Match=full["etag"])
    assert (answer.status, answer.body) == (304, b"")
    for name in ("etag", "cache-control", "last-modified"):
        assert answer.headers[name] == full[name]
    assert not answer.headers.keys() & {"content-length", "content-type", "transfer-encoding"}


def test_a_failed_precondition(browser: Browser) -> None:
    """412, and nothing of the file."""
    answer = browser.fetch("/", If_Match='"another"')
    assert answer.status == 412
    assert b"precondition_failed" in answer.body
    assert "etag" not in answer.headers
    assert browser.fetch("/", "HEAD", If_Match='"another"').status == 412
    assert browser.fetch("/nothing", If_Match='"another"').status == 404


def test_the_date_is_not_in_the_future(browser: Browser) -> None:
    """Though the file's may be (RFC 9110 section 8.8.2.1); nor has it to be after 1970."""
    for moment in (2**33, -(2**31)):
        os.utime(browser.folder / "index.html", (moment, moment))
        answer = browser.fetch("/")
        assert answer.status == 200
        modified = read_http_date(answer.headers["last-modified"], 0)
        date = read_http_date(answer.headers["date"], 0)
        assert modified is not None
        assert date is not None
        assert modified <= date + 1


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=199990-", 199_990, 200_000),
        ("bytes=-7", 199_993, 200_000),
        ("bytes=-300000", 0, 200_000),
        ("bytes=100-150000", 100, 150_001),
        ("bytes=100-199,200-299", 100, 300),
        (",".join(["bytes=0-"] + ["0-"] * 4999), 0, 200_000),
    ],
)
def test_a_part(browser: Browser, asked: str, start: int, stop: int) -> None:
    """206, and which it is; HEAD knows no ranges (RFC 9110 section 14.2)."""
    answer = browser.fetch("/large", Range=asked)
    assert (answer.status, answer.body) == (206, LARGE[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/200000"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["content-type"] == "application/octet-stream"
    head = browser.fetch("/large", "HEAD", Range=asked)
    assert (head.status, head.headers["content-length"]) == (200, "200000")
    assert "content-range" not in head.headers


@pytest.mark.parametrize("asked", ["bytes=200000-", "bytes=-0", "bytes=200000-,300000-"])
def test_a_part_that_is_not_there(browser: Browser, asked: str) -> None:
    """416, which says how much there is."""
    answer = browser.fetch("/large", Range=asked)
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */200000")
    assert b"range_not_satisfiable" in answer.body


@pytest.mark.parametrize("asked", ["bytes=", "bytes=1-0", "bytes=x", "\xff\xfe=0-1", "lines=0-1"])
def test_a_range_that_makes_no_sense(browser: Browser, asked: str) -> None:
    """Counts for nothing."""
    answer = browser.fetch("/large", Range=asked)
    assert (answer.status, answer.body) == (200, LARGE)
    assert answer.headers["accept-ranges"] == "bytes"


def test_parts_of_an_empty_file(browser: Browser) -> None:
    """Its last octets are all of it."""
    (browser.folder / "empty").touch()
    assert browser.fetch("/empty").headers["content-length"] == "0"
    assert browser.fetch("/empty", Range="bytes=-5").status == 200
    assert browser.fetch("/empty", Range="bytes=0-").headers["content-range"] == "bytes */0"


def test_if_range(browser: Browser) -> None:
    """A part is sent of the very file that the client has the rest of; else the whole."""
    headers = browser.fetch("/large").headers
    for name, status in (
        (headers["etag"], 206),
        (headers["last-modified"], 206),
        ("W/" + headers["etag"], 200),
        ('"another"', 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ):
        assert browser.fetch("/large", Range="bytes=0-9", If_Range=name).status == status
    # The whole is never unsatisfiable.
    assert browser.fetch("/large", Range="bytes=200000-", If_Range='"another"').status == 200


@pytest.mark.parametrize("asked", [None, "bytes=0-150000", "bytes=0-9,100-150000"])
def test_a_file_that_shrinks_ends_the_connection(browser: Browser, asked: str | None) -> None:
    """What was promised cannot come any more, and nobody is left to wait for it."""
    browser.fetch("/large")
    peer = browser.begin("/large", **({} if asked is None else {"Range": asked}))
    while not peer.wire.value():
        browser.turns.advance(1)
    os.truncate(browser.folder / "large", 70_000)
    answer = browser.finish(peer)
    assert answer.status in {200, 206}
    assert len(answer.body) < int(answer.headers["content-length"])


def test_a_file_that_grows_is_sent_as_promised(browser: Browser) -> None:
    """What came behind is for the next one who asks."""
    browser.fetch("/large")
    peer = browser.begin("/large")
    while not peer.wire.value():
        browser.turns.advance(1)
    with (browser.folder / "large").open("ab") as file:
        file.write(b"more")
    assert browser.finish(peer).body == LARGE
    assert browser.fetch("/large").body == LARGE + b"more"


def test_whoever_goes_away_leaves_nothing_open(browser: Browser) -> None:
    """Neither while a file is read for its tag nor while it is sent."""
    before = set(Path("/proc/self/fd").iterdir())
    for turns in range(12):
        os.utime(browser.folder / "large", (turns, turns))
        peer = browser.begin("/large")
        for _ in range(turns):
            browser.turns.advance(1)
        if turns % 2 and peer.wire.producer is not None:
            peer.wire.producer.stopProducing()
        peer.lose()
        for _ in range(12):
            browser.turns.advance(1)
    assert set(Path("/proc/self/fd").iterdir()) == before
