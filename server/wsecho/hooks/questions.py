# SPDX-License-Identifier: MIT
"""The applications beside the server, asked one after the other.

==============================  ========================================================
an application                  the client is told
==============================  ========================================================
returns                         nothing: the next one is asked, with other data if any
raises `Forbidden`              `forbidden`, or `over_limit`; nobody else is asked
raises `Drop`                   that it was said; nobody else is asked
raises `Unavailable`            `unavailable`
answers after ``--ask-timeout``   `unavailable`
raises anything else            `internal`; one line of the log has why
==============================  ========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from wsecho import hooks
from wsecho.core.promise import Later, Promise, PromiseState, when
from wsecho.core.wire.errors import AppUnavailable, Forbidden, Internal, OverLimit, WireError
from wsecho.hooks import App, Drop, Message, Visit
from wsecho.hooks.awaiting import value_of
from wsecho.hooks.counts import QuestionCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twisted.internet.interfaces import IDelayedCall, IReactorTime

Question: TypeAlias = Literal["connecting", "joining", "publishing"]
QUESTIONS: Final[tuple[Question, ...]] = get_args(Question)

METHODS: Final = (*QUESTIONS, "happened")
"""What an application may have."""

_SELDOM: Final = 60.0
"""Seconds from one line of the log about missing answers to the next."""

_Args: TypeAlias = tuple[Any, ...]
"""What an application is asked: what its method is given."""


class AnswerError(TypeError):
    """What a method returned is no answer."""


class Dropped:
    """Stands for a message that is to be said to nobody."""


DROPPED: Final = Dropped()


def method_of(app: object, name: str) -> Callable[..., Any] | None:
    """Return a method that an application has itself; None where it has not.

    What it inherits from `App` is a description and no method.
    """
    found = getattr(app, name, None)
    if not callable(found) or getattr(found, "__func__", None) is getattr(App, name):
        return None
    return found  # type: ignore[no-any-return]


def all_methods(app: object) -> list[str]:
    """List the methods that an application has."""
    return [name for name in METHODS if method_of(app, name) is not None]


@frozen
class _Asked:
    """One application's method."""

    name: str
    call: Callable[..., Any]


@frozen
class _Kind:
    """One question: whom it is asked, and what answers are.

    Attributes:
        question: which.
        asked: who has a method for it.
        take: returns an answer that is one; raises `AnswerError` for another.
        after: returns what the next one is asked, by what this one was and by its answer.
        counts: what came of it.
        complained: when it was last said that there was no answer, by application.
    """

    question: Question
    asked: list[_Asked]
    take: Callable[[Any], Any]
    after: Callable[[_Args, Any], _Args]
    counts: QuestionCounts = field(factory=QuestionCounts)
    complained: dict[str, float] = field(factory=dict)


