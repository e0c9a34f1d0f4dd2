# SPDX-License-Identifier: MIT
"""Testaments: what a session wants published once it is gone ("Testament Meta API").

There is no session resumption here, so a session is detached and destroyed in one moment; the two
scopes are kept apart all the same, and the detached ones come first. Where there are other nodes
they know of each, and publish it when this one dies without a word.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from attrs import frozen

from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError

if TYPE_CHECKING:
    from wsecho.router.wire import requests
    from wsecho.router.wire.audience import Receiver

DESTROYED: Final = "destroyed"
DETACHED: Final = "detached"
MAX_TESTAMENTS: Final = 100
ORDER: Final = (DETACHED, DESTROYED)


@frozen
class Testament:
    """One of them.

    Attributes:
        request: what is to be published.
        number: counts those of its session; no two have one.
        scope: when.
    """

    request: requests.Publish
    number: int
    scope: str

    def name(self, session: Receiver) -> str:
        """What other nodes know it by; in the order of these names it is published."""
        return f"{session.id:016d}/{ORDER.index(self.scope)}/{self.number:016d}"


class Testaments:
    """The testaments of one session, in the order of their making."""

    def __init__(self) -> None:
        self._scopes: dict[str, list[Testament]] = {DETACHED: [], DESTROYED: []}
        self._number = count()

    def add(self, scope: str, publication: requests.Publish) -> Testament:
        """Add one.

        Raises:
            WampError: there are too many.
        """
        if sum(len(wills) for wills in self._scopes.values()) >= MAX_TESTAMENTS:
            raise WampError(errors.OVER_LIMIT, f"a session has at most {MAX_TESTAMENTS} testaments")
        testament = Testament(publication, next(self._number), scope)
        self._scopes[scope].append(testament)
        return testament

    def discard(self, testament: Testament) -> None:
        """Drop one, if it is there."""
        if testament in self._scopes[testament.scope]:
            self._scopes[testament.scope].remove(testament)

    def flush(self, scope: str) -> list[Testament]:
        """Drop those of a scope, and return them."""
        dropped, self._scopes[scope] = self._scopes[scope], []
        return dropped

    def take(self) -> list[Testament]:
        """All of them, in the order in which they are to be published; then there are none."""
        wills = [*self._scopes[DETACHED], *self._scopes[DESTROYED]]
        for scope in self._scopes.values():
            scope.clear()
        return wills
