# SPDX-License-Identifier: MIT
"""Testaments: what a session wants published once it is gone ("Testament Meta API").

There is no session resumption here, so a session is detached and destroyed in one moment; the two
scopes are kept apart all the same, and the detached ones come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wsecho.router import errors, requests
from wsecho.router.answers import Reply
from wsecho.router.arguments import keyword, positional, reason_uri
from wsecho.router.errors import WampError
from wsecho.router.options import publish_options, word

if TYPE_CHECKING:
    from wsecho.router.realm import ProcedureCall, Realm

DESTROYED: Final = "destroyed"
DETACHED: Final = "detached"
MAX_TESTAMENTS: Final = 100


class Testaments:
    """The testaments of one session, in the order of their making."""

    def __init__(self) -> None:
        self._scopes: dict[str, list[requests.Publish]] = {DETACHED: [], DESTROYED: []}

    def add(self, scope: str, publication: requests.Publish) -> None:
        """Add one.

        Raises:
            WampError: there are too many.
        """
        if sum(len(wills) for wills in self._scopes.values()) >= MAX_TESTAMENTS:
            raise WampError(errors.OVER_LIMIT, f"a session has at most {MAX_TESTAMENTS} testaments")
        self._scopes[scope].append(publication)

    def flush(self, scope: str) -> None:
        """Drop those of a scope."""
        self._scopes[scope].clear()

    def take(self) -> list[requests.Publish]:
        """All of them, in the order in which they are to be published; then there are none."""
        wills = [*self._scopes[DETACHED], *self._scopes[DESTROYED]]
        for scope in self._scopes.values():
            scope.clear()
        return wills


def provide(realm: Realm) -> None:
    """Serve `wamp.session.add_testament` and `flush_testaments` (WAMP, "Testaments").

    Adding fails as publishing would: with `wamp.error.invalid_uri`, `wamp.error.invalid_argument`
    or `wamp.error.not_authorized`. A scope is `destroyed`, which is the default, or `detached`.
    """

    def add_testament(call: ProcedureCall) -> Reply:
        topic = reason_uri(positional(call, 0, str, "topic"), "topic")
        args = positional(call, 1, list, "args", default=[])
        kwargs = positional(call, 2, dict, "kwargs", default={})
        if any(type(key) is not str for key in kwargs):
            raise WampError(errors.INVALID_ARGUMENT, "kwargs must have string keys")
        options = publish_options(keyword(call, "publish_options", dict, default={}))
        scope = word(call.kwargs, "scope", (DESTROYED, DETACHED))
        # Nobody waits for an answer by then.
        options["acknowledge"] = False
        publication = requests.Publish(0, topic, args, kwargs, **options)
        # Whether it is allowed is asked now, while there is somebody to be told.
        realm.broker.check_topic(call.session, publication)
        call.session.testaments.add(scope, publication)
        return Reply()

    def flush_testaments(call: ProcedureCall) -> Reply:
        call.session.testaments.flush(word(call.kwargs, "scope", (DESTROYED, DETACHED)))
        return Reply()

    realm.provide("wamp.session.add_testament", add_testament)
    realm.provide("wamp.session.flush_testaments", flush_testaments)