class Questions:
    """Asks the applications, in their order, what they have a method for.

    Args:
        apps: the applications.
        timeout: seconds that each has to answer.
        clock: times that.
        max_size: bytes of the largest message that may be said in another's place.

    Attributes:
        apps: the same.
        counts: what came of the questions that anybody is asked.
    """

    _log = Logger()

    def __init__(
        self, apps: Sequence[object], timeout: float, clock: IReactorTime, max_size: int
    ) -> None:
        self.apps = tuple(apps)
        self._timeout = timeout
        self._clock = clock
        self._connecting = self._kind("connecting", _take_claims, _after_claims)
        self._joining = self._kind("joining", _take_nothing, _after_nothing)
        self._publishing = self._kind("publishing", partial(_take_data, max_size), _after_data)
        kinds = self._connecting, self._joining, self._publishing
        self.counts = {kind.question: kind.counts for kind in kinds if kind.asked}

    def asks(self, question: Question) -> bool:
        """Tell whether any application is asked that."""
        return question in self.counts

    def connecting(self, visit: Visit) -> Later[Mapping[str, Any] | None]:
        """Ask whether a connection may be; return the claims that it then has, None for its own.

        Raises:
            Forbidden, OverLimit, AppUnavailable, Internal: it may not; the result may be one, too.
        """
        answer = self._ask_from(0, self._connecting, (visit,), None)
        return cast("Later[Mapping[str, Any] | None]", answer)

    def joining(self, visit: Visit, room: str) -> Later[None]:
        """Ask whether somebody may see a room.

        Raises:
            Forbidden, OverLimit, AppUnavailable, Internal: as `connecting`.
        """
        return cast("Later[None]", self._ask_from(0, self._joining, (visit, room), None))

    def publishing(
        self, visit: Visit, room: str, message: Message
    ) -> Later[str | bytes | Dropped | None]:
        """Ask whether something may be said; return what is said in its place, None for itself.

        Raises:
            Forbidden, OverLimit, AppUnavailable, Internal: as `connecting`.
        """
        answer = self._ask_from(0, self._publishing, (visit, room, message), None)
        return cast("Later[str | bytes | Dropped | None]", answer)

    def fault(self, question: Question, error: BaseException) -> Internal:
        """Note that an answer turned out to be none; return what the client is told."""
        self._kind_of(question).counts.failed[Internal.code] += 1
        self._log.error("what {what} returned cannot be used: {why}", what=question, why=str(error))
        return Internal()

    # -- one after the other

    def _ask_from(self, number: int, kind: _Kind, args: _Args, said: Any) -> Any:
        """Ask those from a number on; `said` is what those before it have said."""
        while number < len(kind.asked):
            answer = self._ask(kind, kind.asked[number], args)
            number += 1
            if isinstance(answer, Promise):
                return when(answer, partial(self._go_on, number, kind, args, said))
            if answer is DROPPED:
                return answer
            if answer is not None:
                said, args = answer, kind.after(args, answer)
        return said

    def _go_on(self, number: int, kind: _Kind, args: _Args, said: Any, answer: Any) -> Any:
        if answer is DROPPED:
            return answer
        if answer is not None:
            said, args = answer, kind.after(args, answer)
        return self._ask_from(number, kind, args, said)

    # -- one of them

    def _ask(self, kind: _Kind, asked: _Asked, args: _Args) -> Later[Any]:
        begun = perf_counter()
        try:
            answer = value_of(asked.call(*args))
            if isinstance(answer, Deferred):
                return _OpenQuestion(self, kind, asked, answer, begun).wait()
            answer = kind.take(answer)
        except BaseException as error:  # noqa: BLE001  # the boundary: it is not our end
            kind.counts.time(perf_counter() - begun)
            return self.meant(kind, asked, error)
        kind.counts.time(perf_counter() - begun)
        return answer

    def meant(self, kind: _Kind, asked: _Asked, error: BaseException) -> Dropped:
        """Return, or raise, what the client is told of what an application has raised.

        Raises:
            WireError: it is no answer, or the answer is no.
        """
        counts = kind.counts
        if isinstance(error, Drop) and kind is self._publishing:
            counts.dropped += 1
            return DROPPED
        try:
            refusal = _refusal(error)
        except Exception as fault:  # noqa: BLE001  # the boundary: it may have put anything there
            refusal, error = None, fault
        if isinstance(refusal, AppUnavailable):
            counts.failed[refusal.code] += 1
            self._complain(kind, asked, refusal.reason)
            raise refusal from None
        if refusal is not None:
            counts.refused[refusal.code] += 1
            raise refusal from None
        counts.failed[Internal.code] += 1
        what = f"{asked.name}.{kind.question}"
        if isinstance(error, AnswerError):
            self._log.error("the application's {what} {why}", what=what, why=str(error))
        else:
            # Of the exception the log has its kind and its place: it may quote what clients sent.
            self._log.failure("the application's {what} failed", Failure(error), what=what)
        raise Internal from None

    def _complain(self, kind: _Kind, asked: _Asked, reason: str) -> None:
        """Say that there is no answer, once a minute."""
        now = self._clock.seconds()
        if now - kind.complained.get(asked.name, -_SELDOM) >= _SELDOM:
            kind.complained[asked.name] = now
            what = f"{asked.name}.{kind.question}"
            self._log.warn("the application's {what} has no answer: {why}", what=what, why=reason)

    def later(self, call: Callable[[], object]) -> IDelayedCall:
        """Have something called once an application has had its time."""
        return self._clock.callLater(self._timeout, call)

    def too_late(self) -> hooks.Unavailable:
        """What stands for an answer that did not come in time."""
        return hooks.Unavailable(f"the application did not answer within {self._timeout:g} s")

    def _kind(
        self,
        question: Question,
        take: Callable[[Any], Any],
        after: Callable[[_Args, Any], _Args],
    ) -> _Kind:
        methods = ((app, method_of(app, question)) for app in self.apps)
        asked = [_Asked(type(app).__qualname__, call) for app, call in methods if call is not None]
        return _Kind(question, asked, take, after)

    def _kind_of(self, question: Question) -> _Kind:
        kinds = self._connecting, self._joining, self._publishing
        return next(kind for kind in kinds if kind.question == question)


