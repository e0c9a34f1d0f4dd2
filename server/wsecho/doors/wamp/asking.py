# SPDX-License-Identifier: MIT
"""What applications are asked of WAMP sessions: whether each may be, and what it does in rooms."""

from typing import Any, Final

from attrs import evolve, frozen

from wsecho.access.sessions import (
    BY_APPLICATION,
    TokenAuthorizer,
    claims_of,
    identity_by,
    room_of_topic,
)
from wsecho.core.limits.admissions import without_port
from wsecho.core.promise import Later, when
from wsecho.core.rooms.callers import Caller
from wsecho.core.wire.grants import EVERYTHING
from wsecho.doors.wamp.translation import in_wamp_terms
from wsecho.fanout.asking import AskedRooms, Asking
from wsecho.fanout.rooms import draw_word
from wsecho.hooks import Visit
from wsecho.router import Identity, Session, TransportDetails
from wsecho.router.model.access import Action, Authorizer, Requester
from wsecho.router.wire.uris import Match

VISIT: Final = "visit"
_ROOMS: Final = "asked_rooms"


@frozen
class WampAsking:
    """Asks about sessions.

    Args:
        asking: whom, and of which rooms.
    """

    _asking: Asking

    def admit(self, identity: Identity, details: TransportDetails) -> Later[Identity]:
        """Ask whether a session may be that is about to begin, and return who it is.

        Raises:
            WampError: it may not; the result may be that, too.
        """
        visit = _visit(details)
        claims = claims_of(_Known(identity))
        if claims is not None:
            visit = evolve(visit, sub=claims.sub, name=claims.name, claims=claims.whole)

        def let_in(given: Any) -> Identity:
            if given is None:
                return identity
            found = self._asking.read_claims(given)
            return identity_by(found, BY_APPLICATION)

        return in_wamp_terms(lambda: when(self._asking.questions.connecting(visit), let_in))

    def rooms_of(self, session: Session) -> AskedRooms:
        """Return the rooms, as a session has them."""
        details = session.transport.details
        rooms: AskedRooms | None = details.more.get(_ROOMS)
        if rooms is None:
            caller = caller_of_session(session)
            rooms = details.more[_ROOMS] = self._asking.rooms_of(_visit(details), caller)
            rooms.belong_to(session)
        return rooms

    def rooms_of_testament(self, caller: Caller) -> AskedRooms:
        """Return the rooms, as one has them whose session is over, perhaps with its node."""
        return self._asking.rooms_of(Visit(draw_word(), caller.address, door="wamp"), caller)

    def authorizer(self, authorizer: Authorizer | None) -> Authorizer:
        """Return what decides what sessions may do, where rooms are asked about."""
        anybody = TokenAuthorizer(self._asking.rules, EVERYTHING)
        return AskedAuthorizer(authorizer or anybody, self._asking)


@frozen
class AskedAuthorizer:
    """Leaves out of patterns what may be seen only by whom an application lets in.

    Args:
        authorizer: decides all else.
        asking: knows which rooms that are.
    """

    _authorizer: Authorizer
    _asking: Asking

    def allows(self, session: Requester, action: Action, uri: str, match: Match) -> bool:
        """Tell whether a request is allowed."""
        return self._authorizer.allows(session, action, uri, match)

    def may_receive(self, session: Requester, topic: str) -> bool:
        """Tell whether an event may go to a session through a pattern."""
        _, room = room_of_topic(topic)
        if room is not None and self._asking.asks_to_join(room):
            return False
        return self._authorizer.may_receive(session, topic)


@frozen
class _Known:
    """Who is about to be let in, as one who asks."""

    identity: Identity
    id: int = 0
    authid: str = ""
    authrole: str = ""


def caller_of_session(session: Session, secret: str | None = None) -> Caller:
    """Return who a session is to the rooms.

    Args:
        session: one that is or was open.
        secret: what it named itself by, None where it did not.
    """
    claims, address = claims_of(session), session.transport.details.peer
    if claims is None:
        return Caller(address, secret=secret)
    return Caller(
        *(address, claims.grants, claims.sub, claims.name, claims.expires, secret), claims.whole
    )


def _visit(details: TransportDetails) -> Visit:
    """Return what the transport's opening said of a visit; RawSocket's says nothing."""
    visit: Visit | None = details.more.get(VISIT)
    if visit is None:
        visit = details.more[VISIT] = Visit(draw_word(), without_port(details.peer), door="wamp")
    return visit
