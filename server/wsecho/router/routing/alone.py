# SPDX-License-Identifier: MIT
"""A realm without other nodes: there is nobody to tell, and what is done is done here."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from wsecho.router.model.procedures import Reply
from wsecho.router.wire.errors import WampError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wsecho.router.model.ports import Clock
    from wsecho.router.model.publications import Publication
    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.model.testaments import Testament
    from wsecho.router.routing.broker import Broker
    from wsecho.router.routing.dealer import Dealer
    from wsecho.router.wire.requests import Call, Register
    from wsecho.router.wire.uris import Match


class SingleNode:
    """The null object among `OtherNodes`.

    Args:
        broker: publishes.
        dealer: registers and calls.
        clock: tells when a registration was made.
    """

    def __init__(self, broker: Broker, dealer: Dealer, clock: Clock) -> None:
        self._broker = broker
        self._dealer = dealer
        self._clock = clock
        self._ids: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def check(self) -> None:
        """All nodes, which is this one, can tell what they know."""

    def new_id(self, kind: str, _uri: str, _match: Match) -> int:
        """The next of its kind, counted from 1."""
        return next(self._ids[kind])

    def joined(self, session: Session) -> None:
        """Nobody is told."""

    def left(self, session: Session) -> None:
        """Nobody is told."""

    def subscribed(self, session: Session, subscription: Subscription) -> None:
        """Nobody is told."""

    def unsubscribed(self, session: Session, subscription: Subscription) -> None:
        """Nobody is told."""

    def publish(self, publication: Publication) -> int:
        """Deliver it at once."""
        if publication.retain:
            self._broker.retained.keep(publication)
        self._broker.dispatch(publication)
        return publication.id

    def register(self, session: Session, request: Register) -> None:
        """Serve it at once."""
        self._dealer.registrar.enter(session, request, self._clock.now())

    def unregistered(self, session: Registrant, registration: Registration) -> None:
        """Nobody is told."""

    def call(self, session: Session, request: Call) -> None:
        """Invoke a callee at once.

        Raises:
            WampError: no such procedure, or a feature that the callee lacks.
        """
        dealer = self._dealer
        dealer.invoke(session, request, dealer.procedure(request.procedure))

    def store_testament(self, _session: Session, _testament: Testament) -> Reply:
        """Nobody has to know of it: it ends with its session and this node."""
        return Reply()

    def revoke_testaments(self, session: Session, dropped: Iterable[Testament]) -> None:
        """Nobody is told."""

    def carry_out(self, session: Session, testament: Testament) -> None:
        """Publish it."""
        # It was allowed when it was made, and there is nobody left to tell.
        with suppress(WampError):
            self._broker.admit(session, testament.request)
