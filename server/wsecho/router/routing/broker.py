# SPDX-License-Identifier: MIT
"""The broker: subscriptions, publications, and getting the one to the other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wsecho.core.promise import Later, settle
from wsecho.router.model.publications import Publication
from wsecho.router.model.retained import Retained
from wsecho.router.model.subscriptions import Subscriptions
from wsecho.router.routing.distribution import Distribution
from wsecho.router.routing.topics import Topics
from wsecho.router.wire import errors, outgoing
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.ids import draw_id
from wsecho.router.wire.outgoing import Publisher
from wsecho.router.wire.uris import is_reserved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wsecho.core.promise import Later
    from wsecho.router.model.access import Requester
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import LocalSubscriber, Subscriber, Subscription
    from wsecho.router.routing.context import Context
    from wsecho.router.wire.requests import Publish, Subscribe, Unsubscribe
    from wsecho.router.wire.uris import Match


class Broker:
    """The broker of one realm ("Publish and Subscribe").

    Args:
        realm: whose clock, random, authorizer and topic owner it uses.
        max_retained: topics that may have a retained event.

    Attributes:
        topics: how they are spelled, and which of them have an owner.
        subscriptions: who shares what.
        retained: the retained events.
    """

    def __init__(self, realm: Context, max_retained: int) -> None:
        self._realm = realm
        self._distribution = Distribution(realm)
        self.topics = Topics(realm.owner)
        self.subscriptions = Subscriptions()
        self.retained = Retained(max_retained)

    # -- what peers ask for

    def subscribe(self, session: Session, request: Subscribe) -> None:
        """SUBSCRIBE.

        Raises:
            WampError: not authorized, or refused by the topic's owner.
        """
        realm, match = self._realm, request.match
        uri = self.topics.canonical(request.topic) if match == "exact" else request.topic
        realm.authorize(session, "subscribe", uri, match)
        owner = self.topics.owner_reached(uri, match)
        settle(
            None if owner is None else owner.subscribing(session, uri, match),
            lambda _: self._enter(session, request, uri),
            partial(session.refuse, request),
        )

    def unsubscribe(self, session: Session, request: Unsubscribe) -> None:
        """UNSUBSCRIBE.

        Raises:
            WampError: the session has no such subscription.
        """
        subscription = session.subscriptions.get(request.subscription)
        if subscription is None:
            raise WampError(errors.NO_SUCH_SUBSCRIPTION)
        # The answer first, for its sender may hear the meta events of what follows.
        session.send(outgoing.unsubscribed(request.request))
        self._remove(session, subscription)

    def publish(self, session: Session, request: Publish) -> None:
        """PUBLISH, with PUBLISHED where `acknowledge` is set.

        Raises:
            WampError: a reserved topic, not authorized, or refused by the topic's owner.
        """
        outcome = self.admit(session, request)
        self.check_flow(session)
        if request.acknowledge:
            acknowledge = partial(self._acknowledge, session, request)
            settle(outcome, acknowledge, partial(session.refuse, request))

    def check_flow(self, publisher: Session) -> None:
        """Hold a publisher back that has just said something, while too much is on its way."""
        self._distribution.check(publisher)

    def admit(self, session: Session, request: Publish) -> Later[int]:
        """Publish for a session, without acknowledging it; a lone node's testaments come so too.

        Returns:
            The publication id, or the owner's promise of it.

        Raises:
            WampError: as `publish`.
        """
        realm, publication = self._realm, self.prepare(session, request)
        realm.counters.publications += 1
        owner = self.topics.owner_of(publication.topic)
        if owner is not None:
            return owner.publish(session, publication)
        return realm.others.publish(publication)

    def prepare(self, session: Session, request: Publish) -> Publication:
        """Make what a session may publish.

        Raises:
            WampError: as `check_topic`.
        """
        return Publication(
            draw_id(self._realm.random),
            self.check_topic(session, request),
            request.args,
            request.kwargs,
            session.id if request.exclude_me else 0,
            # "Publisher Identification": told where it is asked for, and to all alike.
            Publisher(session.id, session.authid, session.authrole)
            if request.disclose_me
            else None,
            request.audience,
            request.retain,
        )

    def check_topic(self, session: Session, request: Publish) -> str:
        """The canonical topic of a publication that is allowed.

        Raises:
            WampError: a reserved topic, not authorized, or an option that an owned topic bars.
        """
        topic = self.topics.canonical(request.topic)
        if is_reserved(topic):  # "Reserved URIs"
            raise WampError(errors.INVALID_URI, "topics under wamp. are the router's own")
        self._realm.authorize(session, "publish", topic, "exact")
        # What is said in a room is for all who may be there, whatever door they came by.
        is_barred = request.retain or request.audience is not None
        if is_barred and self.topics.owner_of(topic) is not None:
            raise WampError(
                errors.OPTION_NOT_ALLOWED, "exclude, eligible and retain do not work on rooms"
            )
        return topic

    # -- getting events out

    def dispatch(self, publication: Publication) -> None:
        """Send an event to the subscribers of every subscription that covers its topic.

        One EVENT object serves all receivers on one subscription, or two where some of them asked
        for its stamps. A receiver whose serializer cannot carry it is left out and counted.
        """
        # "Pattern-based Subscription": whoever has several that match has an EVENT of each.
        for subscription in self.subscriptions.matches(publication.topic):
            if not subscription.is_here:
                continue
            if publication.stamps is None:
                self._send(publication, subscription, subscription.members)
                continue
            plain, stamped = subscription.members_by_wish
            self._send(publication, subscription, plain)
            if stamped:
                self._send(publication, subscription, stamped, stamped=True)

    def has_receivers(self, topic: str) -> bool:
        """Whether any subscription of a session here covers the topic."""
        return any(subscription.is_here for subscription in self.subscriptions.matches(topic))

    def _send(
        self,
        publication: Publication,
        subscription: Subscription,
        members: Sequence[LocalSubscriber],
        *,
        stamped: bool = False,
    ) -> None:
        event = publication.event(subscription.id, subscription.match, stamped=stamped)
        receivers = self._receivers(publication, subscription, members)
        self._distribution.send(event, subscription, receivers)

    def _receivers(
        self,
        publication: Publication,
        subscription: Subscription,
        members: Sequence[LocalSubscriber],
    ) -> Sequence[LocalSubscriber]:
        receivers = publication.receivers(members)
        if subscription.match == "exact" or self._realm.authorizer is None:
            return receivers
        topic = publication.topic
        return [session for session in receivers if self._may_receive(session, topic)]

    def _may_receive(self, session: Requester, topic: str) -> bool:
        authorizer = self._realm.authorizer
        if authorizer is None:
            return True
        try:
            return authorizer.may_receive(session, topic)
        except Exception as fault:  # noqa: BLE001  # the other receivers must have it all the same
            self._realm.faults(fault)
            return False

    def may_know_of(self, subscription: Subscription, session: Session) -> bool:
        """Whether a session may know of a subscription and of who shares it.

        Of a topic that is what who may receive it may know, and who was let in. Else one who may
        not see a room could see who is there.
        """
        return (
            subscription.match != "exact"
            or subscription.id in session.subscriptions
            or self._may_receive(session, subscription.uri)
        )

    def _acknowledge(self, session: Session, request: Publish, publication: int) -> None:
        session.send(outgoing.published(request.request, publication))

    # -- the life of a subscription

    def _enter(self, session: Session, request: Subscribe, uri: str) -> None:
        if not session.is_open:  # it went while the owner was asked
            return
        realm = self._realm
        subscription, created = self.subscriptions.obtain(
            uri, request.match, realm.clock.now(), realm.others.new_id
        )
        first, new = not subscription.is_here, session not in subscription
        if new:
            subscription.add(session)
            session.subscriptions[subscription.id] = subscription
        # SUBSCRIBED first: an EVENT before it would be of a subscription that the peer has not.
        session.send(outgoing.subscribed(request.request, subscription.id))
        if request.get_retained:
            self._send_retained(session, subscription)
        if new:
            self._tell_subscribed(session, subscription, created=created)
            self._tell_others(session, subscription, first=first)

    def enter_remote_session(
        self, remote_session: Subscriber, uri: str, match: Match, created: float
    ) -> None:
        """Take note that a session of another node subscribed."""
        subscription, is_new = self.subscriptions.obtain(
            uri, match, created, self._realm.others.new_id
        )
        subscription.created = min(subscription.created, created)
        if remote_session not in subscription.remote_sessions:
            subscription.remote_sessions[remote_session] = None
            remote_session.subscriptions[subscription.id] = subscription
            self._tell_subscribed(remote_session, subscription, created=is_new)

    def _send_retained(self, session: Session, subscription: Subscription) -> None:
        match = subscription.match
        for publication in self.retained.find(subscription.uri, match, session):
            if match == "exact" or self._may_receive(session, publication.topic):
                event = publication.event(subscription.id, match, retained=True)
                self._distribution.send(event, subscription, (session,))

    def _tell_subscribed(
        self, session: Subscriber, subscription: Subscription, *, created: bool
    ) -> None:
        # "Subscription Meta Events": on_create comes before the on_subscribe of who made it.
        realm = self._realm
        if not is_reserved(subscription.uri):
            tell = partial(realm.announce, concerns=partial(self.may_know_of, subscription))
            if created:
                tell("wamp.subscription.on_create", session.id, subscription.describe())
            tell("wamp.subscription.on_subscribe", session.id, subscription.id)

    def _tell_others(self, session: Session, subscription: Subscription, *, first: bool) -> None:
        realm = self._realm
        realm.others.subscribed(session, subscription)
        owner = self.topics.owner_reached(subscription.uri, subscription.match)
        if owner is not None:
            realm.safely(partial(owner.subscribed, session, subscription, first=first))

    def _remove(self, session: Session, subscription: Subscription) -> None:
        realm = self._realm
        subscription.discard(session)
        session.subscriptions.pop(subscription.id, None)
        last = not subscription.is_here
        self._drop_if_empty(session, subscription)
        realm.others.unsubscribed(session, subscription)
        owner = self.topics.owner_reached(subscription.uri, subscription.match)
        if owner is not None:
            realm.safely(partial(owner.unsubscribed, session, subscription, last=last))

    def remove_remote_session(self, remote_session: Subscriber, subscription: Subscription) -> None:
        """Take note that a session of another node has unsubscribed."""
        subscription.remote_sessions.pop(remote_session, None)
        remote_session.subscriptions.pop(subscription.id, None)
        self._drop_if_empty(remote_session, subscription)

    def _drop_if_empty(self, session: Subscriber, subscription: Subscription) -> None:
        last = not len(subscription)
        if last:
            self.subscriptions.remove(subscription)
        # … and on_delete behind the on_unsubscribe of who was the last.
        if not is_reserved(subscription.uri):
            concerned = partial(self.may_know_of, subscription)
            tell = partial(self._realm.announce, concerns=concerned)
            tell("wamp.subscription.on_unsubscribe", session.id, subscription.id)
            if last:
                tell("wamp.subscription.on_delete", session.id, subscription.id)

    def forget(self, session: Session) -> None:
        """Drop all that a session subscribed to."""
        for subscription in list(session.subscriptions.values()):
            self._remove(session, subscription)

    # -- questions

    def lookup(self, uri: str, match: Match) -> Subscription | None:
        """The subscription to exactly this URI, however it is spelled, and policy."""
        return self.subscriptions.find(
            self.topics.canonical(uri) if match == "exact" else uri, match
        )

    def matching(self, topic: str) -> tuple[Subscription, ...]:
        """All subscriptions that cover a concrete topic."""
        return self.subscriptions.matches(self.topics.canonical(topic))
