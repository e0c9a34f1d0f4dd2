# SPDX-License-Identifier: MIT
"""Registrations in a cluster: a procedure is claimed among all nodes before it is served."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wsecho.core.promise import settle
from wsecho.router.cluster import messages
from wsecho.router.wire.errors import TakenError, WampError

if TYPE_CHECKING:
    from wsecho.router.cluster.network import Network
    from wsecho.router.cluster.remote_sessions import RemoteSession
    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.routing.realm import Realm
    from wsecho.router.wire.requests import Register
    from wsecho.router.wire.uris import Match


def place_of(uri: str, match: Match) -> str:
    """What is claimed for a procedure or a pattern of them."""
    return f"{match} {uri}"


class Registering:
    """The registrations of a realm that other nodes have to know of.

    Args:
        realm: the realm.
        network: leads to the other nodes.

    Attributes:
        offered: what the other nodes were told, or are just being, but is not served yet.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self._asked: set[tuple[int, str]] = set()
        self.offered: list[messages.Registered] = []

    def register(self, session: Session, request: Register) -> None:
        """Claim a procedure, let all nodes know, then serve it.

        A node that calls it as soon as somebody knows that it is served then knows it too.

        Raises:
            WampError: it is taken, is being asked for, or cannot be claimed now.
        """
        uri, match, policy = request.procedure, request.match, request.invoke
        place = place_of(uri, match)
        if (session.id, place) in self._asked:
            raise TakenError(policy, policy)
        claimed = self._network.claim(
            *(place, session.id, policy),
            lambda: self._lost(session, uri, match),
            is_shared=policy != "single",
        )
        self._asked.add((session.id, place))
        settle(
            claimed,
            lambda rank: self._realm.safely(partial(self._claimed, session, request, rank)),
            partial(self._refused, session, request),
        )

    def _refused(self, session: Session, request: Register, error: WampError) -> None:
        self._asked.discard((session.id, place_of(request.procedure, request.match)))
        session.refuse(request, error)

    def _claimed(self, session: Session, request: Register, rank: int) -> None:
        offer = messages.Registered(
            *(session.id, request.procedure, request.match, request.invoke, rank),
            self._realm.clock.now(),
            request.disclose_caller,
        )

        def failed(error: WampError) -> None:
            self.offered.remove(offer)
            self._network.cede(place_of(offer.uri, offer.match), session.id)
            self._refused(session, request, error)

        self.offered.append(offer)
        try:
            told = self._network.tell(offer)
        except WampError as error:
            failed(error)
            return
        settle(
            told,
            lambda _: self._realm.safely(partial(self._told, session, request, offer)),
            failed,
        )

    def _told(self, session: Session, request: Register, offer: messages.Registered) -> None:
        place = place_of(offer.uri, offer.match)
        self.offered.remove(offer)
        self._asked.discard((session.id, place))
        if not session.is_open:  # it went meanwhile
            self._network.cede(place, session.id)
            return
        registrar = self._realm.dealer.registrar
        found = registrar.registrations.find(offer.uri, offer.match)
        if found is not None:
            registrar.make_way(found, offer.invoke)
        registrar.enter(session, request, offer.created, offer.rank)

    def unregistered(self, session: Registrant, registration: Registration) -> None:
        """Let all nodes know that a session serves a procedure no longer."""
        self._network.cede(place_of(registration.uri, registration.match), session.id)
        if session.is_open:  # else it leaves, with all that it has
            notice = messages.Unregistered(session.id, registration.uri, registration.match)
            with suppress(WampError):
                self._network.tell(notice)

    def bury(self, remote_session: RemoteSession) -> None:
        """Cede what a session held whose node is dead."""
        for registration in remote_session.registrations.values():
            place = place_of(registration.uri, registration.match)
            self._network.cede(place, remote_session.id, remote_session.node)

    def _lost(self, session: Session, uri: str, match: Match) -> None:
        registrar = self._realm.dealer.registrar
        registration = registrar.registrations.find(uri, match)
        if registration is not None:
            self._realm.safely(partial(registrar.revoke, session, registration))
