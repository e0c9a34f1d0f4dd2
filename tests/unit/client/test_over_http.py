# SPDX-License-Identifier: MIT
"""A message that is said by POST, beside a WebSocket."""

import asyncio
from concurrent.futures import Future
from http.client import IncompleteRead
from typing import Any

import pytest

from wsecho.client.errors import Forbidden, Unavailable
from wsecho.client.http_post import HttpAnswer, HttpPost
from wsecho.client.link import Way
from wsecho.client.over_http import said_by_post
from wsecho.client.protocol.refusals import Refusal
from wsecho.core.wire.positions import Position

URL = "http://127.0.0.1:8080/broadcast/a?member=x"


def said(
    monkeypatch: pytest.MonkeyPatch, answer: HttpAnswer | Exception, data: str | bytes = "x"
) -> tuple[HttpPost, Position | Refusal]:
    """What is sent, and what is made of the answer."""
    sent: list[HttpPost] = []

    def begin(self: HttpPost, seconds: float) -> "Future[HttpAnswer]":
        assert seconds > 0
        sent.append(self)
        future: Future[HttpAnswer] = Future()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    monkeypatch.setattr(HttpPost, "begin", begin)
    way = Way(headers={"X-Way": "y"}, proxy=None)
    outcome = asyncio.run(said_by_post(URL, data, "key-1", way, "token"))
    return sent[0], outcome


def answer(status: int, body: bytes, **headers: Any) -> HttpAnswer:
    """What a server answers."""
    return HttpAnswer(status, headers, body)


def test_it_goes_under_its_key_with_the_token_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text as text, binary as binary."""
    created = answer(201, b'{"position":"a:7"}')
    post, outcome = said(monkeypatch, created, "ü")
    assert outcome == Position("a", 7)
    assert (post.url, post.body, post.proxy) == (URL, "ü".encode(), None)
    assert post.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert post.headers["Idempotency-Key"] == "key-1"
    assert (post.headers["Authorization"], post.headers["X-Way"]) == ("Bearer token", "y")
    post, _ = said(monkeypatch, created, b"\0")
    assert (post.body, post.headers["Content-Type"]) == (b"\0", "application/octet-stream")
    assert "token" not in repr(post)


@pytest.mark.parametrize(
    "failure",
    [
        *(ConnectionRefusedError(), TimeoutError(), IncompleteRead(b"")),
        *(
            answer(201, body)
            for body in (b"", b"{}", b"[]", b'{"position":1}', b'{"position":"x"}')
        ),
        answer(503, b""),
    ],
    ids=range(9),
)
def test_what_may_have_arrived_is_said_again(
    monkeypatch: pytest.MonkeyPatch, failure: HttpAnswer | Exception
) -> None:
    """Under its key that is safe."""
    _, outcome = said(monkeypatch, failure)
    assert isinstance(outcome, Refusal)
    assert outcome.passes
    assert isinstance(outcome.error, Unavailable)
    assert outcome.error.reason


def test_what_the_server_refuses_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how long it wants to be left alone."""
    body = b'{"error":{"code":"forbidden","reason":"no"}}'
    _, outcome = said(monkeypatch, answer(403, body))
    assert isinstance(outcome, Refusal)
    assert (type(outcome.error), outcome.passes) == (Forbidden, False)
    body = b'{"error":{"code":"over_rate","reason":"slowly"}}'
    _, outcome = said(monkeypatch, answer(429, body, **{"Retry-After": "3"}))
    assert isinstance(outcome, Refusal)
    assert (outcome.passes, outcome.retry) == (True, 3)
