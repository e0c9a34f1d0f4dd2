# SPDX-License-Identifier: MIT
"""One POST, over a socket that is none."""

import http.client
import io
import socket
from typing import Any, Final

import pytest
from attrs import define, field

from wsecho.client.http_post import HttpAnswer, HttpPost

CREATED: Final = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabc"
LARGE: Final = b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"


@define(eq=False)
class FakeSocket:
    """Takes so many octets, and has its answer ready.

    Attributes:
        answer: what is read.
        most: octets after which it is broken.
        sent: what was taken.
    """

    answer: bytes
    most: float = float("inf")
    broken: OSError = field(factory=BrokenPipeError)
    sent: bytearray = field(factory=bytearray)

    def sendall(self, data: bytes) -> None:
        """Take some octets, or fail."""
        if len(self.sent) + len(data) > self.most:
            raise self.broken
        self.sent += data

    def makefile(self, _: str) -> io.BytesIO:
        """Give what is to be read."""
        return io.BytesIO(self.answer)

    def setsockopt(self, *_: Any) -> None:
        """Take an option."""

    def close(self) -> None:
        """Close it."""


def answer_of(
    monkeypatch: pytest.MonkeyPatch, fake: FakeSocket, body: bytes = b"hello"
) -> tuple[HttpAnswer, tuple[str, int]]:
    """Send a POST over a socket; return what is answered, and whom it was connected to."""
    called: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> FakeSocket:
        called.append(address)
        return fake

    monkeypatch.setattr(socket, "create_connection", connect)
    post = HttpPost("http://h:81/broadcast/a", body, {"Content-Length": str(len(body))})
    return post.begin(5).result(30), called[0]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in an environment that names none."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


def test_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comes with its status, headers and body."""
    fake = FakeSocket(CREATED)
    answer, address = answer_of(monkeypatch, fake)
    assert (answer.status, answer.headers.get("x-y"), answer.body) == (201, "z", b"abc")
    assert address == ("h", 81)
    assert fake.sent.startswith(b"POST /broadcast/a HTTP/1.1\r\n")
    assert fake.sent.endswith(b"\r\n\r\nhello")
    assert b"chunked" not in fake.sent


def test_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is asked for the whole URL, by whoever may use it."""
    monkeypatch.setenv("http_proxy", "http://ann:secret@proxy:3128")
    fake = FakeSocket(CREATED)
    _, address = answer_of(monkeypatch, fake)
    assert address == ("proxy", 3128)
    assert fake.sent.startswith(b"POST http://h:81/broadcast/a HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n" in fake.sent
    monkeypatch.setenv("no_proxy", "h")
    assert answer_of(monkeypatch, FakeSocket(CREATED))[1] == ("h", 81)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 407, 500])
def test_no_status_leads_elsewhere(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """A redirection would make a GET of the POST."""
    head = f"HTTP/1.1 {status} X\r\nLocation: http://i/\r\nContent-Length: 0\r\n\r\n"
    answer, _ = answer_of(monkeypatch, FakeSocket(head.encode()))
    assert (answer.status, answer.headers.get("Location")) == (status, "http://i/")


@pytest.mark.parametrize("broken", [BrokenPipeError(), ConnectionResetError()])
def test_an_answer_that_comes_before_the_body_was_sent(
    monkeypatch: pytest.MonkeyPatch, broken: OSError
) -> None:
    """Is read all the same: it says why no more was taken."""
    answer, _ = answer_of(monkeypatch, FakeSocket(LARGE, 300, broken), b"x" * 1_000_000)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("fake", "error"),
    [
        (FakeSocket(b""), ConnectionResetError),
        (FakeSocket(b"", 300), ConnectionResetError),
        (FakeSocket(LARGE, 300, TimeoutError()), OSError),
        (FakeSocket(b"hello\r\n"), http.client.BadStatusLine),
        (FakeSocket(CREATED[:-1]), http.client.IncompleteRead),
        (
            FakeSocket(b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"),
            http.client.IncompleteRead,
        ),
    ],
    ids=["nothing", "broken", "late", "no HTTP", "cut", "chunk cut"],
)
def test_what_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, fake: FakeSocket, error: type[Exception]
) -> None:
    """Is an error, so that it is said again."""
    with pytest.raises((OSError, http.client.HTTPException)) as caught:
        answer_of(monkeypatch, fake, b"x" * 1000)
    assert isinstance(caught.value, error)


def test_a_connection_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is an error too, a reset one among them."""

    def refuse(*_: Any, **__: Any) -> FakeSocket:
        raise ConnectionResetError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(OSError, match="urlopen"):
        HttpPost("http://h/broadcast/a", b"", {"Content-Length": "0"}).begin(5).result(30)


def test_a_large_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the memory."""
    body = b"x" * 1_000_000
    head = b"HTTP/1.1 500 X\r\nContent-Length: 1000000\r\n\r\n"
    answer, _ = answer_of(monkeypatch, FakeSocket(head + body))
    assert len(answer.body) == 65_536
