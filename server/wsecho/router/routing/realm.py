# SPDX-License-Identifier: MIT
"""A realm: sessions that can reach one another, with a broker and a dealer."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from wsecho.core.promise import Later
from wsecho.router.model.access import Anonymous
from wsecho.router.model.publications import Publication
from wsecho.router.routing.alone import SingleNode
from wsecho.router.routing.broker import Broker
from wsecho.router.routing.context import Counters
from wsecho.router.routing.dealer import Dealer
from wsecho.router.routing.serving import ServedCalls, Service
from wsecho.router.wire import errors, features, outgoing
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.ids import draw_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.promise import Later
    from wsecho.router.model.access import (
        Action,
        Admit,
        Authenticator,
        Authorizer,
        Identity,
        Requester,
        TransportDetails,
    )
    from wsecho.router.model.any_session import AnySession
    from wsecho.router.model.owner import TopicOwner
    from wsecho.router.model.ports import Clock
    from wsecho.router.model.procedures import Procedure, ProcedureCall, Reply
    from wsecho.router.model.session import Session
    from wsecho.router.routing.context import OtherNodes
    from wsecho.router.wire.ids import Random
    from wsecho.router.wire.outgoing import OutgoingMessage
    from wsecho.router.wire.uris import Match


class RealmHost(Protocol):
    """What a realm asks of its router."""

    @property
    def clock(self) -> Clock:
        """The time, and calls at a later one."""

    @property
    def random(self) -> Random:
        """The source of ids."""

    @property
    def faults(self) -> Callable[[BaseException], None]:
        """Is given what is our own fault."""

    def safely(self, call: Callable[[], None]) -> None:
        """Call whom it was given, or clear something up, and go on whatever it raises."""


class Realm:
    """One realm. Made by `Router.add_realm`.

    Attributes:
        name: its URI.
        sessions: those that are open, by id; `remote_sessions`: those of other nodes.
        others: the other nodes; the router puts them in where there are any.
        broker, dealer: its two halves.
        counters: for metrics.
    """

    def __init__(
        self,
        host: RealmHost,
        name: str,
        *,
        authenticator: Authenticator | None = None,
        authorizer: Authorizer | None = None,
        admit: Admit | None = None,
        owner: TopicOwner | None = None,
        max_retained: int = 10_000,
        in_cluster: bool = False,
    ) -> None:
        self.name = name
        self.clock = host.clock
        self.random = host.random
        self.safely = host.safely
        self.faults = host.faults
        self.authenticator = authenticator or Anonymous(host.random)
        self.authorizer = authorizer
        self._admit = admit
        self.owner = owner
        self.counters = Counters()
        self.sessions: dict[int, Session] = {}
        self.remote_sessions: dict[int, AnySession] = {}
        self._leaving: deque[Session] = deque()
        self._draining = False
        self.broker = Broker(self, max_retained)
        self.dealer = Dealer(self)
        self.others: OtherNodes = SingleNode(self.broker, self.dealer, self.clock)
        self._service = Service(self.broker, self.dealer, self.faults)
        self._roles = features.roles(history=owner is not None, revokes=in_cluster)
        self._bare_roles = features.bare_roles()

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

        def check_then_call(call: ProcedureCall) -> Later[Reply]:
            self.others.check()
            return procedure(call)

        self.provide(uri, check_then_call)

    def dispatch(self, publication: Publication) -> None:
        """Send an event of an owned topic to its subscribers. `publication.topic` is canonical."""
        self.broker.dispatch(publication)

    def announce(
        self,
        topic: str,
        *args: Any,
        concerns: Callable[[Any], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        """Publish an event of the router's own, to those sessions that it concerns."""
        if self.broker.has_receivers(topic):
            event = Publication(draw_id(self.random), topic, list(args), kwargs, concerns=concerns)
            self.dispatch(event)

    # -- for sessions, broker and dealer

    def authorize(self, session: Requester, action: Action, uri: str, match: Match) -> None:
        """Let a request pass.

        Raises:
            WampError: the authorizer does not allow it.
        """
        if self.authorizer is not None and not self.authorizer.allows(session, action, uri, match):
            raise WampError(errors.NOT_AUTHORIZED)

    def welcome(self, session: Session, *, features: bool = True) -> OutgoingMessage:
        """WELCOME for a session that was let in, with or without what we have to say of us."""
        identity = session.identity
        assert identity is not None  # noqa: S101  # it was let in
        authextra = identity.authextra or {}
        most = session.transport.details.max_message_size
        if features and most:
            authextra = {**authextra, "max_message_size": most}
        return outgoing.welcome(
            session.id,
            self._roles if features else self._bare_roles,
            realm=self.name,
            authid=identity.authid,
            authrole=identity.authrole,
            authmethod=identity.authmethod,
            authprovider=identity.authprovider,
            authextra=authextra,
        )

    def admit(self, identity: Identity, details: TransportDetails) -> Later[Identity]:
        """Whether somebody who is known may be here, and as whom.

        Raises:
            WampError: it may not; the result may be that, too.
        """
        return identity if self._admit is None else self._admit(identity, details)

    def serve(self, session: Session) -> ServedCalls:
        """What serves the requests of a session that was let in."""
        return ServedCalls(session, self._service)

    def join(self, session: Session) -> None:
        """Take in a session that has just been opened."""
        # Known before it is announced: whoever hears of it may ask for it at once.
        self.sessions[session.id] = session
        self.others.joined(session)
        self.announce("wamp.session.on_join", session.describe())

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
        # What it held goes before its testaments, which it must not get, nor answer; "on_leave" is
        # the last that is heard of it ("Session Meta Events").
        self.safely(partial(self.broker.forget, session))
        self.safely(partial(self.dealer.forget, session))
        for testament in session.testaments.take():
            self.safely(partial(self.others.carry_out, session, testament))
        self.safely(partial(self.others.left, session))
        self.safely(
            partial(
                self.announce, "wamp.session.on_leave", session.id, session.authid, session.authrole
            )
        )
