# SPDX-License-Identifier: MIT
"""What is known now, or later, without a reactor.

A room in memory answers at once, and then nothing is paid for waiting: what may take its time is
`Later`, the value itself or a `Promise` of it, and `settle`, `when`, `rescue`, `gather` and
`translate` take either.
"""

from __future__ import annotations

import logging
from collections import deque
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from wsecho.core.wire.errors import ExpectedError, Internal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

K = TypeVar("K")
T = TypeVar("T")
U = TypeVar("U")

_log: Final = logging.getLogger(__name__)


class PromiseState(Enum):
    """How far a promise has come."""

    OPEN = "nothing is known"
    FOLLOWING = "it becomes what another one does"
    GIVEN = "the value is known"
    FAILED = "there will be no value"
    CANCELLED = "nobody waits for it any more"


_UNSETTLED: Final = frozenset({PromiseState.OPEN, PromiseState.FOLLOWING})


class Promise(Generic[T]):
    """A value that comes later, or an error; settled once, by whoever comes first.

    It fails with an `ExpectedError` only, which may be told to whoever waits. Any other error is a
    fault of ours: it is logged where it happens, and those who wait are told `Internal`.

    Args:
        cancelled: called once where nobody waits any more, before it is settled.
    """

    __slots__ = ("_cancelled", "_is_telling", "_listeners", "_outcome", "_state")

    def __init__(self, cancelled: Callable[[], object] | None = None) -> None:
        self._cancelled = cancelled
        self._state = PromiseState.OPEN
        self._outcome: Any = None
        self._listeners: deque[_Listener] = deque()
        self._is_telling = False

    @property
    def state(self) -> PromiseState:
        """How far it has come."""
        return self._state

    def give(self, value: Later[T]) -> None:
        """Settle it; another promise is followed, and cancelled together with this one."""
        if self._state is not PromiseState.OPEN:
            return
        if isinstance(value, Promise):
            self._state = PromiseState.FOLLOWING
            self._follow(value, partial(self._settle, PromiseState.GIVEN), self._settle_failed)
        else:
            self._settle(PromiseState.GIVEN, value)

    def fail(self, error: Exception) -> None:
        """Settle it with an error; a fault is logged, though the promise may be settled already."""
        if not isinstance(error, ExpectedError):
            _log.error("our own fault, where something was promised", exc_info=error)
            error = Internal()
        if self._state is PromiseState.OPEN:
            self._settle_failed(error)

    def cancel(self) -> None:
        """Wait for it no more: no listener is called, and whoever works on it is told."""
        if self._state in _UNSETTLED:
            cancelled, self._cancelled = self._cancelled, None
            self._state = PromiseState.CANCELLED
            self._listeners.clear()
            if cancelled is not None:
                _call_safely(cancelled)

    def then(self, done: Callable[[T], object], failed: Callable[[Any], object]) -> None:
        """Call one of the two once it is settled, at once if it is, behind those that came before.

        What a listener raises is logged, and harms nobody else.

        Args:
            done: takes the value.
            failed: takes the error.
        """
        self._listen((done, failed))

    # -- the rest is for promises that hang on each other

    def _listen(self, listener: _Listener) -> None:
        if self._state is not PromiseState.CANCELLED:
            self._listeners.append(listener)
            self._tell()

    def _follow(
        self, source: Promise[Any], done: Callable[[Any], object], failed: Callable[[Any], object]
    ) -> None:
        """Have one of the two settle this promise, and give up the source together with it."""
        listener = done, failed
        self._cancelled = partial(source._leave, listener)
        source._listen(listener)

    def _leave(self, listener: _Listener) -> None:
        self._listeners = deque(each for each in self._listeners if each is not listener)
        if not self._listeners:
            self.cancel()

    def _settle_failed(self, error: Exception) -> None:
        self._settle(PromiseState.FAILED, error)

    def _settle(self, state: PromiseState, outcome: Any) -> None:
        self._state, self._outcome, self._cancelled = state, outcome, None
        self._tell()

    def _tell(self) -> None:
        # One that is added by another waits until all are called that came before it.
        if self._state in _UNSETTLED or self._is_telling:
            return
        self._is_telling = True
        number = 0 if self._state is PromiseState.GIVEN else 1
        while self._listeners:
            _call_safely(partial(self._listeners.popleft()[number], self._outcome))
        self._is_telling = False


_Listener: TypeAlias = "tuple[Callable[[Any], object], Callable[[Any], object]]"

Later: TypeAlias = T | Promise[T]
"""A value, or the promise of one."""


def settle(outcome: Later[T], done: Callable[[T], object], failed: Callable[[Any], object]) -> None:
    """Call one of two as soon as it is known how something went, at once where it is already.

    Args:
        outcome: what is to be known.
        done: takes the value.
        failed: takes the error that it is known by.
    """
    if isinstance(outcome, Promise):
        outcome.then(done, failed)
    else:
        done(outcome)


def when(before: Later[T], call: Callable[[T], Later[U]]) -> Later[U]:
    """Do something with a value as soon as it is known; what it raises is the result's error."""
    if not isinstance(before, Promise):
        return call(before)
    after: Promise[U] = Promise()

    def go_on(value: T) -> None:
        try:
            outcome = call(value)
        except Exception as error:  # noqa: BLE001  # the boundary: nobody stands above it
            after.fail(error)
        else:
            after.give(outcome)

    after._follow(before, go_on, after.fail)  # noqa: SLF001  # its own kind
    return after


def translate(outcome: Later[T], into: Callable[[Any], Exception]) -> Later[T]:
    """Have something fail with another error than it does."""
    if not isinstance(outcome, Promise):
        return outcome
    told: Promise[T] = Promise()
    told._follow(outcome, told.give, lambda error: told.fail(into(error)))  # noqa: SLF001
    return told


def rescue(outcome: Later[T], call: Callable[[Any], Later[T]]) -> Later[T]:
    """Have something else take the place of what fails; what it raises is the result's error.

    Args:
        outcome: what may fail, later; what is raised at once is the caller's.
        call: takes the error.
    """
    if not isinstance(outcome, Promise):
        return outcome
    after: Promise[T] = Promise()

    def failed(error: Exception) -> None:
        try:
            after.give(call(error))
        except Exception as other:  # noqa: BLE001  # the boundary: nobody stands above it
            after.fail(other)

    after._follow(outcome, after.give, failed)  # noqa: SLF001  # its own kind
    return after


def gather(outcomes: Mapping[K, Later[T]]) -> Later[dict[K, T]]:
    """Wait for all of some values; it fails with the first that does."""
    found = dict(outcomes)
    waiting = {key: value for key, value in outcomes.items() if isinstance(value, Promise)}
    if not waiting:
        return cast("dict[K, T]", found)
    left: list[Callable[[], None]] = []
    gathered: Promise[dict[K, T]] = Promise(lambda: [leave() for leave in left])

    def arrive(key: K, value: T) -> None:
        found[key] = value
        del waiting[key]
        if not waiting:
            gathered.give(cast("dict[K, T]", found))

    for key, promise in list(waiting.items()):
        listener = partial(arrive, key), gathered.fail
        # Others may wait for it, too: they go on though nobody waits for all of them any more.
        left.append(partial(promise._leave, listener))  # noqa: SLF001  # its own kind
        promise._listen(listener)  # noqa: SLF001
    return gathered


def _call_safely(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:  # noqa: BLE001  # the boundary: a listener's fault is not the business of whoever settles it
        _log.exception("our own fault, where something was waited for")
