# SPDX-License-Identifier: MIT
"""Telling an application in this process."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from wsecho.core.events.batches import EventBatch
from wsecho.core.events.texts import message_event, missed_event, occupied_event, presence_event
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Card
from wsecho.core.wire.positions import Position
from wsecho.events.app_listener import AppListener, read_event
from wsecho.events.listener import PATIENCE, NotTakenError
from wsecho.hooks import Event, Member, Sender

BATCH = EventBatch("1:1", 1, 0, 5, ('{"id":"1","time":5,"event":"occupied","room":"a"}',))
AT = Position("e", 7)


def tell(happened: Callable[[Sequence[Event]], Any], clock: Clock | None = None) -> list[Any]:
    """Tell an application a batch; what comes of it stands in the list once it is known."""
    found: list[Any] = []
    listener = AppListener("app:App", happened, clock or Clock())
    told = Deferred.fromCoroutine(listener.tell(BATCH))
    told.addBoth(found.append)
    return found


async def _later(answer: Deferred[None]) -> None:
    await answer


FORMS: dict[str, Callable[[Deferred[None]], Any]] = {
    "coroutine": _later,
    "deferred": lambda answer: answer,
}


def test_returning_takes_a_batch() -> None:
    """Whatever it returns; it is given events, not JSON."""
    got: list[Event] = []
    assert tell(got.extend) == [None]
    assert got == [Event("1", 5, "occupied", "a")]
    assert tell(lambda _: False) == [None]
    assert tell(lambda _: succeed(1)) == [None]


@pytest.mark.parametrize("form", FORMS)
def test_it_may_take_its_time(form: str) -> None:
    """But no more than there is."""
    clock, answers = Clock(), [Deferred[None](), Deferred[None]()]
    one = tell(lambda _: FORMS[form](answers[0]), clock)
    two = tell(lambda _: FORMS[form](answers[1]), clock)
    clock.advance(PATIENCE - 0.1)
    answers[0].callback(None)
    assert (one, two) == ([None], [])
    clock.advance(0.1)
    [late] = two
    assert isinstance(late.value, NotTakenError)
    assert "10 s" in late.value.reason


def _raise(_: Sequence[Event]) -> None:
    raise SystemExit("no")


def _interrupt(_: Sequence[Event]) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "happened",
    [_raise, _interrupt, lambda _: fail(ValueError("no")), lambda _: fail(CancelledError())],
    ids=["plain", "interrupt", "deferred", "cancelled"],
)
def test_raising_does_not_take_it(happened: Callable[[Sequence[Event]], Any]) -> None:
    """Whatever it raises, which stands in the log and is nobody's end."""
    with capturedLogs() as logged:
        [outcome] = tell(happened)
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.value, NotTakenError)
    assert "log_failure" in logged[0]


def test_one_that_does_not_heed_being_cancelled_is_waited_for_no_longer() -> None:
    """What it comes to later is nobody's business."""
    clock = Clock()

    async def stubborn(first: Deferred[None], second: Deferred[None]) -> None:
        try:
            await first
        except CancelledError:
            await second

    second: Deferred[None] = Deferred()
    found = tell(lambda _: stubborn(Deferred(), second), clock)
    clock.advance(PATIENCE)
    assert len(found) == 1
    second.errback(ValueError())


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (occupied_event("é"), Event("1", 5, "occupied", "é")),
        (missed_event(3), Event("1", 5, "missed", count=3)),
        (
            presence_event("a", "leave", Card("id", None, "raw", 0.0)),
            Event(*("1", 5, "leave", "a"), Member("id", None, "raw", "1970-01-01T00:00:00.000Z")),
        ),
        (
            message_event("a", Message(AT, b"x", False, 1.0, 2, Author("me", "Me"))),
            Event("1", 5, "message", "a", None, AT, Sender("me", "Me"), "x"),
        ),
        (
            message_event("a", Message(AT, b"\0\xff", True, 1.0, 2)),
            Event("1", 5, "message", "a", None, AT, None, b"\0\xff"),
        ),
    ],
    ids=["occupied", "missed", "leave", "text", "binary"],
)
def test_an_event_is_what_was_written(text: str, event: Event) -> None:
    """Each kind, with what it has."""
    assert read_event(f'{{"id":"1","time":5,{text}}}') == event
