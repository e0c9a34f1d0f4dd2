# SPDX-License-Identifier: MIT
"""A message is said until it is taken: what is checked, what is said again, when it is given up."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from http.client import InvalidURL, RemoteDisconnected
from typing import Any, Final
from urllib.error import URLError

import pytest
from attrs import define, field

from wsecho.client import errors, publish, publish_async
from wsecho.client.http_post import SILENCE, HttpAnswer, HttpPost
from wsecho.client.posting import MAX_SECONDS
from wsecho.core.rooms.retries import KEEP
from wsecho.core.wire.positions import Position

URL: Final = "http://h/broadcast/lobby"
TAKEN: Final = HttpAnswer(201, {}, b'{"position":"e:1"}')
BUSY: Final = HttpAnswer(503, {"Retry-After": "3"}, b"")
REFUSED: Final = URLError(ConnectionRefusedError(111, "Connection refused"))
CERTIFICATE: Final = ssl.SSLCertVerificationError("self-signed")
CERTIFICATE.verify_message = "self-signed certificate"


@define(eq=False)
class Script:
    """Answers that come one after the other, the last of them again and again.

    Attributes:
        sent: every request.
        slept: every pause, in seconds; they make the time go on.
        now: the time.
    """

    answers: list[HttpAnswer | Exception]
    sent: list[HttpPost] = field(factory=list)
    slept: list[float] = field(factory=list)
    now: float = 0

    def begin(self, post: HttpPost, _: float) -> "Future[HttpAnswer]":
        """HttpAnswer."""
        self.sent.append(post)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        future: Future[HttpAnswer] = Future()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    def sleep(self, seconds: float) -> None:
        """Let time go on."""
        self.slept.append(seconds)
        self.now += seconds


def in_thread(url: Any = URL, data: Any = "hello", **options: Any) -> Position:
    """Publish as a view does."""
    return publish(url, data, **options)


def in_loop(url: Any = URL, data: Any = "hello", **options: Any) -> Position:
    """Publish as a coroutine does."""
    return asyncio.run(publish_async(url, data, **options))


Way = Callable[..., Position]
both = pytest.mark.parametrize("say", [in_thread, in_loop])


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """What answers, and whose time it is."""
    script = Script([TAKEN])

    async def sleep(seconds: float) -> None:
        script.sleep(seconds)

    def begin(post: HttpPost, seconds: float) -> "Future[HttpAnswer]":
        return script.begin(post, seconds)

    monkeypatch.setattr(HttpPost, "begin", begin)
    monkeypatch.setattr("wsecho.client.posting.sleep", script.sleep)
    monkeypatch.setattr("wsecho.client.posting.asyncio.sleep", sleep)
    monkeypatch.setattr("wsecho.client.posting.monotonic", lambda: script.now)
    return script


@both
def test_it_is_taken_at_once(script: Script, say: Way) -> None:
    """One request, that says what it is."""
    assert say(token="a.b.c", key="order-17") == Position("e", 1)
    [post] = script.sent
    assert (post.url, post.body, script.slept) == (URL, b"hello", [])
    assert post.headers["Authorization"] == "Bearer a.b.c"
    assert post.headers["Idempotency-Key"] == "order-17"
    assert post.headers["Content-Type"] == "text/plain; charset=utf-8"


@both
@pytest.mark.parametrize("data", [b"\0\xff", bytearray(b"\0\xff"), memoryview(b"\0\xff")])
def test_binary(script: Script, say: Way, data: Any) -> None:
    """In each form of bytes."""
    say(data=data)
    assert script.sent[0].body == b"\0\xff"
    assert script.sent[0].headers["Content-Type"] == "application/octet-stream"
    assert "Authorization" not in script.sent[0].headers


@both
@pytest.mark.parametrize(
    "failure",
    [
        *(REFUSED, ConnectionResetError(), TimeoutError(), RemoteDisconnected("gone")),
        *(URLError(ssl.SSLError("no TLS")), OSError("Tunnel connection failed: 503"), BUSY),
        *(HttpAnswer(status, {}, b"") for status in (408, 425, 429, 500, 502, 504)),
    ],
    ids=repr,
)
def test_what_passes_is_waited_for(
    script: Script, say: Way, failure: HttpAnswer | Exception
) -> None:
    """And said again, the very same under the very same key."""
    script.answers = [failure, failure, TAKEN]
    assert say() == Position("e", 1)
    first, second, third = script.sent
    assert first == second == third
    least = 3 if failure is BUSY else 0
    assert [least <= seconds <= least + 0.5 for seconds in script.slept] == [True, True]


@both
def test_each_message_has_a_key_of_its_own(script: Script, say: Way) -> None:
    """That nobody guesses."""
    for _ in range(50):
        say()
    keys = {post.headers["Idempotency-Key"] for post in script.sent}
    assert len(keys) == 50
    assert min(map(len, keys)) > 20


@both
@pytest.mark.parametrize(("timeout", "seconds"), [(None, 270), (5, 5), (0.5, 0.5), (10_000, 270)])
def test_it_is_given_up(script: Script, say: Way, timeout: float | None, seconds: float) -> None:
    """In time, as something that nobody knows, with what was the matter."""
    script.answers = [REFUSED]
    with pytest.raises(errors.Unknown, match="refused") as caught:
        say(timeout=timeout)
    assert caught.value.code == "unknown"
    assert caught.value.__cause__ is REFUSED
    assert script.now < seconds
    assert len(script.sent) == len(script.slept) + 1


def test_a_key_outlives_all_retries() -> None:
    """With time to spare for the last attempt, which waits for so long at most."""
    assert MAX_SECONDS + SILENCE < KEEP


@both
def test_it_is_not_waited_for_what_comes_too_late(script: Script, say: Way) -> None:
    """Where the server asks for more time than there is."""
    script.answers = [BUSY]
    with pytest.raises(errors.Unknown, match="HTTP 503"):
        say(timeout=2)
    assert script.slept == []


@both
@pytest.mark.parametrize(
    ("failure", "error", "reason"),
    [
        (HttpAnswer(401, {}, b""), errors.Unauthorized, "HTTP 401"),
        (HttpAnswer(403, {}, b""), errors.Forbidden, "HTTP 403"),
        (HttpAnswer(413, {}, b""), errors.TooLarge, "HTTP 413"),
        (HttpAnswer(404, {}, b""), errors.NotWsecho, "HTTP 404"),
        (URLError(CERTIFICATE), errors.NotWsecho, "does not count: self-signed certificate"),
        (URLError("unknown url type: socks5"), errors.BadRequest, "a proxy of the environment"),
        (InvalidURL("nonnumeric port: 'x'"), errors.BadRequest, "a proxy of the environment"),
    ],
)
def test_what_does_not_pass(
    script: Script, say: Way, failure: HttpAnswer | Exception, error: type[Exception], reason: str
) -> None:
    """Is said at once."""
    script.answers = [failure]
    with pytest.raises(error, match=reason):
        say()
    assert len(script.sent) == 1


@both
@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"url": "lobby"}, errors.BadRequest, "url does not begin"),
        ({"url": None}, errors.BadType, "url is no string"),
        ({"data": None}, errors.BadType, "data is neither text nor bytes, but NoneType"),
        ({"data": 5}, errors.BadType, "data is neither text nor bytes, but int"),
        ({"data": {"a": 1}}, errors.BadType, "data is neither text nor bytes, but dict"),
        ({"data": "\ud800"}, errors.BadRequest, "data has half a surrogate pair"),
        ({"token": b"a.b.c"}, errors.BadType, "token is no string, but bytes"),
        ({"token": str}, errors.BadType, "token is no string, but type"),
        ({"token": ""}, errors.BadRequest, "token is none"),
        ({"token": "a.b.c\n"}, errors.BadRequest, "token is none"),
        ({"token": "a.b.c\r\nX: y"}, errors.BadRequest, "token is none"),
        ({"token": "é"}, errors.BadRequest, "token is none"),
        ({"key": 5}, errors.BadType, "key is no string, but int"),
        ({"key": ""}, errors.BadRequest, "key is none"),
        ({"key": "a b"}, errors.BadRequest, "key is none"),
        ({"key": "x" * 256}, errors.BadRequest, "key is none"),
        ({"timeout": "5"}, errors.BadType, "timeout is no number, but str"),
        ({"timeout": True}, errors.BadType, "timeout is no number, but bool"),
        ({"timeout": 0}, errors.BadRequest, "timeout is 0: give seconds"),
        ({"timeout": -1.5}, errors.BadRequest, "timeout is -1.5: give seconds"),
        ({"timeout": float("nan")}, errors.BadRequest, "timeout is nan: give seconds"),
        ({"ssl": True}, errors.BadType, "ssl is no SSLContext, but bool"),
    ],
    ids=repr,
)
def test_arguments_that_mean_nothing(
    script: Script, say: Way, arguments: dict[str, Any], error: type[Exception], reason: str
) -> None:
    """Are named at once, before anything is sent."""
    with pytest.raises(error, match=reason):
        say(**arguments)
    assert script.sent == []
