# SPDX-License-Identifier: MIT
"""The page's files over real sockets, fetched by curl and wget, and by a client that is slow."""

import os
import random
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE, RunningServer, running

OCTETS = random.Random(9110).randbytes(30_000_000)
NOW = formatdate(usegmt=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a large file."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "index.html").write_text("<p>hello")
    (folder / "large").write_bytes(OCTETS)
    (folder / "sub").mkdir()
    (folder / "sub" / "index.html").write_text("<p>sub")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    """A server of it."""
    with running("--web", str(folder)) as server:
        yield server


def run(program: str, *arguments: str) -> str:
    """Run a program, and return what it printed."""
    done = subprocess.run(
        [program, *arguments], check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    return done.stdout


def status_of(*arguments: str) -> str:
    """What curl was answered."""
    return run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *arguments)


def test_curl_fetches_what_it_has_not(server: RunningServer, folder: Path, tmp_path: Path) -> None:
    """By tag and by date; after a roll-back the tag decides."""
    url, tag = server.http("/index.html"), str(tmp_path / "tag")
    # As a browser, with both.
    fetch = ("--etag-save", tag, "--etag-compare", tag, "-H", f"If-Modified-Since: {NOW}", url)
    assert status_of(*fetch) == "200"
    assert status_of(*fetch) == "304"
    (folder / "index.html").write_text("<p>older")
    os.utime(folder / "index.html", (1_000_000_000, 1_000_000_000))
    assert status_of("-z", NOW, url) == "304"
    assert status_of(*fetch) == "200"


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is missing")
def test_curl_and_wget_go_on_with_what_they_have(server: RunningServer, tmp_path: Path) -> None:
    """From where it ends; where nothing is left, that is no fault."""
    copy, url = tmp_path / "large", server.http("/large")
    for program in (
        ("curl", "-s", "-C", "-", "-o", str(copy), url),
        ("wget", "-q", "-c", "-O", str(copy), url),
    ):
        copy.write_bytes(OCTETS[:12_345_678])
        run(*program)
        assert copy.read_bytes() == OCTETS
        run(*program)
        assert copy.read_bytes() == OCTETS


def test_many_ranges_get_no_more_than_there_is(server: RunningServer) -> None:
    """However often they name the same octets."""
    asked, url = ",".join(f"{n}-" for n in range(1000)), server.http("/large")
    size = run("curl", "-s", "-r", asked, "-o", os.devnull, "-w", "%{size_download}", url)
    assert int(size) == len(OCTETS)


def test_a_folder_is_led_to(server: RunningServer) -> None:
    """And no further."""
    url = server.http("/sub?a=b")
    where = run("curl", "-s", "-L", "-w", " %{url_effective}", url)
    assert where == f"<p>sub {server.http('/sub/?a=b')}"
    for path in ("//evil.example/..", "//evil.example", "/%2f%2fevil.example", "//sub"):
        assert status_of("--path-as-is", server.http(path)) == "404"


def test_a_file_that_shrinks_under_a_slow_reader(server: RunningServer, folder: Path) -> None:
    """The connection ends; the server goes on, and says what happened without saying where."""
    (folder / "shrinks").write_bytes(OCTETS)
    with socket.create_connection((server.host, server.port), PATIENCE) as client:
        client.sendall(b"GET /shrinks HTTP/1.1\r\nHost: x\r\n\r\n")
        received = client.recv(1000)
        os.truncate(folder / "shrinks", 1_000_000)
        while data := client.recv(1 << 20):
            received += data
    length = re.search(rb"content-length: (\d+)", received.lower())
    assert length is not None
    assert int(length[1]) == len(OCTETS) > len(received)
    assert status_of(server.http("/")) == "200"
    line = server.process.wait_for(re.compile("a file has become shorter"))
    assert "shrinks" not in line.string
