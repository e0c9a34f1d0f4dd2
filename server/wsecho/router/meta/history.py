# SPDX-License-Identifier: MIT
"""Event History: `wamp.subscription.get_events`, with our own `after_position`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.core.wire.timestamps import parse_rfc3339
from wsecho.router.meta.arguments import keyword, positional, reason_uri
from wsecho.router.model.owner import EventsQuery
from wsecho.router.model.procedures import Reply
from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError

if TYPE_CHECKING:
    from wsecho.core.promise import Later
    from wsecho.router.model.procedures import ProcedureCall
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.routing.realm import Realm

_TIMES: Final = ("from_time", "after_time", "before_time", "until_time")
_PUBLICATIONS: Final = (
    "from_publication",
    "after_publication",
    "before_publication",
    "until_publication",
)


def _time(call: ProcedureCall, name: str) -> float | None:
    text = keyword(call, name, str)
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise WampError(errors.INVALID_ARGUMENT, f"{name} must be an RFC 3339 time") from error


def _number(call: ProcedureCall, name: str) -> int | None:
    number: int | None = keyword(call, name, int)
    if number is not None and number < 1:
        raise WampError(errors.INVALID_ARGUMENT, f"{name} must be a positive integer")
    return number


def read_events_query(call: ProcedureCall, realm: Realm, subscription: Subscription) -> EventsQuery:
    """The filters of a call.

    Raises:
        WampError: one of them is malformed, or a pattern is to be resumed by position.
    """
    filters: dict[str, Any] = {name: _time(call, name) for name in _TIMES}
    filters |= {name: _number(call, name) for name in _PUBLICATIONS}
    filters["limit"] = _number(call, "limit")
    filters["reverse"] = keyword(call, "reverse", bool, default=False)
    filters["after_position"] = keyword(call, "after_position", str)
    topic = keyword(call, "topic", str)
    if topic is not None:
        filters["topic"] = realm.broker.topics.canonical(reason_uri(topic, "topic"))
    if filters["after_position"] is not None and subscription.match != "exact":
        raise WampError(errors.INVALID_ARGUMENT, "a pattern subscription has no position")
    return EventsQuery(**filters)


def provide_history(realm: Realm) -> None:
    """Serve `wamp.subscription.get_events` in a realm whose topics have an owner.

    A call names a subscription by its id and filters by keywords (WAMP, "Event History"). It fails
    with `wamp.error.no_such_subscription`, with `wamp.error.invalid_argument`, or as subscribing
    would that its caller is not allowed.
    """

    def get_events(call: ProcedureCall) -> Later[Reply]:
        subscription = realm.broker.subscriptions.get(positional(call, 0, int, "subscription"))
        uri, match = subscription.uri, subscription.match
        # "a peer must be allowed to subscribe" where it asks for the past
        realm.authorize(call.session, "subscribe", uri, match)
        query = read_events_query(call, realm, subscription)
        owner = realm.broker.topics.owner_reached(uri, match)
        if owner is None:
            return Reply()  # no history is kept of other topics
        return owner.get_events(call.session, subscription, query)

    realm.provide("wamp.subscription.get_events", get_events)
