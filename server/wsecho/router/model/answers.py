# SPDX-License-Identifier: MIT
"""An answer that may come later: what a neighbour that has to ask others hands back.

The router does no I/O and has no Deferreds. Whoever serves a topic or a procedure returns its
value, raises `WampError`, or returns an `Answer` that it completes when it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.wire.errors import WampError

T = TypeVar("T")


@frozen
class Reply:
    """The result of a procedure.

    Attributes:
        args: positional results.
        kwargs: keyword results.
    """

    args: list[Any] = field(factory=list)
    kwargs: dict[str, Any] | None = None


class Answer(Generic[T]):
    """One value or one `WampError`, given once, to one listener."""

    __slots__ = ("_done", "_error", "_failed", "_settled", "_value")

    def __init__(self) -> None:
        self._settled = False
        self._value: T | None = None
        self._error: WampError | None = None
        self._done: Callable[[T], None] | None = None
        self._failed: Callable[[WampError], None] | None = None

    def give(self, value: T) -> None:
        """Complete it; whatever comes after the first completion is ignored."""
        if not self._settled:
            self._settled, self._value = True, value
            if self._done is not None:
                self._done(value)

    def fail(self, error: WampError) -> None:
        """Complete it with an error."""
        if not self._settled:
            self._settled, self._error = True, error
            if self._failed is not None:
                self._failed(error)

    def then(self, done: Callable[[T], None], failed: Callable[[WampError], None]) -> None:
        """Call one of the two as soon as it is complete, at once if it is."""
        self._done, self._failed = done, failed
        if not self._settled:
            return
        if self._error is not None:
            failed(self._error)
        else:
            done(self._value)  # type: ignore[arg-type]  # settled without an error: it is a T


def settle_answer(
    outcome: T | Answer[T], done: Callable[[T], None], failed: Callable[[WampError], None]
) -> None:
    """Call one of two as soon as it is known how something went, at once where it is already."""
    if isinstance(outcome, Answer):
        outcome.then(done, failed)
    else:
        done(outcome)
