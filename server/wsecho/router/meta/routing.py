# SPDX-License-Identifier: MIT
"""The procedures of the Subscription and Registration Meta APIs.

Their events come from broker and dealer as things happen. Subscriptions to the router's own topics
(`wamp.…`) have none: a subscriber of `on_subscribe` would hear of itself. The router's own
procedures are no registrations of anyone's and are not listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from wsecho.router.meta.arguments import as_arguments, positional, reason_uri
from wsecho.router.model.procedures import Reply
from wsecho.router.wire.errors import NO_SUCH_SUBSCRIPTION, WampError
from wsecho.router.wire.options import word
from wsecho.router.wire.uris import MATCHES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wsecho.router.model.procedures import ProcedureCall
    from wsecho.router.model.registrations import Registration
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.routing.realm import Realm
    from wsecho.router.wire.uris import Match


class _Listed(Protocol):
    @property
    def id(self) -> int: ...


def _lookup_arguments(call: ProcedureCall, what: str) -> tuple[str, Match]:
    options = positional(call, 1, dict, "options", default={})
    with as_arguments():
        return positional(call, 0, str, what), word(options, "match", MATCHES)


def _id_or_none(found: _Listed | None) -> Reply:
    return Reply([None if found is None else found.id])


class SubscriptionProcedures:
    """`wamp.subscription.*`, without `get_events` (see `history`)."""

    def __init__(self, realm: Realm) -> None:
        self._broker = realm.broker
        for name in ("list", "lookup", "match", "get", "list_subscribers", "count_subscribers"):
            realm.provide_for_all(f"wamp.subscription.{name}", getattr(self, f"_{name}"))

    def _list(self, call: ProcedureCall) -> Reply:
        found = {match: self._broker.subscriptions.under(match) for match in MATCHES}
        return Reply([{match: self._known(call, each) for match, each in found.items()}])

    def _lookup(self, call: ProcedureCall) -> Reply:
        found = self._broker.lookup(*_lookup_arguments(call, "topic"))
        known = [] if found is None else self._known(call, [found])
        return Reply([known[0] if known else None])

    def _match(self, call: ProcedureCall) -> Reply:
        topic = reason_uri(positional(call, 0, str, "topic"), "topic")
        return Reply([self._known(call, self._broker.matching(topic)) or None])

    def _known(self, call: ProcedureCall, found: Iterable[Subscription]) -> list[int]:
        """The ids of those that the caller may know of."""
        may_know = self._broker.may_know_of
        return [each.id for each in found if may_know(each, call.session)]

    def _find(self, call: ProcedureCall) -> Subscription:
        found = self._broker.subscriptions.get(_identifier(call))
        if not self._broker.may_know_of(found, call.session):
            raise WampError(NO_SUCH_SUBSCRIPTION)
        return found

    def _get(self, call: ProcedureCall) -> Reply:
        return Reply([self._find(call).describe()])

    def _list_subscribers(self, call: ProcedureCall) -> Reply:
        subscription = self._find(call)
        here = [session.id for session in subscription.members]
        return Reply(
            [[*here, *(remote_session.id for remote_session in subscription.remote_sessions)]]
        )

    def _count_subscribers(self, call: ProcedureCall) -> Reply:
        return Reply([len(self._find(call))])


class RegistrationProcedures:
    """`wamp.registration.*`."""

    def __init__(self, realm: Realm) -> None:
        self._registrations = realm.dealer.registrations
        for name in ("list", "lookup", "match", "get", "list_callees", "count_callees"):
            realm.provide_for_all(f"wamp.registration.{name}", getattr(self, f"_{name}"))

    def _list(self, _call: ProcedureCall) -> Reply:
        return Reply([{match: self._registrations.listing(match) for match in MATCHES}])

    def _lookup(self, call: ProcedureCall) -> Reply:
        return _id_or_none(self._registrations.find(*_lookup_arguments(call, "procedure")))

    def _match(self, call: ProcedureCall) -> Reply:
        uri = reason_uri(positional(call, 0, str, "procedure"), "procedure")
        return _id_or_none(self._registrations.best(uri))

    def _find(self, call: ProcedureCall) -> Registration:
        return self._registrations.get(_identifier(call))

    def _get(self, call: ProcedureCall) -> Reply:
        return Reply([self._find(call).describe()])

    def _list_callees(self, call: ProcedureCall) -> Reply:
        return Reply([[callee.session.id for callee in self._find(call).callees]])

    def _count_callees(self, call: ProcedureCall) -> Reply:
        return Reply([len(self._find(call).callees)])


def _identifier(call: ProcedureCall) -> Any:
    return positional(call, 0, int, "id")
