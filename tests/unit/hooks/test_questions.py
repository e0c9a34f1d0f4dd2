# SPDX-License-Identifier: MIT
"""Applications asked one after the other, in each form that an answer has."""

import asyncio
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock, deferLater
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from wsecho import hooks
from wsecho.core.promise import Promise, settle
from wsecho.core.wire.errors import AppUnavailable, Forbidden, Internal, OverLimit, WireError
from wsecho.hooks import Drop, Message, Visit
from wsecho.hooks.questions import DROPPED, Questions, all_methods

VISIT = Visit("v", "192.0.2.1")
TIMEOUT = 2.0


class Bare(hooks.Forbidden):
    """A no of somebody's own, without a reason."""

    def __init__(self) -> None:
        """Leave all of it out."""


class BareUnavailable(hooks.Unavailable):
    """The same, of who does not answer."""

    def __init__(self) -> None:
        """Leave all of it out."""


class Unprintable:
    """What should be a reason, and is no text."""

    def __str__(self) -> str:
        """Fail."""
        raise ZeroDivisionError


ANSWERS: dict[str, Any] = {
    "yes": None,
    "text": "other",
    "binary": b"other",
    "no": hooks.Forbidden("no"),
    "full": hooks.Forbidden("full", code="over_limit"),
    "away": hooks.Unavailable("away", 7),
    "drop": Drop(),
    "broken": ZeroDivisionError("broken"),
    "wrong": 5,
    "exit": SystemExit(1),
    "interrupt": KeyboardInterrupt(),
    "cancelled": asyncio.CancelledError(),
    "ended": GeneratorExit(),
    "stopped": StopIteration(4),
    "group": ExceptionGroup("two", [hooks.Forbidden("no"), ValueError("no")]),
    "bare": Bare(),
    "bare-away": BareUnavailable(),
    "unprintable": hooks.Forbidden(Unprintable()),  # type: ignore[arg-type]
    "half": hooks.Forbidden("no \ud800"),
    "half-away": hooks.Unavailable("away \udfff"),
    "soon": hooks.Unavailable("away", "soon"),  # type: ignore[arg-type]
    "nan": hooks.Unavailable("away", nan),
    "forever": hooks.Unavailable("away", inf),
}
"""What an application says, by a word."""

MEANT: dict[str, type[WireError]] = {
    "no": Forbidden,
    "full": OverLimit,
    "away": AppUnavailable,
    "broken": Internal,
    "wrong": Internal,
    "exit": Internal,
    "never": AppUnavailable,
}
"""What the client is told of them; of whatever else is no answer, that it is a fault."""
MEANT |= {
    word: Internal
    for word, answer in ANSWERS.items()
    if isinstance(answer, BaseException) and word not in {*MEANT, "drop"}
}

FORMS = ("plain", "coroutine", "waiting", "deferred", "fired")


def give(answer: Any) -> Any:
    """Return an answer, or raise it."""
    if isinstance(answer, BaseException):
        raise answer
    return answer


@define(eq=False)
class Scripted:
    """An application that says one thing, in one form."""

    word: str
    form: str
    clock: Clock
    log: list[str]
    seen: list[Any] = field(factory=list)

    def publishing(self, _visit: Visit, _room: str, message: Message) -> Any:
        """Answer."""
        self.log.append(self.word)
        self.seen.append(message.data)
        if self.word == "never":
            return Deferred() if self.form in {"deferred", "fired"} else _wait(Deferred())
        return self._in_form(ANSWERS[self.word])

    def _in_form(self, answer: Any) -> Any:
        if self.form == "coroutine":
            return _give(answer)
        if self.form == "waiting":
            return _later(self.clock, answer)
        if self.form == "deferred":
            return deferLater(self.clock, 0.5, give, answer)
        if self.form == "fired":
            return fail(answer) if isinstance(answer, BaseException) else succeed(answer)
        return give(answer)


async def _wait(awaited: Deferred[Any]) -> Any:
    return await awaited


async def _give(answer: Any) -> Any:
    return give(answer)


