# SPDX-License-Identifier: MIT
"""By what a file is known: its contents, whatever its date says."""

import os

import pytest

from tests.unit.doors.http.conftest import LARGE, Browser


def test_tags_are_of_the_content(browser: Browser) -> None:
    """The same again after a roll-back, whatever the time; another, though size and time are."""
    for name, size in (("index.html", 8), ("large", 200_000)):
        file = browser.folder / name
        before, then = file.read_bytes(), file.stat().st_mtime_ns
        tag = browser.fetch(f"/{name}").headers["etag"]
        file.write_bytes(bytes(size))
        os.utime(file, ns=(then, then))
        other = browser.fetch(f"/{name}").headers["etag"]
        assert other != tag
        os.utime(file, (1, 1))
        assert browser.fetch(f"/{name}").headers["etag"] == other
        (browser.folder / "new").write_bytes(before)
        (browser.folder / "new").replace(file)
        assert browser.fetch(f"/{name}", "HEAD").headers["etag"] == tag


def test_after_a_roll_back_a_page_is_sent_again(browser: Browser) -> None:
    """An older file with another content is no reason to keep what the browser has."""
    headers = browser.fetch("/").headers
    index = browser.folder / "index.html"
    index.write_text("<p>older")
    os.utime(index, (1_000_000_000, 1_000_000_000))
    answer = browser.fetch(
        "/", If_None_Match=headers["etag"], If_Modified_Since=headers["last-modified"]
    )
    assert (answer.status, answer.body) == (200, b"<p>older")


@pytest.mark.parametrize("replaces", [False, True])
def test_a_file_that_changed_twice_in_a_second(browser: Browser, *, replaces: bool) -> None:
    """Its date names two contents, and so neither of them for certain."""
    file = browser.folder / "large"
    date = browser.fetch("/large").headers["last-modified"]
    then = file.stat().st_mtime_ns
    new = browser.folder / "new" if replaces else file
    new.write_bytes(LARGE[::-1])
    os.utime(new, ns=(then, then))
    new.replace(file)
    assert browser.fetch("/large", Range="bytes=0-9", If_Range=date).status == 200
    os.utime(file, (1, 1))
    later = browser.fetch("/large").headers["last-modified"]
    assert browser.fetch("/large", Range="bytes=0-9", If_Range=later).status == 206
