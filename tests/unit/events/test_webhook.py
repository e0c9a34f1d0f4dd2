# SPDX-License-Identifier: MIT
"""Telling at a URL, in memory."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import define, field
from standardwebhooks.webhooks import Webhook
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.unit.webhooks.scripted import URL, Application
from wsecho.core.events.batches import EventBatch
from wsecho.events.listener import PATIENCE, NotTakenError
from wsecho.events.webhook import WebhookListener

BATCH = EventBatch("run-1:run-2", 2, 0, 5, ('{"id":"run-1"}', '{"id":"run-2"}'))
SECRET = b"0123456789abcdef0123456789abcdef"


@define(eq=False)
class World:
    """A listener, and the application that it tells."""

    secrets: Sequence[bytes] = ()
    clock: Clock = field(factory=Clock)
    application: Application = field(init=False)
    listener: WebhookListener = field(init=False)
    outcomes: list[Any] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.application = Application(self.clock)
        poster = self.application.poster()
        self.listener = WebhookListener(URL, poster, lambda: self.secrets, lambda: 1.5e9)

    def tell(self) -> None:
        """Tell it the batch."""
        told: Deferred[Any] = Deferred.fromCoroutine(self.listener.tell(BATCH))
        told.addBoth(self.outcomes.append)

    def answer(self, *lines: bytes) -> Any:
        """Have it answer; return what came of that."""
        self.application.connections[-1].answer(
            b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])
        )
        return self.outcomes[-1]

    def sent(self) -> tuple[dict[str, str], bytes]:
        """The headers and the body of what was posted."""
        head, _, body = self.application.connections[-1].value().partition(b"\r\n\r\n")
        fields = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        return {name.lower(): value for name, value in fields}, body


def error(outcome: Any) -> NotTakenError:
    """Why it was not taken."""
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.value, NotTakenError)
    return outcome.value


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
def test_success_takes_a_batch(status: str) -> None:
    """Whichever."""
    world = World()
    world.tell()
    assert world.answer(f"HTTP/1.1 {status}".encode()) is None
    headers, body = world.sent()
    assert json.loads(body) == {
        "type": "wsecho.events",
        "timestamp": "2017-07-14T02:40:00.000Z",
        "data": [{"id": "run-1"}, {"id": "run-2"}],
    }
    assert "webhook-id" not in headers


@pytest.mark.parametrize(
    ("lines", "retry_after"),
    [
        ([b"HTTP/1.1 500 Oh"], None),
        ([b"HTTP/1.1 302 Found", b"Location: /"], None),
        ([b"HTTP/1.1 503 Busy", b"Retry-After: 30"], 30.0),
        ([b"HTTP/1.1 429 Busy", b"Retry-After:  7 "], 7.0),
        ([b"HTTP/1.1 503 Busy", b"Retry-After: Wed, 21 Oct 2037 07:28:00 GMT"], None),
        ([b"HTTP/1.1 503 Busy", b"Retry-After: -5"], None),
        ([b"HTTP/1.1 503 Busy", b"Retry-After: 9999999999"], None),
    ],
    ids=["500", "302", "seconds", "spaces", "date", "negative", "huge"],
)
def test_all_else_does_not(lines: list[bytes], retry_after: float | None) -> None:
    """And says when it may come again, if it does."""
    world = World()
    world.tell()
    found = error(world.answer(*lines))
    assert found.retry_after == retry_after
    assert str(int(lines[0].split()[1])) in found.reason


def test_no_answer_does_not_either() -> None:
    """None in time, or half of one."""
    world = World()
    world.tell()
    world.clock.advance(PATIENCE)
    assert "10 s" in error(world.outcomes[-1]).reason
    world.tell()
    world.application.connections[-1].end()
    assert error(world.outcomes[-1]).reason


def test_it_is_signed_as_standard_webhooks_has_it() -> None:
    """By each secret, under the batch's id, which is the same each time."""
    world = World([SECRET, SECRET[::-1]])
    for _ in range(2):
        world.tell()
        world.answer(b"HTTP/1.1 500 Oh")
        headers, body = world.sent()
        assert headers["webhook-id"] == BATCH.id
        assert headers["webhook-timestamp"] == "1500000000"
        at = datetime.fromtimestamp(1_500_000_000, UTC)
        assert headers["webhook-signature"].split() == [
            Webhook(secret).sign(BATCH.id, at, body.decode()) for secret in world.secrets
        ]
        world.application.connections[-1].clear()
