# SPDX-License-Identifier: MIT
"""The router: the realms by name, and every session from the moment its transport is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsecho.router.cluster.cluster import RealmCluster
from wsecho.router.meta.api import provide_meta
from wsecho.router.model.session import Session
from wsecho.router.routing.realm import Realm
from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.ids import draw_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.router.cluster.network import Network
    from wsecho.router.model.access import Admit, Authenticator, Authorizer
    from wsecho.router.model.owner import TopicOwner
    from wsecho.router.model.ports import Clock, Transport
    from wsecho.router.wire.ids import Random


class Router:
    """WAMP v2, both broker and dealer, for any number of realms.

    Args:
        clock: the time, and calls at a later one.
        random: session and publication ids, anonymous authids, the `random` invocation policy;
            hand in a `random.SystemRandom`, since the ids are not to be guessed.
        faults: is given every exception that is our own fault (or another's); it must not
            raise. No text of it reaches a peer.
        opening_wait: seconds that a peer has from its transport's coming to WELCOME.
        goodbye_wait: seconds that a peer has to answer our GOODBYE.
        pressure: holds back peers that say more than goes out to other nodes; None where there are
            none.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        faults: Callable[[BaseException], None],
        *,
        opening_wait: float = 10.0,
        goodbye_wait: float = 2.0,
        pressure: Backpressure | None = None,
    ) -> None:
        self.clock = clock
        self.random = random
        self.faults = faults
        self.opening_wait = opening_wait
        self.goodbye_wait = goodbye_wait
        self.pressure = pressure
        self.realms: dict[str, Realm] = {}
        self.sessions: dict[Session, None] = {}

    def add_realm(
        self,
        name: str = "realm1",
        *,
        authenticator: Authenticator | None = None,
        authorizer: Authorizer | None = None,
        admit: Admit | None = None,
        owner: TopicOwner | None = None,
        max_retained: int = 10_000,
        network: Network | None = None,
    ) -> Realm:
        """Open a realm, with its meta API.

        Args:
            name: its URI.
            authenticator: decides who a peer is; None to take everyone.
            authorizer: decides what a session may do; None to let all do everything.
            admit: decides whether somebody who is known may be here; None to let in all.
            owner: serves topics in place of the broker.
            max_retained: topics that may have a retained event.
            network: leads to the other nodes, where there are any.
        """
        realm = Realm(
            *(self, name),
            authenticator=authenticator,
            authorizer=authorizer,
            admit=admit,
            owner=owner,
            max_retained=max_retained,
            in_cluster=network is not None,
        )
        provide_meta(realm)
        if network is not None:
            realm.others = cluster = RealmCluster(realm, network)
            cluster.begin()
        self.realms[name] = realm
        return realm

    def realm(self, name: str) -> Realm:
        """The realm of that name.

        Raises:
            WampError: there is none (`wamp.error.no_such_realm`).
        """
        found = self.realms.get(name)
        if found is None:
            raise WampError(errors.NO_SUCH_REALM, "there is no such realm")
        return found

    def attach(self, transport: Transport) -> Session:
        """Begin a session on a transport that has just come."""
        session = Session(self, transport)
        self.sessions[session] = None
        return session

    def detach(self, session: Session) -> None:
        """Forget a session that is closed; called by the session."""
        self.sessions.pop(session, None)

    def close(self, reason: str = errors.SYSTEM_SHUTDOWN, text: str | None = None) -> None:
        """Say GOODBYE to everyone."""
        for session in list(self.sessions):
            session.close(reason, text)

    def draw_session_id(self) -> int:
        """A random id that no session of any realm has."""
        while True:
            identifier = draw_id(self.random)
            if not any(
                identifier in realm.sessions or identifier in realm.remote_sessions
                for realm in self.realms.values()
            ):
                return identifier

    def safely(self, call: Callable[[], None]) -> None:
        """Call whom it was given, or clear something up, and go on whatever it raises."""
        try:
            call()
        except Exception as fault:  # noqa: BLE001  # the boundary
            self.faults(fault)
