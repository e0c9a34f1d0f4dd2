# SPDX-License-Identifier: MIT
"""Posting, to an application in memory."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL.SSL import Error
from service_identity.exceptions import DNSMismatch, VerificationError
from service_identity.hazmat import DNS_ID
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost, DNSLookupError
from twisted.internet.task import Clock

from tests.unit.webhooks.scripted import Application, ok
from wsecho.webhooks.posting import KEPT_FOR, NoAnswerError, Poster, WebhookAnswer


class Post:
    """One post that has begun, and what came of it."""

    def __init__(self, poster: Poster, body: bytes = b"{}") -> None:
        self.outcome: Any = None
        self.deferred = Deferred.fromCoroutine(poster.post(body, {"Webhook-Id": "one"}, 2.0))
        self.deferred.addCallbacks(self._note, lambda failure: self._note(failure.value))

    def _note(self, outcome: object) -> None:
        assert self.outcome is None
        self.outcome = outcome

    @property
    def reason(self) -> str:
        """Why there is no answer."""
        assert isinstance(self.outcome, NoAnswerError), self.outcome
        return self.outcome.reason


@pytest.fixture
def clock() -> Clock:
    """By which time-outs go."""
    return Clock()


@pytest.fixture
def application(clock: Clock) -> Application:
    """Where it goes."""
    return Application(clock)


@pytest.fixture
def poster(application: Application) -> Poster:
    """What posts there."""
    return application.poster()


def test_a_post_is_json_with_its_length(application: Application, poster: Poster) -> None:
    """As every server reads it, with the whole target and no word of what may come back packed."""
    Post(poster, b'{"a":1}')
    head, body = application.connections[0].value().split(b"\r\n\r\n")
    lines = {line.lower() for line in head.split(b"\r\n")}
    assert head.startswith(b"POST /ask?key=1 HTTP/1.1\r\n")
    assert lines >= {
        b"host: app.example:8000",
        b"content-type: application/json",
        b"content-length: 7",
        b"webhook-id: one",
    }
    assert not any(line.startswith((b"accept-encoding", b"transfer-encoding")) for line in lines)
    assert body == b'{"a":1}'


def test_an_answer_has_status_headers_and_body(application: Application, poster: Poster) -> None:
    """Several lines of a header are one."""
    post = Post(poster)
    application.connections[0].answer(ok(b"{}", b"Cache-Control: a", b"cache-control: b"))
    answer = post.outcome
    assert isinstance(answer, WebhookAnswer)
    assert (answer.status, answer.body) == (200, b"{}")
    assert (answer.header("Cache-Control"), answer.header("Age")) == ("a, b", None)


def test_connections_are_kept(application: Application, poster: Poster) -> None:
    """One after the other needs no second one, and two at a time need two."""
    for _ in range(3):
        Post(poster)
        application.connections[0].answer(ok(b""))
    assert len(application.connections) == 1
    posts = [Post(poster), Post(poster)]
    for connection in application.connections:
        connection.answer(ok(b""))
    assert all(isinstance(post.outcome, WebhookAnswer) for post in posts)
    assert len(application.connections) == 2
    assert not any(connection.is_over for connection in application.connections)


def test_what_rests_is_closed_before_the_server_does(
    application: Application, poster: Poster, clock: Clock
) -> None:
    """Uvicorn's and Node's patience is 5 s."""
    Post(poster)
    application.connections[0].answer(ok(b""))
    clock.advance(KEPT_FOR)
    assert application.connections[0].is_over
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("how", [ConnectionDone(), ConnectionLost()], ids=repr)
def test_what_met_the_close_of_a_kept_connection_is_sent_once_more(
    application: Application, poster: Poster, how: Exception
) -> None:
    """The very same, on a fresh connection."""
    Post(poster)
    application.connections[0].answer(ok(b""))
    application.connections[0].clear()
    post = Post(poster)
    application.connections[0].end(how)
    kept, fresh = (connection.value() for connection in application.connections)
    assert fresh.replace(b"Connection: close\r\n", b"") == kept
    application.connections[1].answer(ok(b"here"))
    assert post.outcome.body == b"here"


def test_it_is_sent_twice_at_most(application: Application, poster: Poster) -> None:
    """An application that takes nothing is not asked for ever."""
    Post(poster)
    application.connections[0].answer(ok(b""))
    post = Post(poster)
    for connection in application.connections:
        connection.end()
    assert len(application.connections) == 2
    assert "closed the connection" in post.reason


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 200 OK\r\n", ok(b"{}")[:-1]], ids=range(3))
def test_what_was_answered_in_part_is_not_sent_again(
    application: Application, poster: Poster, begun: bytes
) -> None:
    """Not an octet of the answer may have come."""
    Post(poster)
    application.connections[0].answer(ok(b""))
    post = Post(poster)
    application.connections[0].answer(begun)
    application.connections[0].end()
    assert "closed the connection" in post.reason
    assert len(application.connections) == 1


def test_what_a_fresh_connection_lost_is_not_sent_again(
    application: Application, poster: Poster
) -> None:
    """The application may have died of it."""
    post = Post(poster)
    application.connections[0].end(ConnectionLost())
    assert "cut the connection" in post.reason
    assert len(application.connections) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionDone(), "it closed the connection before its answer was whole"),
        (ConnectionLost(), "it cut the connection before its answer was whole"),
        (Error([("SSL routines", "", "certificate verify failed")]), "TLS: certificate verify"),
        (Error(), "TLS: it was cut"),
        (VerificationError([DNSMismatch(DNS_ID("a"))]), "TLS: its certificate is for another host"),
        (LookupError(b"what came"), "what it sends is no HTTP"),
    ],
    ids=range(6),
)
def test_the_log_says_what_ended_it(
    application: Application, poster: Poster, error: Exception, reason: str
) -> None:
    """In words of ours, and nothing of what came."""
    post = Post(poster)
    application.connections[0].end(error)
    assert post.reason.startswith(reason)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200", ok(b"{}")[:-1], b"HTTP/1.1 200 OK\r\n\r\n{"], ids=range(4)
)
def test_what_takes_too_long_is_cut(
    application: Application, poster: Poster, clock: Clock, sent: bytes
) -> None:
    """However far the answer is, and nothing is left of it."""
    post = Post(poster)
    application.connections[0].answer(sent)
    clock.advance(1.9)
    assert post.outcome is None
    clock.advance(0.2)
    assert post.reason == "it does not answer within 2 s"
    assert application.connections[0].is_over
    assert len(application.connections) == 1
    assert clock.getDelayedCalls() == []


def test_connecting_counts(application: Application, poster: Poster, clock: Clock) -> None:
    """A host that drops what it is sent is no answer either."""
    application.is_away = True
    post = Post(poster)
    clock.advance(2.0)
    assert post.reason == "it does not answer within 2 s"


@pytest.mark.parametrize(
    "error",
    [ConnectError(111, "refused"), DNSLookupError("no such name"), OSError(24, "too many files")],
    ids=["refused", "name", "files"],
)
def test_what_cannot_be_reached_does_not_answer(
    application: Application, poster: Poster, error: Exception
) -> None:
    """For whatever reason, which is told."""
    application.refuses = error
    assert str(error) in Post(poster).reason


def test_a_large_answer_is_left_alone(application: Application) -> None:
    """By its length, or as soon as it is over the bound."""
    poster = application.poster(max_answer=10)
    stated, counted, fitting = Post(poster), Post(poster), Post(poster)
    first, second, third = application.connections
    first.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
    second.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n")
    second.answer(b"x" * 11)
    third.answer(ok(b"x" * 10))
    assert (stated.outcome.status, stated.outcome.body) == (200, None)
    assert counted.outcome.body is None
    assert fitting.outcome.body == b"x" * 10
    assert [first.is_over, second.is_over, third.is_over] == [True, True, False]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n\r\n{"], ids=["head", "body"])
@pytest.mark.parametrize("before", [0, 1], ids=["fresh", "kept"])
def test_who_gives_up_ends_it(
    application: Application, poster: Poster, sent: bytes, before: int
) -> None:
    """Nothing is sent again for somebody who waits no more."""
    for _ in range(before):
        Post(poster)
        application.connections[0].answer(ok(b""))
    post = Post(poster)
    application.connections[0].answer(sent)
    post.deferred.cancel()
    assert isinstance(post.outcome, CancelledError)
    assert application.connections[0].is_over
    assert len(application.connections) == 1


def test_closing_leaves_nothing_behind(
    application: Application, poster: Poster, clock: Clock
) -> None:
    """What rests is closed, what is under way is answered and closed."""
    posts = [Post(poster), Post(poster)]
    resting, busy = application.connections
    resting.answer(ok(b""))
    poster.close()
    busy.answer(ok(b"last"))
    assert posts[1].outcome.body == b"last"
    clock.advance(KEPT_FOR)
    assert resting.is_over
    assert busy.is_over
    assert clock.getDelayedCalls() == []


HEADS = (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n")
PARTS = (
    *(*HEADS, b"\r\n", b"4\r\nabcd\r\n", b"0\r\n\r\n", b"abcd", b"HTTP/1.1 103 Early\r\n\r\n"),
    *(b"Content-Length: -1\r\n", b"Content-Length: x\r\n", b"Content-Length: 5\r\n"),
    *(
        b"Transfer-Encoding: gzip\r\n",
        b"HTTP/2 204\r\n",
        b" folded\r\n",
        b"no colon\r\n",
        b"zz\r\n",
    ),
)


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=20), max_size=12), st.booleans())
def test_whatever_comes_is_an_answer_or_none(parts: list[bytes], ends: bool) -> None:
    """Broken off, broken or whole, in any pieces: nothing else is raised, and nothing is left."""
    clock = Clock()
    application = Application(clock)
    post = Post(application.poster())
    for part in parts:
        application.connections[0].answer(part)
    if ends:
        application.connections[0].end()
    clock.advance(2.0)
    assert isinstance(post.outcome, WebhookAnswer | NoAnswerError)
    clock.advance(KEPT_FOR)
    assert application.connections[0].is_over
    assert clock.getDelayedCalls() == []
