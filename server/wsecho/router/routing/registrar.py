# SPDX-License-Identifier: MIT
"""Who serves which procedure: REGISTER and UNREGISTER, and what other nodes say of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wsecho.router.model.registrations import Callee, Registrations
from wsecho.router.wire import errors, outgoing
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.uris import is_reserved

if TYPE_CHECKING:
    from collections.abc import Container

    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.routing.context import Context
    from wsecho.router.wire import requests
    from wsecho.router.wire.uris import Match


class RemoteOffer(Protocol):
    """What another node says that a session of its serves."""

    @property
    def uri(self) -> str:
        """The procedure or the pattern."""

    @property
    def match(self) -> Match:
        """The matching policy."""

    @property
    def invoke(self) -> requests.Invoke:
        """How a callee is chosen."""

    @property
    def rank(self) -> int:
        """Its place among the callees of all nodes."""

    @property
    def created(self) -> float:
        """When the registration was made there, Unix seconds."""

    @property
    def disclose_caller(self) -> bool:
        """Whether the session asked to be told who calls."""


class Registrar:
    """Lets the sessions of one realm serve procedures ("Registering and Unregistering").

    Args:
        realm: whose clock and authorizer it uses.
        own: the procedures that the router serves by itself.

    Attributes:
        registrations: who serves what.
    """

    def __init__(self, realm: Context, own: Container[str]) -> None:
        self._realm = realm
        self._own = own
        self.registrations = Registrations()

    def register(self, session: Session, request: requests.Register) -> None:
        """REGISTER.

        Raises:
            WampError: a reserved URI, not authorized, or the procedure is taken.
        """
        uri, match, realm = request.procedure, request.match, self._realm
        if is_reserved(uri):  # "Reserved URIs"
            raise WampError(errors.INVALID_URI, "procedures under wamp. are the router's own")
        realm.authorize(session, "register", uri, match)
        if match == "exact" and uri in self._own:
            raise WampError(errors.PROCEDURE_ALREADY_EXISTS)
        self.registrations.check(session, request)
        realm.others.register(session, request)

    def enter(
        self, session: Session, request: requests.Register, now: float, rank: int = 0
    ) -> None:
        """Let a session serve a procedure that it may serve, and tell it so."""
        registration, new = self.registrations.add(
            Callee(session, request.disclose_caller, rank),
            *(request.procedure, request.match, request.invoke),
            now,
            self._realm.others.new_id,
        )
        session.registrations[registration.id] = registration
        # REGISTERED before any INVOCATION of it, and before the meta events.
        session.send(outgoing.registered(request.request, registration.id))
        self._tell_registered(session, registration, new=new)

    def enter_remote_session(self, remote_session: Registrant, offer: RemoteOffer) -> None:
        """Take note that a session of another node serves a procedure."""
        registration = self.registrations.find(offer.uri, offer.match)
        if registration is not None:
            if registration.serves(remote_session):
                return
            if offer.rank > registration.last_rank:
                self.make_way(registration, offer.invoke)
            elif not registration.may_share(offer.invoke):
                return  # its claim is over, which it does not know yet
        registration, new = self.registrations.add(
            Callee(remote_session, offer.disclose_caller, offer.rank),
            *(offer.uri, offer.match, offer.invoke),
            offer.created,
            self._realm.others.new_id,
        )
        remote_session.registrations[registration.id] = registration
        self._tell_registered(remote_session, registration, new=new)

    def make_way(self, registration: Registration, policy: requests.Invoke) -> None:
        """Drop callees that cannot be beside one to come, whose claim was granted among all nodes.

        Theirs is over then, and the news of that on its way.
        """
        if registration.may_share(policy):
            return
        for callee in list(registration.callees):
            if callee.session.is_here:
                self.revoke(callee.session, registration)
            else:
                self.remove(callee.session, registration)

    def _tell_registered(
        self, session: Registrant, registration: Registration, *, new: bool
    ) -> None:
        realm = self._realm
        if new:
            realm.announce("wamp.registration.on_create", session.id, registration.describe())
        realm.announce("wamp.registration.on_register", session.id, registration.id)

    def unregister(self, session: Session, request: requests.Unregister) -> None:
        """UNREGISTER; calls under way go on.

        Raises:
            WampError: the session has no such registration.
        """
        registration = session.registrations.get(request.registration)
        if registration is None:
            raise WampError(errors.NO_SUCH_REGISTRATION)
        # The answer first, for its sender may hear the meta events of what follows.
        session.send(outgoing.unregistered(request.request))
        self.remove(session, registration)

    def revoke(self, session: Registrant, registration: Registration) -> None:
        """Let a session serve a procedure no longer that others hold ("Registration Revocation").

        One that would not understand that is ended: it may come again, and learn why it cannot.
        """
        if registration.id not in session.registrations:
            return
        self.remove(session, registration)
        if session.peer.can_be_revoked:
            session.send(outgoing.revoked(registration.id, errors.PROCEDURE_ALREADY_EXISTS))
        else:
            session.close(errors.NETWORK_FAILURE, "another node serves what you had registered")

    def remove(self, session: Registrant, registration: Registration) -> None:
        """Let a session serve a procedure no longer; calls under way go on."""
        # "Registration Meta Events": on_delete behind the on_unregister of who was the last.
        realm = self._realm
        if session.is_here:
            realm.others.unregistered(session, registration)
        session.registrations.pop(registration.id, None)
        last = self.registrations.discard(registration, session)
        realm.announce("wamp.registration.on_unregister", session.id, registration.id)
        if last:
            realm.announce("wamp.registration.on_delete", session.id, registration.id)

    def forget(self, session: Session) -> None:
        """Drop all that a session registered."""
        for registration in list(session.registrations.values()):
            self.remove(session, registration)
