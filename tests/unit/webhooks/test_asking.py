# SPDX-License-Identifier: MIT
"""An application that is asked over HTTP, in memory, by a clock that the test turns."""

import json
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs, formatEvent

from tests.unit.webhooks.scripted import URL, Application, ok
from wsecho.hooks import Drop, Forbidden, Message, Unavailable, Visit
from wsecho.webhooks.asking import AT_ONCE, QUIET, WebhookApp, largest_answer
from wsecho.webhooks.breaker import FIRST_WAIT, MAX_FAILURES

YES = ok(b'{"allow":true}')
KEEP = b"Cache-Control: max-age=60"
VISIT = Visit("v1", "192.0.2.1")
ANN = Visit("v2", "192.0.2.1", sub="ann")
SECRETS = (b"o" * 24, b"n" * 24)


class Asked:
    """A question that was asked, and what came of it."""

    def __init__(self, question: Coroutine[Any, Any, Any]) -> None:
        self.is_over = False
        self.outcome: Any = None
        self.deferred = Deferred.fromCoroutine(question)
        self.deferred.addCallbacks(self._note, lambda failure: self._note(failure.value))

    def _note(self, outcome: object) -> None:
        self.is_over, self.outcome = True, outcome


@pytest.fixture
def clock() -> Clock:
    """By which all goes."""
    return Clock()


@pytest.fixture
def application(clock: Clock) -> Application:
    """What is asked."""
    return Application(clock)


def app_over(application: Application, secrets: tuple[bytes, ...] = ()) -> WebhookApp:
    """Return what asks it."""
    clock = application.clock
    poster = application.poster(largest_answer(1_000))
    return WebhookApp(URL, poster, lambda: secrets, 2.0, 1_000, clock, lambda: 1_760_000_000.5)


@pytest.fixture
def app(application: Application) -> WebhookApp:
    """What asks it, without a signature."""
    return app_over(application)


@pytest.fixture
def lines() -> Iterator[Sequence[LogEvent]]:
    """What is logged meanwhile."""
    with capturedLogs() as found:
        yield found


def last_question(application: Application) -> Any:
    """Return what was asked last."""
    return json.loads(application.connections[-1].value().rpartition(b"\r\n\r\n")[2])


def fail(application: Application, app: WebhookApp, times: int = MAX_FAILURES) -> None:
    """Ask some questions that are answered by an error."""
    for _ in range(times):
        asked = Asked(app.joining(VISIT, "main"))
        application.connections[-1].answer(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
        assert isinstance(asked.outcome, Unavailable)


def test_connecting(application: Application, app: WebhookApp) -> None:
    """It may bring claims."""
    asked = Asked(app.connecting(VISIT))
    assert last_question(application)["question"] == "connect"
    application.connections[0].answer(ok(b'{"allow":true,"claims":{"sub":"ann"}}'))
    assert asked.outcome == {"sub": "ann"}


def test_joining(application: Application, app: WebhookApp) -> None:
    """Yes is nothing at all."""
    asked = Asked(app.joining(VISIT, "main"))
    question = last_question(application)
    assert (question["question"], question["room"]) == ("join", "main")
    application.connections[0].answer(YES)
    assert (asked.is_over, asked.outcome) == (True, None)


def test_publishing(application: Application, app: WebhookApp) -> None:
    """It may bring other data, or drop it."""
    asked = Asked(app.publishing(VISIT, "main", Message("hi")))
    question = last_question(application)
    assert (question["question"], question["data"]) == ("publish", "hi")
    application.connections[0].answer(ok(b'{"allow":true,"data":"ho"}'))
    assert asked.outcome == "ho"
    dropped = Asked(app.publishing(VISIT, "main", Message("hi")))
    application.connections[0].answer(ok(b'{"allow":true,"drop":true}'))
    assert isinstance(dropped.outcome, Drop)


def test_a_no_is_an_answer(application: Application, app: WebhookApp) -> None:
    """However often it comes, it opens no breaker."""
    for _ in range(MAX_FAILURES + 1):
        asked = Asked(app.joining(VISIT, "main"))
        application.connections[0].answer(ok(b'{"allow":false,"reason":"not you"}'))
        assert isinstance(asked.outcome, Forbidden)
        assert asked.outcome.reason == "not you"
    assert app.breaker.opened == 0


def test_questions_are_signed_by_each_secret(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id in the header is the question's own; what is sent once more is the very same."""
    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda _, text: _at(text))
    app = app_over(application, SECRETS)
    Asked(app.joining(VISIT, "main"))
    application.connections[0].answer(YES)
    application.connections[0].clear()
    Asked(app.joining(VISIT, "main"))
    application.connections[0].end()
    kept, fresh = (connection.value() for connection in application.connections)
    assert kept == fresh.replace(b"Connection: close\r\n", b"")
    head, _, body = fresh.partition(b"\r\n\r\n")
    lines = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    headers = {name.decode(): value.decode() for name, value in lines}
    for secret in SECRETS:
        question = Webhook(secret).verify(body, headers)
        assert (
            question["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]
        )


def _at(text: str) -> Any:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(int(text), tz=UTC)


def test_each_question_has_an_id_of_its_own(application: Application, app: WebhookApp) -> None:
    """By which an application knows one that comes twice."""
    found = set()
    for _ in range(3):
        Asked(app.joining(VISIT, "main"))
        found.add(last_question(application)["id"])
        application.connections[0].answer(YES)
    assert len(found) == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        ok(b"yes"),
        ok(b'{"allow":1}'),
        ok(b'{"allow":true,"data":"x"}'),
        ok(b"x" * (largest_answer(1_000) + 1)),
        ok(b'{"allow":true}')[:-1],
        b"",
    ],
    ids=range(9),
)
def test_what_is_no_answer_is_unavailable(
    application: Application,
    app: WebhookApp,
    clock: Clock,
    answer: bytes,
    lines: Sequence[LogEvent],
) -> None:
    """The client is told no more than that; the log has one line, without the URL's query."""
    asked = Asked(app.joining(VISIT, "main"))
    application.connections[0].answer(answer)
    clock.advance(2.0)
    assert isinstance(asked.outcome, Unavailable)
    assert asked.outcome.reason == "the application does not answer"
    assert [line["address"] for line in lines if "why" in line] == ["http://app.example:8000/ask"]
    assert not any("key=1" in formatEvent(line) for line in lines)
    assert app.under_way == 0


