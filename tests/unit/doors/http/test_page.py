# SPDX-License-Identifier: MIT
"""The page's files over HTTP, through a whole server in memory."""

import errno
import os
import random
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import urljoin

import pytest
from attrs import define, field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import task
from twisted.internet.task import Clock, Cooperator

from tests.unit.doors.harness import Peer, Server
from wsecho.core.http.httpdates import read_http_date
from wsecho.doors.http.page import PageFile

SECRET = "outside the page"
LARGE = random.Random(9110).randbytes(200_000)


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

    page: PageFile = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.page = PageFile(str(self.folder))

    def fetch(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Fetch one address on a connection of its own."""
        return self.finish(self.begin(path, method, **headers))

    def begin(self, path: str, method: str = "GET", **headers: str) -> Peer:
        """Ask for one address."""
        peer = Server(root=self.page).connect()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        peer.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return peer

    def finish(self, peer: Peer) -> Answer:
        """Read an answer to its end."""
        # Twisted's static files come piece by piece, one for each turn of the reactor.
        while not peer.wire.disconnecting:
            self.turns.advance(1)
        head, _, body = peer.received().partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
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
    (folder / "sub").mkdir()
    (folder / "sub" / "index.html").write_text("<p>sub")
    (folder / "loop").symlink_to("loop")
    (folder / "nowhere").symlink_to("gone")
    os.mkfifo(folder / "pipe")
    (folder / "sub" / "pipe").symlink_to("../pipe")
    (folder / "large").write_bytes(LARGE)
    for name in ("app-D3adB33f.js", "app.js", "style-0123456789.css", "x.svg", "x.woff2", "x.zzz"):
        (folder / "assets" / name).write_text(name)
    turns = Clock()
    cooperator = Cooperator(
        # One piece a turn, however fast the machine is.
        terminationPredicateFactory=lambda: lambda: True,
        scheduler=lambda turn: turns.callLater(1, turn),
    )
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
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
