# SPDX-License-Identifier: MIT
"""A realm: sessions that can reach one another, with a broker, a dealer and the meta API."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, frozen
from autobahn.wamp import message

from wsecho.router import errors, features, history, requests, testaments
from wsecho.router.access import Anonymous
from wsecho.router.broker import Broker
from wsecho.router.cluster.cluster import Others
from wsecho.router.dealer import Dealer
from wsecho.router.errors import WampError
from wsecho.router.ids import draw_id
from wsecho.router.meta_routing import RegistrationProcedures, SubscriptionProcedures
from wsecho.router.meta_sessions import SessionProcedures, describe_session
from wsecho.router.publications import Publication

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.access import Action, Authenticator, Authorizer
    from wsecho.router.answers import Answer, Reply
    from wsecho.router.cluster.network import Network
    from wsecho.router.cluster.remote_sessions import RemoteSession
    from wsecho.router.ports import TopicOwner
    from wsecho.router.router import Router
    from wsecho.router.session import Session
    from wsecho.router.uris import Match

    Procedure = Callable[["ProcedureCall"], Reply | Answer[Reply]]


@frozen
class ProcedureCall:
    """A call of one of the router's own procedures.

    Attributes:
        session: the caller.
        procedure: the URI that was called.
        args: positional arguments.
        kwargs: keyword arguments.
    """

    session: Session
    procedure: str
    args: list[Any]
    kwargs: dict[str, Any]


@define
class Counters:
    """What went through a realm; `left_out` are events that a receiver could not carry."""

    publications: int = 0
    events: int = 0
    left_out: int = 0
    calls: int = 0


class Realm:
    """One realm. Made by `Router.add_realm`.

    Attributes:
        name: its URI.
        sessions: those that are open, by id; `remote_sessions`: those of other nodes.
        others: the other nodes, None where there are none.
        broker, dealer: its two halves.
        counters: for metrics.
    """

    def __init__(
        self,
        router: Router,
        name: str,
        *,
        authenticator: Authenticator | None = None,
        authorizer: Authorizer | None = None,
        owner: TopicOwner | None = None,
        max_retained: int = 10_000,
        network: Network | None = None,
    ) -> None:
        self.name = name
        self.clock = router.clock
        self.random = router.random
        self.safely = router.safely
        self.faults = router.faults
        self.authenticator = authenticator or Anonymous(router.random)
        self.authorizer = authorizer
        self.owner = owner
        self.counters = Counters()
        self.sessions: dict[int, Session] = {}
        self.remote_sessions: dict[int, RemoteSession] = {}
        self.others: Others | None = None
        self._leaving: deque[Session] = deque()
        self._draining = False
        self.broker = Broker(self, max_retained)
        self.dealer = Dealer(self, ProcedureCall)
        self._roles = features.roles(history=owner is not None, revokes=network is not None)
        self._bare_roles = features.bare_roles()
        # Requests with an id of their own, and messages that carry that of an earlier one.
        self.requests: dict[type[Any], Callable[[Session, Any], None]] = {
            requests.Publish: self.broker.publish,
            requests.Subscribe: self.broker.subscribe,
            requests.Unsubscribe: self.broker.unsubscribe,
            requests.Register: self.dealer.register,
            requests.Unregister: self.dealer.unregister,
        }
        self.answers: dict[type[Any], Callable[[Session, Any], None]] = {
            requests.Yield: self.dealer.yield_,
            requests.Error: self.dealer.error,
            requests.Cancel: self.dealer.cancel,
        }
        SessionProcedures(self)
        SubscriptionProcedures(self)
        RegistrationProcedures(self)
        testaments.provide_testaments(self)
        if owner is not None:
            history.provide_history(self)
        if network is not None:
            self.others = Others(self, network)
            self.others.begin()

    # -- for the doors

    def provide(self, uri: str, procedure: Procedure) -> None:
        """Serve a procedure by ourselves; clients cannot register it.

        Args:
            uri: the procedure.
            procedure: returns a `Reply`, or an `Answer` to be completed later, or raises
                `WampError`. Anything else that it raises is reported and becomes
                `wamp.error.runtime_error` without a word of it.
        """
        self.dealer.provide(uri, procedure)

    def provide_for_all(self, uri: str, procedure: Procedure) -> None:
        """Serve a procedure whose answer counts all nodes; it fails while they are away."""

        def check_then_call(call: ProcedureCall) -> Reply | Answer[Reply]:
            if self.others is not None:
                self.others.check()
            return procedure(call)

        self.provide(uri, check_then_call)

    def dispatch(self, publication: Publication) -> None:
        """Send an event of an owned topic to its subscribers. `publication.topic` is canonical."""
        self.broker.dispatch(publication)

    def announce(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Publish an event of the router's own."""
        if self.broker.has_receivers(topic):
            self.dispatch(Publication(draw_id(self.random), topic, list(args), kwargs))

    # -- for sessions, broker and dealer

    def authorize(self, session: Session, action: Action, uri: str, match: Match) -> None:
        """Let a request pass.

        Raises:
            WampError: the authorizer does not allow it.
        """
        if self.authorizer is not None and not self.authorizer.allows(session, action, uri, match):
            raise WampError(errors.NOT_AUTHORIZED)

    def welcome(self, session: Session, *, features: bool = True) -> message.Welcome:
        """WELCOME for a session that was let in, with or without our features."""
        identity = session.identity
        assert identity is not None  # noqa: S101  # it was let in
        return message.Welcome(
            session.id,
            self._roles if features else self._bare_roles,
            realm=self.name,
            authid=identity.authid,
            authrole=identity.authrole,
            authmethod=identity.authmethod,
            authprovider=identity.authprovider,
            authextra=identity.authextra,
        )

    def join(self, session: Session) -> None:
        """Take in a session that has just been opened."""
        self.sessions[session.id] = session
        if self.others is not None:
            self.others.joined(session)
        self.announce("wamp.session.on_join", describe_session(session))

    def leave(self, session: Session) -> None:
        """Clear up after a session that is over; it does no harm to say so twice.

        A send may end a further session, whose testament may end another: they are cleared up one
        after the other, not one within the other.
        """
        if self.sessions.pop(session.id, None) is None:
            return
        self._leaving.append(session)
        if self._draining:
            return
        self._draining = True
        try:
            while self._leaving:
                self._clear_up(self._leaving.popleft())
        finally:
            self._draining = False

    def _clear_up(self, session: Session) -> None:
        self.safely(partial(self.broker.forget, session))
        self.safely(partial(self.dealer.forget, session))
        for testament in session.testaments.take():
            self.safely(partial(self._execute, session, testament))
        if self.others is not None:
            self.safely(partial(self.others.left, session))
        self.safely(
            partial(
                self.announce, "wamp.session.on_leave", session.id, session.authid, session.authrole
            )
        )

    def _execute(self, session: Session, testament: testaments.Testament) -> None:
        if self.others is not None:
            self.others.wills.carry_out(session, testament)
            return
        # It was allowed when it was made, and there is nobody left to tell.
        with suppress(WampError):
            self.broker.admit(session, testament.request)
