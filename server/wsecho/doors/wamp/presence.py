# SPDX-License-Identifier: MIT
"""Who is in a room, on WAMP: sessions as members, `wsecho.presence.R`, `wsecho.members`."""

from collections.abc import Callable
from typing import ClassVar, Self

from attrs import define

from wsecho.core.promise import Later, when
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.callers import Caller, check_secret
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.vocabulary import describe_member
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.names import check_room
from wsecho.core.wire.positions import Position
from wsecho.core.wire.topics import presence_topic
from wsecho.doors.wamp.asking import caller_of_session
from wsecho.doors.wamp.topics import room_at, topic_of
from wsecho.doors.wamp.translation import in_wamp_terms
from wsecho.fanout.rooms import Rooms, draw_publication
from wsecho.router import ProcedureCall, Publication, Realm, Reply, Session, WampError
from wsecho.router.wire.errors import INVALID_ARGUMENT, NOT_AUTHORIZED


@define(eq=False)
class WampAttendee:
    """One session in one room, for as long as it is subscribed to the room's topic.

    The room's messages reach it through the broker.

    Attributes:
        caller: who it is.
        author: who says what it says here, None before it is here.
    """

    caller: Caller
    author: Author | None = None

    door: ClassVar = "wamp"
    hears: ClassVar = False
    is_present: ClassVar = True
    wants_own: ClassVar = True
    wants_presence: ClassVar = False

    @classmethod
    def of(cls, session: Session) -> Self:
        """Make the attendee of a session, which may have named itself by `authextra.member`.

        Raises:
            WampError: that is no such name.
        """
        extra = session.hello.authextra if session.hello is not None else None
        secret = (extra or {}).get("member")
        try:
            check_secret(secret if isinstance(secret, str | None) else "")
        except BadRequest as error:
            raise WampError(INVALID_ARGUMENT, f"authextra.{error.reason}") from None
        return cls(caller_of_session(session, secret))

    def deliver(self, message: Message) -> None:
        """Leave it to the broker."""

    def tell(self, change: Change) -> None:
        """Leave it to the broker."""

    def renew(self, position: Position) -> None:
        """Leave it to the broker."""

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Leave it to the broker."""


class Attendees:
    """The sessions that are in rooms, each by what it subscribed to under its own name.

    Args:
        rooms: the rooms.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._all: dict[tuple[Session, str], WampAttendee] = {}

    def join(self, session: Session, topic: str) -> None:
        """Make a session a member of a room.

        Raises:
            WampError: it named itself badly.
            OverLimit: the room is full, or there are too many rooms.
        """
        attendee = self._all[session, topic] = WampAttendee.of(session)
        card = self._rooms.join(room_at(topic), attendee).card
        attendee.author = attendee.caller.author(card.id)

    def leave(self, session: Session, topic: str) -> None:
        """Let a session leave a room, if it is there."""
        attendee = self._all.pop((session, topic), None)
        if attendee is not None:
            self._rooms.leave(room_at(topic), attendee)

    def author(self, session: Session, topic: str) -> Author | None:
        """Return who says what a session says in a room; None where nobody is known.

        Raises:
            WampError: it named itself badly.
        """
        attendee = self._all.get((session, topic))
        if attendee is not None and attendee.author is not None:
            return attendee.author
        return WampAttendee.of(session).caller.author()

    def renew(self, session: Session) -> None:
        """Have a session that has a fresh token be who that says."""
        for subscription in session.subscriptions.values():
            attendee = self._all.get((session, subscription.uri))
            if attendee is not None and attendee.author is not None:
                attendee.caller = WampAttendee.of(session).caller
                attendee.author = attendee.caller.author(attendee.author.id)


def announce_presence(realm: Realm, room: str, change: Change) -> None:
    """Tell the subscribers of a room's presence that somebody came or went."""
    topic = presence_topic(room)
    if realm.broker.has_receivers(topic):
        kwargs = {"action": change.action, "member": describe_member(change.card)}
        realm.dispatch(Publication(draw_publication(), topic, None, kwargs))


def provide_members(realm: Realm, rooms_of: Callable[[Session], Rooms]) -> None:
    """Serve `wsecho.members(room)`: the list of who is there, for whoever may join.

    A call fails with `wamp.error.invalid_argument` where it does not name one room, with
    `wamp.error.not_authorized` where its caller may not join that, with
    `wsecho.error.not_available` where the room keeps no such list.
    """

    def members(call: ProcedureCall) -> Later[Reply]:
        room = call.args[0] if len(call.args) == 1 else None
        if not isinstance(room, str):
            raise WampError(INVALID_ARGUMENT, "wsecho.members takes one argument, a room's name")

        rooms = rooms_of(call.session)

        def answer(_: None) -> Reply:
            return Reply([[describe_member(card) for card in rooms.members(room)]])

        def ask() -> Later[Reply]:
            check_room(room)
            _check_grant(call.session, room)
            return when(rooms.attach(room), answer)

        return in_wamp_terms(ask)

    realm.provide("wsecho.members", members)


def _check_grant(session: Session, room: str) -> None:
    authorizer = session.realm.authorizer if session.realm is not None else None
    if authorizer is not None and not authorizer.allows(
        session, "subscribe", topic_of(room), "exact"
    ):
        raise WampError(NOT_AUTHORIZED)
