# SPDX-License-Identifier: MIT
"""The page's files over HTTP, through a whole server in memory."""

from pathlib import Path

import pytest
from attrs import define
from twisted.internet import task
from twisted.internet.task import Clock, Cooperator

from tests.unit.doors.harness import Server
from wsecho.doors.page import PageFile

SECRET = "outside the page"


@define
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@define
class Browser:
    """Fetches files of one page."""

    folder: Path
    turns: Clock

    def fetch(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Fetch one address on a connection of its own."""
        peer = Server(root=PageFile(str(self.folder))).connect()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        peer.send("\r\n".join([*lines, "", ""]).encode())
        # Twisted's static files come piece by piece, one for each turn of the reactor.
        while not peer.wire.disconnecting:
            self.turns.advance(0)
        head, _, body = peer.received().partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        pairs = (field.split(": ", 1) for field in fields)
        return Answer(int(status.split()[1]), {k.lower(): v for k, v in pairs}, body)


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser at a small page."""
    (tmp_path / "secret.txt").write_text(SECRET)
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<p>hello")
    (folder / ".hidden").write_text(SECRET)
    for name in ("app-D3adB33f.js", "app.js", "style-0123456789.css", "x.svg", "x.woff2", "x.zzz"):
        (folder / "assets" / name).write_text(name)
    turns = Clock()
    cooperator = Cooperator(scheduler=lambda turn: turns.callLater(0, turn))
    monkeypatch.setattr(task, "_theCooperator", cooperator)
    return Browser(folder, turns)


@pytest.mark.parametrize("path", ["/", "/index.html", "/?room=a"])
def test_the_page_is_at_the_root(browser: Browser, path: str) -> None:
    """With the headers that keep a browser strict."""
    answer = browser.fetch(path)
    assert (answer.status, answer.body) == (200, b"<p>hello")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["server"] == "wsecho"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style-0123456789.css", "text/css; charset=utf-8"),
        ("x.svg", "image/svg+xml"),
        ("x.woff2", "font/woff2"),
        ("x.zzz", "application/octet-stream"),
    ],
)
def test_files_have_their_type(browser: Browser, name: str, content_type: str) -> None:
    """Whatever the machine's own table says."""
    assert browser.fetch(f"/assets/{name}").headers["content-type"] == content_type


def test_only_hashed_assets_are_cached_for_long(browser: Browser) -> None:
    """A file whose name changes with its content may be kept; no other."""
    assert "immutable" in browser.fetch("/assets/app-D3adB33f.js").headers["cache-control"]
    assert browser.fetch("/assets/app.js").headers["cache-control"] == "no-cache"


def test_an_unchanged_file_is_not_sent_again(browser: Browser) -> None:
    """By ETag and by date; a changed one is."""
    headers = browser.fetch("/").headers
    assert browser.fetch("/", If_None_Match=headers["etag"]).status == 304
    assert browser.fetch("/", If_Modified_Since=headers["last-modified"]).status == 304
    (browser.folder / "index.html").write_text("<p>changed")
    assert browser.fetch("/", If_None_Match=headers["etag"]).body == b"<p>changed"


def test_head_has_no_body(browser: Browser) -> None:
    """But the length."""
    answer = browser.fetch("/", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "8", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/assets/",
        "/assets",
        "/.hidden",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/index.html%00",
        "/index.html/more",
    ],
)
def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    """No listing, no hidden file, no way out of the folder."""
    answer = browser.fetch(path)
    assert answer.status in {302, 404}
    assert SECRET.encode() not in answer.body
    assert b"app.js" not in answer.body


def test_nothing_can_be_posted_to_the_page(browser: Browser) -> None:
    """405, not a traceback."""
    assert browser.fetch("/", "POST").status == 405
