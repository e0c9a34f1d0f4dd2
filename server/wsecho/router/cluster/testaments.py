# SPDX-License-Identifier: MIT
"""Testaments in a cluster: who dies without a word has them published by the others, once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wsecho.core.promise import Later, Promise, settle, when
from wsecho.router.cluster import messages
from wsecho.router.model.procedures import Reply
from wsecho.router.wire import errors
from wsecho.router.wire.errors import CannotCarryError, WampError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wsecho.core.promise import Later
    from wsecho.router.cluster.events import Events
    from wsecho.router.cluster.network import Network
    from wsecho.router.model.session import Session
    from wsecho.router.model.testaments import Testament
    from wsecho.router.routing.realm import Realm

_MAY_BE_TRIED_AGAIN = frozenset({errors.NETWORK_FAILURE, errors.TIMEOUT})


class ClusterTestaments:
    """The testaments of a realm's sessions, on all nodes.

    Args:
        realm: the realm.
        network: leads to the other nodes.
        events: publishes.
    """

    def __init__(self, realm: Realm, network: Network, events: Events) -> None:
        self._realm = realm
        self._network = network
        self._events = events
        self._made: dict[str, messages.TestamentMessage] = {}
        # Those of sessions that are over, which could not be told yet.
        self._due: dict[str, messages.TestamentMessage] = {}
        network.inherit(self._inherit)

    def store(self, session: Session, testament: Testament) -> Later[Reply]:
        """Let the other nodes know of a testament that was added.

        Returns:
            The reply, once they do.

        Raises:
            WampError: they cannot know, and it is not added.
        """
        name = testament.name(session)
        publication = self._realm.broker.prepare(session, testament.request)
        notice = messages.TestamentMessage(publication, session.authid, session.authrole)
        answer: Promise[Reply] = Promise()

        def failed(error: WampError) -> None:
            session.testaments.discard(testament)
            self.revoke(session, [testament])
            answer.fail(error)

        try:
            stored = self._network.bequeath(name, notice)
        except CannotCarryError as error:
            session.testaments.discard(testament)
            raise WampError(error.uri, "there is no form for it between nodes") from None
        except WampError:
            session.testaments.discard(testament)
            raise
        self._made[name] = notice
        settle(stored, lambda _: answer.give(Reply()), failed)
        return answer

    def revoke(self, session: Session, dropped: Iterable[Testament]) -> None:
        """Let them know that some will not be published."""
        names = [testament.name(session) for testament in dropped]
        for name in names:
            self._made.pop(name, None)
        self._network.revoke(names)

    def carry_out(self, session: Session, testament: Testament) -> None:
        """Publish a testament of a session here that is over, now or when it can be."""
        name = testament.name(session)
        notice = self._made.pop(name, None)
        if notice is not None:
            self._due[name] = notice
            self._try(name, notice)

    def come_back(self) -> None:
        """Publish what could not be before."""
        for name, notice in list(self._due.items()):
            self._try(name, notice)

    def _try(self, name: str, notice: messages.TestamentMessage) -> None:
        node = self._network.node

        def done(_: object) -> None:
            self._due.pop(name, None)
            self._network.spend(node, name)

        def failed(error: WampError) -> None:
            if error.uri not in _MAY_BE_TRIED_AGAIN:
                done(error)

        try:
            settle(self._publish(node, name, notice), done, failed)
        except WampError as error:
            failed(error)

    def _inherit(self, node: str, name: str, notice: messages.Notice) -> Later[bool]:
        """Publish what a session of a dead node left."""
        answer: Promise[bool] = Promise()

        def done(_: object) -> None:
            self._network.spend(node, name)
            answer.give(True)

        def failed(error: WampError) -> None:
            if error.uri in _MAY_BE_TRIED_AGAIN:
                answer.fail(error)
            else:
                done(error)

        if not isinstance(notice, messages.TestamentMessage):
            return True
        try:
            settle(self._publish(node, name, notice), done, failed)
        except WampError as error:
            failed(error)
        return answer

    def _publish(self, node: str, name: str, notice: messages.TestamentMessage) -> Later[int]:
        realm, publication = self._realm, notice.publication
        realm.counters.publications += 1
        owner = realm.broker.topics.owner_of(publication.topic)
        if owner is None:
            return self._events.publish(publication, will=(node, name))
        execute = partial(owner.execute, publication, notice.authid, notice.authrole)

        def go_on(is_spent: bool) -> Later[int]:  # noqa: FBT001
            return publication.id if is_spent else execute()

        return when(self._network.is_spent(node, name), go_on)
