# SPDX-License-Identifier: MIT
"""What the tests of the page's files share: a browser at a small page."""

import os
import random
from pathlib import Path

import pytest
from attrs import define, field
from twisted.internet import task
from twisted.internet.task import Clock, Cooperator

from tests.unit.doors.harness import Peer, Server
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