async def _later(clock: Clock, answer: Any) -> Any:
    await deferLater(clock, 0.5)
    return give(answer)


def outcome(clock: Clock, ask: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What a question comes to, once all has had its time; an error as one."""
    heard: list[Any] = []
    try:
        settle(ask(), heard.append, heard.append)
    except WireError as error:
        return error
    clock.pump([0.25] * int(4 * seconds))
    assert len(heard) == 1
    return heard[0]


words = st.sampled_from([*ANSWERS, "never"])


@given(st.lists(st.tuples(words, st.sampled_from(FORMS)), max_size=4))
def test_the_first_no_counts_and_other_data_goes_on(apps: list[tuple[str, str]]) -> None:
    """However each of them answers, at once or later; nothing is left behind."""
    clock, log = Clock(), []  # type: tuple[Clock, list[str]]
    said = [Scripted(word, form, clock, log) for word, form in apps]
    questions = Questions(said, TIMEOUT, clock, 100)
    found = outcome(clock, lambda: questions.publishing(VISIT, "r", Message("first")))

    expected: Any = None
    asked = []
    for word, _ in apps:
        asked.append(word)
        if word in MEANT:
            expected = MEANT[word]
            break
        if word == "drop":
            expected = DROPPED
            break
        expected = ANSWERS[word] if ANSWERS[word] is not None else expected
    assert log == asked
    if isinstance(expected, type):
        assert type(found) is expected
    else:
        assert found == expected
    data: Any = "first"
    for app in said[: len(asked)]:
        assert app.seen == [data]
        data = ANSWERS[app.word] if app.word in {"text", "binary"} else data
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", [word for word in ANSWERS if word in MEANT])
def test_whatever_an_application_raises_somebody_is_told(word: str, form: str) -> None:
    """And the next question is answered as if nothing had been."""
    clock = Clock()
    questions = Questions([Scripted(word, form, clock, [])], TIMEOUT, clock, 100)
    for _ in range(2):
        found = outcome(clock, lambda: questions.publishing(VISIT, "r", Message("x")))
        assert type(found) is MEANT[word]
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("form", ["plain", "coroutine"])
def test_what_answers_at_once_costs_no_promise(form: str) -> None:
    """And no timer."""
    clock = Clock()
    questions = Questions([Scripted("text", form, clock, [])], TIMEOUT, clock, 100)
    assert questions.publishing(VISIT, "r", Message("x")) == "other"
    assert clock.getDelayedCalls() == []


def test_a_question_is_over_at_its_time() -> None:
    """Whatever comes of it then is nobody's business."""
    clock, late = Clock(), Deferred[None]()

    class App:
        def joining(self, _visit: Visit, _room: str) -> Any:
            return late.addBoth(lambda _: None)

    heard: list[Any] = []
    settle(Questions([App()], 0.5, clock, 9).joining(VISIT, "r"), heard.append, heard.append)
    clock.advance(0.5)
    assert [type(error) for error in heard] == [AppUnavailable]
    assert "within 0.5 s" in heard[0].reason
    assert len(heard) == 1


def test_nobody_waits_for_what_is_given_up() -> None:
    """The Deferred is cancelled, and so is the time it had."""
    clock, cancelled = Clock(), []  # type: tuple[Clock, list[int]]

    class App:
        def joining(self, _visit: Visit, _room: str) -> Any:
            return Deferred(lambda _: cancelled.append(1))

    promise = Questions([App()], 2, clock, 9).joining(VISIT, "r")
    assert isinstance(promise, Promise)
    promise.cancel()
    assert cancelled == [1]
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("answer", [False, True, 0, "no"])
def test_an_answer_that_is_none_is_no(answer: Any) -> None:
    """Who returns False may mean no, and is not taken for yes."""

    class App:
        def joining(self, _visit: Visit, _room: str) -> Any:
            return answer

    with pytest.raises(Internal):
        Questions([App()], 2, Clock(), 9).joining(VISIT, "r")


@pytest.mark.parametrize(("data", "fits"), [("x" * 9, True), ("é" * 5, False), (b"x" * 10, False)])
def test_other_data_is_as_large_as_a_message_may_be(data: Any, fits: bool) -> None:
    """In bytes of UTF-8."""

    class App:
        def publishing(self, _visit: Visit, _room: str, _message: Message) -> Any:
            return data

    questions = Questions([App()], 2, Clock(), 9)
    found = outcome(Clock(), lambda: questions.publishing(VISIT, "r", Message("x")))
    assert found == data if fits else isinstance(found, Internal)


def test_claims_go_on_to_the_next_one() -> None:
    """Which sees who that is now; the last one's count."""
    seen: list[Visit] = []

    class First:
        def connecting(self, _visit: Visit) -> Any:
            return {"sub": "ann", "name": "Ann"}

    class Second:
        async def connecting(self, visit: Visit) -> Any:
            seen.append(visit)
            return {"sub": visit.sub, "rooms": {}}

    claims = Questions([First(), Second()], 2, Clock(), 9).connecting(VISIT)
    assert claims == {"sub": "ann", "rooms": {}}
    assert (seen[0].sub, seen[0].name, seen[0].claims["sub"]) == ("ann", "Ann", "ann")


def test_a_drop_means_nothing_but_for_messages() -> None:
    """Elsewhere it is a fault."""

    class App:
        def joining(self, _visit: Visit, _room: str) -> None:
            raise Drop

    with pytest.raises(Internal):
        Questions([App()], 2, Clock(), 9).joining(VISIT, "r")


def test_it_is_counted_what_came_of_them() -> None:
    """Of what is asked, and nothing else."""
    clock = Clock()
    apps = {word: Scripted(word, "plain", clock, []) for word in ("yes", "no", "away", "drop")}
    questions = {word: Questions([app], 2, clock, 9) for word, app in apps.items()}
    for word, each in questions.items():
        outcome(clock, lambda each=each: each.publishing(VISIT, "r", Message("x")))  # type: ignore[misc]
        assert list(each.counts) == ["publishing"], word
        assert sum(each.counts["publishing"].buckets) == 1
    assert questions["no"].counts["publishing"].refused == {"forbidden": 1}
    assert questions["away"].counts["publishing"].failed == {"unavailable": 1}
    assert questions["drop"].counts["publishing"].dropped == 1


def lines(ask: Callable[[], Any], clock: Clock) -> list[str]:
    """What the log has of a question."""
    heard: list[str] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        heard.append(formatEvent(event))

    globalLogPublisher.addObserver(hear)
    try:
        outcome(clock, ask, 3)
    finally:
        globalLogPublisher.removeObserver(hear)
    return heard


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("broken", "the application's Scripted.publishing failed"),
        ("wrong", "the application's Scripted.publishing returned int: it returns None, str or"),
        ("away", "the application's Scripted.publishing has no answer: away"),
        ("never", "has no answer: the application did not answer within 2 s"),
        ("no", ""),
        ("drop", ""),
    ],
)
def test_what_went_wrong_is_one_line_of_the_log(word: str, line: str) -> None:
    """A refusal is none of it."""
    clock = Clock()
    questions = Questions([Scripted(word, "deferred", clock, [])], TIMEOUT, clock, 100)
    said = lines(lambda: questions.publishing(VISIT, "r", Message("x")), clock)
    assert len(said) == bool(line)
    assert line in "".join(said)


def test_missing_answers_are_told_of_once_a_minute() -> None:
    """However many there are."""
    clock = Clock()
    questions = Questions([Scripted("away", "plain", clock, [])], TIMEOUT, clock, 100)

    def ask() -> Any:
        return questions.publishing(VISIT, "r", Message("x"))

    told = [len(lines(ask, clock)) for _ in range(3)]
    clock.advance(60)
    assert [*told, len(lines(ask, clock))] == [1, 0, 0, 1]


def test_an_applications_methods_are_its_own() -> None:
    """What it inherits from the description is none."""

    class Typed(hooks.App):
        def joining(self, visit: Visit, room: str) -> None:
            """Let in."""

    typed: Any = Typed
    assert all_methods(typed()) == ["joining"]
    assert all_methods(object()) == []
