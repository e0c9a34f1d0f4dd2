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

from wsecho.router import errors, requests
from wsecho.router.answers import Reply
from wsecho.router.arguments import as_arguments, keyword, positional, reason_uri
from wsecho.router.errors import WampError
from wsecho.router.options import publish_options, word

if TYPE_CHECKING:
    from wsecho.router.answers import Answer
    from wsecho.router.realm import ProcedureCall, Realm
    from wsecho.router.session import Session

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

    def name(self, session: Session) -> str:
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


def provide_testaments(realm: Realm) -> None:
    """Serve `wamp.session.add_testament` and `flush_testaments` (WAMP, "Testaments").

    Adding fails as publishing would, also while other nodes cannot know of it: with
    `wamp.error.invalid_uri`, `wamp.error.invalid_argument`, `wamp.error.not_authorized` or
    `wamp.error.network_failure`. A scope is `destroyed`, which is the default, or `detached`.
    """

    def add_testament(call: ProcedureCall) -> Reply | Answer[Reply]:
        topic = reason_uri(positional(call, 0, str, "topic"), "topic")
        args = positional(call, 1, list, "args", default=[])
        kwargs = positional(call, 2, dict, "kwargs", default={})
        if any(type(key) is not str for key in kwargs):
            raise WampError(errors.INVALID_ARGUMENT, "kwargs must have string keys")
        with as_arguments():
            options = publish_options(keyword(call, "publish_options", dict, default={}))
        scope = _scope(call)
        # Nobody waits for an answer by then.
        options["acknowledge"] = False
        publication = requests.Publish(0, topic, args, kwargs, **options)
        # Whether it is allowed is asked now, while there is somebody to be told.
        realm.broker.check_topic(call.session, publication)
        testament = call.session.testaments.add(scope, publication)
        if realm.others is None:
            return Reply()
        return realm.others.wills.store(call.session, testament)

    def flush_testaments(call: ProcedureCall) -> Reply:
        dropped = call.session.testaments.flush(_scope(call))
        if realm.others is not None:
            realm.others.wills.revoke(call.session, dropped)
        return Reply()

    realm.provide("wamp.session.add_testament", add_testament)
    realm.provide("wamp.session.flush_testaments", flush_testaments)


def _scope(call: ProcedureCall) -> str:
    with as_arguments():
        return word(call.kwargs, "scope", (DESTROYED, DETACHED))