def test_there_is_one_line_a_minute(
    application: Application, app: WebhookApp, clock: Clock, lines: Sequence[LogEvent]
) -> None:
    """Which says how many there might have been."""
    fail(application, app, 3)
    assert [line.get("times", 0) for line in lines] == [0]
    clock.advance(QUIET)
    fail(application, app, 1)
    assert [line.get("times", 0) for line in lines] == [0, 2]
    assert formatEvent(lines[1]) == (
        "the application at http://app.example:8000/ask gives no answer: it answers HTTP 500, "
        "and none 2 times before"
    )


def test_who_does_not_answer_is_left_alone_for_a_while(
    application: Application, app: WebhookApp, clock: Clock, lines: Sequence[LogEvent]
) -> None:
    """Then one question tries, and the client was told when to come back."""
    fail(application, app)
    refused = Asked(app.connecting(VISIT))
    assert isinstance(refused.outcome, Unavailable)
    assert refused.outcome.retry_after == FIRST_WAIT
    clock.advance(FIRST_WAIT)
    trying, beside = Asked(app.connecting(VISIT)), Asked(app.connecting(VISIT))
    assert (trying.is_over, type(beside.outcome)) == (False, Unavailable)
    application.connections[-1].answer(YES)
    assert (trying.is_over, trying.outcome) == (True, None)
    assert "answers again" in lines[-1]["log_format"]


def test_a_try_that_nobody_waits_for_is_no_failure(
    application: Application, app: WebhookApp, clock: Clock
) -> None:
    """Another one tries in its place."""
    fail(application, app)
    clock.advance(FIRST_WAIT)
    trying = Asked(app.connecting(VISIT))
    trying.deferred.cancel()
    assert isinstance(trying.outcome, CancelledError)
    again = Asked(app.connecting(VISIT))
    application.connections[-1].answer(YES)
    assert (again.is_over, again.outcome, app.under_way) == (True, None, 0)


def test_what_is_kept_is_not_asked(application: Application, app: WebhookApp, clock: Clock) -> None:
    """For its time, of a room and a sub; with a breaker that is open, too."""
    Asked(app.joining(ANN, "main"))
    application.connections[0].answer(ok(b'{"allow":true}', KEEP))
    fail(application, app)
    kept = Asked(app.joining(ANN, "main"))
    assert (kept.is_over, kept.outcome) == (True, None)
    assert isinstance(Asked(app.joining(ANN, "other")).outcome, Unavailable)
    clock.advance(60)
    Asked(app.joining(ANN, "main"))
    assert last_question(application)["room"] == "main"
    assert app.cache.used == 1