@define(eq=False)
class _OpenQuestion:
    """A question whose answer is awaited: by its time, as long as anybody waits."""

    _questions: Questions
    _kind: _Kind
    _asked: _Asked
    _answer: Deferred[Any]
    _begun: float
    _promise: Promise[Any] = field(init=False)
    _deadline: IDelayedCall = field(init=False)

    def wait(self) -> Promise[Any]:
        """Return the answer that it will have."""
        self._promise = Promise(self._given_up)
        self._deadline = self._questions.later(self._too_late)
        self._answer.addCallbacks(self._answered, self._failed)
        return self._promise

    def _answered(self, value: Any) -> None:
        if self._promise.state is PromiseState.OPEN:
            self._over()
            try:
                answer = self._kind.take(value)
            except Exception as error:  # noqa: BLE001  # the boundary, as in `Questions`
                self._settle(error)
            else:
                self._promise.give(answer)

    def _failed(self, failure: Failure) -> None:
        # What is cancelled fails, and nobody waits for it any more.
        if self._promise.state is PromiseState.OPEN:
            self._over()
            assert failure.value is not None  # noqa: S101  # it has failed by that
            self._settle(failure.value)

    def _too_late(self) -> None:
        self._over()
        self._settle(self._questions.too_late())
        self._answer.cancel()

    def _given_up(self) -> None:
        self._over()
        self._answer.cancel()

    def _settle(self, error: BaseException) -> None:
        try:
            self._promise.give(self._questions.meant(self._kind, self._asked, error))
        except WireError as meant:
            self._promise.fail(meant)

    def _over(self) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        self._kind.counts.time(perf_counter() - self._begun)


def _refusal(error: BaseException) -> WireError | None:
    """Return what the client is told of a no; None where it is none.

    Raises:
        Exception: it has no reason, or none that can be told, or no time that can be waited.
    """
    if isinstance(error, hooks.Forbidden):
        refusal = OverLimit if error.code == "over_limit" else Forbidden
        return refusal(_text(error.reason))
    if isinstance(error, hooks.Unavailable):
        return AppUnavailable(_text(error.reason), error.retry_after)
    return None


def _text(reason: object) -> str:
    """Return a reason as text; raises `UnicodeEncodeError` for what no client can be sent."""
    text = str(reason)
    text.encode()
    return text


def _after_nothing(args: _Args, _answer: Any) -> _Args:
    return args


def _after_claims(args: _Args, claims: Any) -> _Args:
    sub, name = claims.get("sub"), claims.get("name")
    return (evolve(args[0], claims=claims, sub=sub, name=name),)


def _after_data(args: _Args, data: Any) -> _Args:
    return (*args[:-1], evolve(args[-1], data=data))


def _take_nothing(answer: Any) -> None:
    # Whoever returns False means no, and must not be taken for yes.
    if answer is not None:
        kind = type(answer).__name__
        raise AnswerError(f"returned {kind}: it returns None, or raises Forbidden")


def _take_claims(answer: Any) -> Mapping[str, Any] | None:
    if answer is None:
        return None
    if not isinstance(answer, Mapping):
        raise AnswerError(f"returned {type(answer).__name__}: it returns None, or claims")
    # Whatever the application does with its own from now on.
    return dict(answer)


def _take_data(most: int, answer: Any) -> str | bytes | None:
    if answer is None:
        return None
    if not isinstance(answer, str | bytes):
        kind = type(answer).__name__
        raise AnswerError(f"returned {kind}: it returns None, str or bytes")
    octets = len(answer if isinstance(answer, bytes) else answer.encode())
    if octets > most:
        raise AnswerError(f"returned {octets} bytes, over --max-message-size")
    return answer
