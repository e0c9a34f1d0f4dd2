# SPDX-License-Identifier: MIT
"""The page's files over HTTP, through a whole server in memory."""

import errno
import os
from urllib.parse import urljoin

import pytest

from tests.unit.doors.http.conftest import SECRET, Browser


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


@pytest.mark.parametrize("name", ["wsecho.js", "wsecho.global.js"])
def test_pages_of_every_origin_may_have_the_library(browser: Browser, name: str) -> None:
    """Its tag included, by which a browser asks whether it is still the same."""
    (browser.folder / name).write_text("export {}")
    answer = browser.fetch(f"/{name}")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    again = browser.fetch(f"/{name}", If_None_Match=answer.headers["etag"])
    assert (again.status, again.headers["access-control-allow-origin"]) == (304, "*")


@pytest.mark.parametrize("path", ["/", "/assets/app.js", "/wsecho.txt"])
def test_the_page_itself_is_for_its_own_origin(browser: Browser, path: str) -> None:
    """Nobody else has anything to read there."""
    assert "access-control-allow-origin" not in browser.fetch(path).headers


def test_octets_that_are_no_utf_8_may_name_a_file(browser: Browser) -> None:
    """A file system knows nothing else."""
    (browser.folder / os.fsdecode(b"caf\xe9.txt")).write_text("au lait")
    assert browser.fetch("/caf%E9.txt").body == b"au lait"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/sub", "/sub/"),
        ("/sub?a=b&c=//d", "/sub/?a=b&c=//d"),
        ("/sub/deep%3Aer", "/sub/deep%3Aer/"),
        ("/sub/http:x", "/sub/http%3Ax/"),
    ],
)
def test_a_folder_is_led_to(browser: Browser, path: str, location: str) -> None:
    """At its own host, whatever `Host` says and whatever it is called."""
    for name in ("deep:er", "http:x"):
        (browser.folder / "sub" / name).mkdir()
        (browser.folder / "sub" / name / "index.html").write_text("<p>deep")
    for method in ("GET", "HEAD"):
        answer = browser.fetch(path, method, X_Forwarded_Host="evil.example")
        assert (answer.status, answer.body) == (302, b"")
        there = answer.headers["location"]
        assert there.startswith("./")
        assert urljoin(f"http://localhost{path}", there) == f"http://localhost{location}"
    assert browser.fetch(location.partition("?")[0]).status == 200


def test_a_link_may_lead_anywhere(browser: Browser) -> None:
    """It was put there by whoever owns the folder."""
    (browser.folder / "out").symlink_to(browser.folder.parent / "secret.txt")
    assert browser.fetch("/out").body == SECRET.encode()


def test_a_file_that_may_not_be_read(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """403; one that went a moment ago, 404; and where no more can be opened, 503."""
    for error, status in (
        (PermissionError(errno.EACCES, "no"), 403),
        (FileNotFoundError(errno.ENOENT, "no"), 404),
        (OSError(errno.EMFILE, "no"), 503),
    ):

        def fail(*_: object, error: OSError = error) -> int:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("wsecho.doors.http.files._open_at_once", fail)
            assert browser.fetch("/").status == status


def test_head_has_no_body(browser: Browser) -> None:
    """But the length."""
    answer = browser.fetch("/", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "8", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/assets%2Fapp.js",
        "/index.html%2F",
        "/a%2F..%2F.hidden",
        "/assets%2F..%2F.hidden",
        "/sub%2F..%2F.hidden",
        "/%FF",
        "/caf%E9/x",
        "/" + 300 * "long",
        "/loop",
        "/nowhere",
        "/pipe",
        "/sub/pipe",
        "//sub",
        "//assets",
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
    answer = browser.fetch("/", "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
