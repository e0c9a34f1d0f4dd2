# SPDX-License-Identifier: MIT
"""Rooms as WAMP topics: both ways, text and binary, with their Event History."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Any, Final

from wsecho.core.promise import Later, when
from wsecho.core.rooms.history import History, Message
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.vocabulary import describe_author
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.positions import Position
from wsecho.core.wire.timestamps import rfc3339
from wsecho.core.wire.topics import PRESENCE_PREFIX, ROOM_PREFIX, presence_topic
from wsecho.doors.wamp.allowance import Allowance
from wsecho.doors.wamp.asking import WampAsking, caller_of_session
from wsecho.doors.wamp.pattern_subscriptions import PatternSubscriptions
from wsecho.doors.wamp.presence import (
    Attendees,
    WampAttendee,
    announce_presence,
    provide_members,
)
from wsecho.doors.wamp.publishing import RoomPublisher
from wsecho.doors.wamp.tokens import provide_tokens
from wsecho.doors.wamp.topics import room_at, topic_of
from wsecho.doors.wamp.translation import in_wamp_terms
from wsecho.fanout.rooms import Rooms, draw_publication
from wsecho.router import EventsQuery, Publication, Realm, Reply, Session, WampError
from wsecho.router.model.subscriptions import Subscription
from wsecho.router.wire.errors import INVALID_ARGUMENT
from wsecho.router.wire.uris import Match, matches

_MAX_ANSWER: Final = 1 << 20
"""Bytes of payload after which an answer of Event History is cut; one event always fits."""


class WampRooms:
    """Owns the rooms' topics in every realm, and hears what is said at the other doors.

    Args:
        rooms: the rooms.
        allowance: lets sessions subscribe to them.
        asked: asks the applications; None where there is nobody to ask.
    """

    prefixes = (ROOM_PREFIX, PRESENCE_PREFIX)

    def __init__(self, rooms: Rooms, allowance: Allowance, asked: WampAsking | None = None) -> None:
        self._rooms = rooms
        self._asked = asked
        self._allowance = allowance
        self._realms: list[Realm] = []
        self._pattern_subscriptions = PatternSubscriptions(rooms.bus)
        self._attendees = Attendees(rooms)
        self._publisher = RoomPublisher(rooms, self._attendees, asked)
        rooms.fanout.listeners.append(self)

    def serve(self, realm: Realm) -> None:
        """Dispatch what is said to a realm's subscribers too, and tell them who is there."""
        self._realms.append(realm)
        provide_members(realm, self._rooms_of)
        provide_tokens(realm, self._renew)
        self._publisher.provide(realm)

    def heard(self, room: str, message: Message, origin: Any) -> None:
        """Send a room's message to the subscribers of its topic."""
        topic = topic_of(room)
        skip, publisher = 0, None
        if isinstance(origin, Publication):
            skip, publisher = origin.skip, origin.publisher
        for realm in self._realms:
            if realm.broker.has_receivers(topic):
                realm.dispatch(
                    Publication(
                        message.publication,
                        topic,
                        [_argument(message)],
                        {"position": str(message.position)},
                        skip,
                        publisher,
                        position=message.position,
                        stamps=_stamps(message),
                    )
                )

    def changed(self, room: str, change: Change) -> None:
        """Tell the subscribers of the room's presence."""
        for realm in self._realms:
            announce_presence(realm, room, change)

    def renewed(self, room: str, position: Position) -> None:
        """Tell the subscribers of a room's topic that its epoch has changed."""
        self._tell(room, {"position": str(position), "recovered": False})

    def skipped(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell the subscribers of a room's topic that messages are gone."""
        ends = {"from": str(Position(epoch, after)), "to": str(Position(epoch, upto))}
        self._tell(room, {"skipped": ends})

    def _tell(self, room: str, kwargs: dict[str, Any]) -> None:
        topic = topic_of(room)
        for realm in self._realms:
            if realm.broker.has_receivers(topic):
                realm.dispatch(Publication(draw_publication(), topic, None, kwargs))

    # What the router asks of the owner of topics.

    def canonical(self, uri: str) -> str:
        """Return the one spelling of a room's topic.

        Raises:
            WampError: no room can have that name.
        """
        write = presence_topic if uri.startswith(PRESENCE_PREFIX) else topic_of
        return write(room_at(uri))

    def publish(self, session: Session, publication: Publication) -> Later[int]:
        """Say what a session published in the room, and return its publication id, now or later.

        Raises:
            WampError: as `RoomPublisher.publish`.
        """
        return self._publisher.publish(session, publication)

    def execute(self, publication: Publication, authid: str, authrole: str) -> Later[int]:
        """Say what a session wanted said once it is over, however often this is called.

        Raises:
            WampError: as `RoomPublisher.publish`.
        """
        return self._publisher.execute(publication, authid, authrole)

    def subscribing(self, session: Session, uri: str, match: Match) -> Later[None]:
        """Let everyone subscribe, to so many rooms, as soon as they are current here.

        Raises:
            WampError: to no more, or it named itself badly.
        """
        WampAttendee.of(session)
        if self._allowance.check(session, uri, match) and _is_room(uri, match):
            room, rooms = room_at(uri), self._rooms_of(session)
            return in_wamp_terms(lambda: when(rooms.attach(room), lambda _: rooms.check(room)))
        if match != "exact":
            return in_wamp_terms(self._pattern_subscriptions.begin)
        if uri.startswith(PRESENCE_PREFIX):
            return in_wamp_terms(lambda: self._rooms_of(session).ask_to_join(room_at(uri)))
        return None

    def subscribed(self, session: Session, subscription: Subscription, *, first: bool) -> None:
        """Make the session a member of the room."""
        if _is_room(subscription.uri, subscription.match):
            self._attendees.join(session, subscription.uri)
        elif first and subscription.match == "exact":
            self._rooms.bus.hold(room_at(subscription.uri))
        elif first:
            self._pattern_subscriptions.come()

    def unsubscribed(self, session: Session, subscription: Subscription, *, last: bool) -> None:
        """Let the session leave the room."""
        if _is_room(subscription.uri, subscription.match):
            self._attendees.leave(session, subscription.uri)
        elif last and subscription.match == "exact":
            self._rooms.bus.release(room_at(subscription.uri))
        elif last:
            self._pattern_subscriptions.leave()

    def get_events(
        self, session: Session, subscription: Subscription, query: EventsQuery
    ) -> Later[Reply]:
        """Answer `wamp.subscription.get_events` ("Event History", and `after_position`).

        Raises:
            WampError: the position is none.
        """
        if subscription.match != "exact":
            found = self._matching(session, subscription)
            events, _ = _cut(_select(found, query), query.limit)
            return Reply([_event(message, subscription, room, session) for room, message in events])
        if subscription.uri.startswith(PRESENCE_PREFIX):
            return Reply()
        room = room_at(subscription.uri)
        given = None if query.after_position is None else _position(query.after_position)

        def answer(_: None) -> Reply:
            history = self._rooms.read(room)
            return self._of_room(room, history, session, subscription, query, given)

        rooms = self._rooms_of(session)
        return in_wamp_terms(lambda: when(rooms.attach(room, given), answer))

    def _rooms_of(self, session: Session) -> Rooms:
        """Return the rooms, as a session has them."""
        return self._rooms if self._asked is None else self._asked.rooms_of(session)

    def _renew(self, session: Session) -> None:
        """Have a session that has a fresh token be who that says."""
        self._attendees.renew(session)
        self._rooms_of(session).present_as(caller_of_session(session))

    def _of_room(
        self,
        room: str,
        history: History,
        session: Session,
        subscription: Subscription,
        query: EventsQuery,
        given: Position | None,
    ) -> Reply:
        kwargs: dict[str, Any] = {"position": str(history.position)}
        after = Position(history.epoch, history.oldest)
        if given is not None:
            after = given
            kwargs["recovered"] = history.can_resume(after)
            if not kwargs["recovered"]:
                return Reply([], kwargs)
        selected = _select([(room, message) for message in history.after(after.offset)], query)
        events, complete = _cut(selected, query.limit)
        if not complete:
            # Newest first, what was cut off is the oldest, which follow where this began.
            kwargs["position"] = str(after if query.reverse else events[-1][1].position)
        return Reply(
            [_event(message, subscription, room, session) for _, message in events], kwargs
        )

    def _matching(self, session: Session, subscription: Subscription) -> list[tuple[str, Message]]:
        histories = [
            [(room, message) for message in self._rooms.read(room)]
            for room in self._rooms.hub.names()
            if matches(subscription.uri, subscription.match, topic_of(room))
            and _may_read(session, room)
        ]
        return list(merge(*histories, key=lambda found: found[1].time))


def _may_read(session: Session, room: str) -> bool:
    authorizer = session.realm.authorizer if session.realm is not None else None
    return authorizer is None or authorizer.may_receive(session, topic_of(room))


def _is_room(uri: str, match: Match) -> bool:
    return match == "exact" and uri.startswith(ROOM_PREFIX)


def _position(text: str) -> Position:
    try:
        return Position.parse(text)
    except BadRequest as error:
        raise WampError(INVALID_ARGUMENT, error.reason) from None


def _argument(message: Message) -> str | bytes:
    return message.payload if message.is_binary else message.payload.decode("utf-8")


def _stamps(message: Message) -> dict[str, Any]:
    """When a message was taken, and from whom: keywords for who asked for them."""
    stamps: dict[str, Any] = {"time": message.milliseconds}
    if message.author is not None:
        stamps["from"] = describe_author(message.author)
    return stamps


def _select(
    found: Iterable[tuple[str, Message]], query: EventsQuery
) -> Iterator[tuple[str, Message]]:
    """Apply the filters of the specification; all of them must hold."""
    kept = [entry for entry in found if _in_time(entry[1], query) and _in_topic(entry[0], query)]
    kept = _between_publications(kept, query)
    return reversed(kept) if query.reverse else iter(kept)


def _in_time(message: Message, query: EventsQuery) -> bool:
    # Clients hand back what they were shown, which has milliseconds.
    time = message.milliseconds / 1000
    return (
        (query.from_time is None or time >= query.from_time)
        and (query.after_time is None or time > query.after_time)
        and (query.before_time is None or time < query.before_time)
        and (query.until_time is None or time <= query.until_time)
    )


def _in_topic(room: str, query: EventsQuery) -> bool:
    return query.topic is None or query.topic == topic_of(room)


def _between_publications(
    found: list[tuple[str, Message]], query: EventsQuery
) -> list[tuple[str, Message]]:
    """Cut a list at publications; one that is not in it leaves nothing."""
    places = {message.publication: place for place, (_, message) in enumerate(found)}
    begin, end = 0, len(found)
    nowhere = len(found)
    if query.from_publication is not None:
        begin = max(begin, places.get(query.from_publication, nowhere))
    if query.after_publication is not None:
        begin = max(begin, places.get(query.after_publication, nowhere) + 1)
    if query.before_publication is not None:
        end = min(end, places.get(query.before_publication, 0))
    if query.until_publication is not None:
        end = min(end, places.get(query.until_publication, -1) + 1)
    return found[begin:end]


def _cut(
    found: Iterator[tuple[str, Message]], limit: int | None
) -> tuple[list[tuple[str, Message]], bool]:
    """Take as many as the limit and the size of an answer allow; tell whether that was all."""
    taken: list[tuple[str, Message]] = []
    size = 0
    for entry in found:
        if len(taken) == limit or (taken and size + len(entry[1].payload) > _MAX_ANSWER):
            return taken, False
        taken.append(entry)
        size += len(entry[1].payload)
    return taken, True


def _event(
    message: Message, subscription: Subscription, room: str, session: Session
) -> dict[str, Any]:
    """Write one event of the past, as the specification's example has it."""
    kwargs: dict[str, Any] = {"position": str(message.position)}
    argument: str | bytes = _argument(message)
    serializer = session.transport.details.more.get("serializer")
    if serializer == "json" and isinstance(argument, str) and argument.startswith("\0"):
        argument, kwargs["text"] = message.payload, True
    if session.wants_stamps:
        kwargs |= _stamps(message)
    details = {} if subscription.match == "exact" else {"topic": topic_of(room)}
    return {
        "timestamp": rfc3339(message.milliseconds / 1000),
        "subscription": subscription.id,
        "publication": message.publication,
        "details": details,
        "args": [argument],
        "kwargs": kwargs,
    }