def test_a_no_that_is_kept(application: Application, app: WebhookApp) -> None:
    """It is no again, without a question."""
    Asked(app.joining(ANN, "main"))
    application.connections[0].answer(ok(b'{"allow":false,"reason":"not you"}', KEEP))
    application.connections[0].clear()
    again = Asked(app.joining(ANN, "main"))
    assert again.outcome.reason == "not you"
    assert application.connections[0].value() == b""


@pytest.mark.parametrize("question", ["nobody", "publish", "connect", "no-store"])
def test_what_is_never_kept(application: Application, app: WebhookApp, question: str) -> None:
    """Whose sub is not known; what is said; who connects; what says so."""
    for _ in range(2):
        application.connections and application.connections[0].clear()
        asked = Asked(
            app.joining(VISIT, "main")
            if question == "nobody"
            else app.publishing(ANN, "main", Message("hi"))
            if question == "publish"
            else app.connecting(ANN)
            if question == "connect"
            else app.joining(ANN, "main")
        )
        assert not asked.is_over
        lines = [KEEP, b"Cache-Control: no-store"] if question == "no-store" else [KEEP]
        application.connections[0].answer(ok(b'{"allow":true}', *lines))
        assert asked.is_over
    assert app.cache.used == 0


def test_so_many_are_asked_at_once(application: Application, app: WebhookApp, clock: Clock) -> None:
    """Others wait for their turn, in their order."""
    all_asked = [Asked(app.joining(VISIT, str(number))) for number in range(AT_ONCE + 2)]
    assert (app.under_way, app.waiting, len(application.connections)) == (AT_ONCE, 2, AT_ONCE)
    application.connections[3].answer(YES)
    clock.advance(0)
    assert all_asked[3].is_over
    assert (app.under_way, app.waiting) == (AT_ONCE, 1)
    assert json.loads(application.connections[3].value().rpartition(b"\r\n\r\n")[2])["room"] == "64"


def test_waiting_for_a_turn_counts(application: Application, app: WebhookApp, clock: Clock) -> None:
    """What is asked late has less time, and what comes to no turn has none."""
    busy = [Asked(app.joining(VISIT, "main")) for _ in range(AT_ONCE)]
    late = [Asked(app.joining(VISIT, "late")) for _ in range(2)]
    clock.advance(1.5)
    application.connections[0].answer(YES)
    clock.advance(0.5)
    assert all(isinstance(each.outcome, Unavailable) for each in [*busy[1:], *late])
    clock.advance(0)
    assert (app.under_way, app.waiting) == (0, 0)


def test_many_that_wait_are_told_together_that_there_is_nobody(
    app: WebhookApp, clock: Clock
) -> None:
    """As many as there are connections: one does not end within the other."""
    busy = [Asked(app.joining(VISIT, "main")) for _ in range(AT_ONCE)]
    clock.advance(1.0)
    waiting = [Asked(app.joining(VISIT, "main")) for _ in range(300)]
    clock.advance(1.0)
    assert all(isinstance(each.outcome, Unavailable) for each in busy)
    for _ in range(300 // AT_ONCE + 1):
        clock.advance(0)
    assert all(isinstance(each.outcome, Unavailable) for each in waiting)
    assert (app.under_way, app.waiting, app.breaker.opened) == (0, 0, 1)


def test_who_leaves_while_waiting_takes_no_turn(
    application: Application, app: WebhookApp, clock: Clock
) -> None:
    """Whether it came to its turn or not."""
    busy = [Asked(app.joining(VISIT, "main")) for _ in range(AT_ONCE)]
    first, second, third = (Asked(app.joining(VISIT, "main")) for _ in range(3))
    first.deferred.cancel()
    application.connections[0].answer(YES)
    second.deferred.cancel()
    clock.advance(0)
    busy[1].deferred.cancel()
    clock.advance(0)
    assert [type(each.outcome) for each in (first, second, busy[1])] == [CancelledError] * 3
    assert (app.under_way, app.waiting, third.is_over) == (AT_ONCE - 1, 0, False)
    assert app.breaker.opened == 0
