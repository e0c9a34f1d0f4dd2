# SPDX-License-Identifier: MIT
"""The procedures of the Testament Meta API, by which a session adds testaments and drops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.meta.arguments import as_arguments, keyword, positional, reason_uri
from wsecho.router.model.procedures import Reply
from wsecho.router.model.testaments import DESTROYED, DETACHED
from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.options import publish_options, word

if TYPE_CHECKING:
    from wsecho.core.promise import Later
    from wsecho.router.model.procedures import ProcedureCall
    from wsecho.router.routing.realm import Realm


def provide_testaments(realm: Realm) -> None:
    """Serve `wamp.session.add_testament` and `flush_testaments` (WAMP, "Testaments").

    Adding fails as publishing would, also while other nodes cannot know of it: with
    `wamp.error.invalid_uri`, `wamp.error.invalid_argument`, `wamp.error.not_authorized` or
    `wamp.error.network_failure`. A scope is `destroyed`, which is the default, or `detached`.
    """

    def add_testament(call: ProcedureCall) -> Later[Reply]:
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
        return realm.others.store_testament(call.session, testament)

    def flush_testaments(call: ProcedureCall) -> Reply:
        dropped = call.session.testaments.flush(_scope(call))
        realm.others.revoke_testaments(call.session, dropped)
        return Reply()

    realm.provide("wamp.session.add_testament", add_testament)
    realm.provide("wamp.session.flush_testaments", flush_testaments)


def _scope(call: ProcedureCall) -> str:
    with as_arguments():
        return word(call.kwargs, "scope", (DESTROYED, DETACHED))
