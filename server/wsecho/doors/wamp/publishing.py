# SPDX-License-Identifier: MIT
"""What sessions publish in rooms: by PUBLISH, a testament, or the procedure `wsecho.publish`."""

from typing import Any

from wsecho.core.promise import Later, when
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.retries import Keyed, Receipt, check_key
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.names import check_room
from wsecho.core.wire.topics import PRESENCE_PREFIX
from wsecho.doors.wamp.asking import WampAsking
from wsecho.doors.wamp.presence import Attendees
from wsecho.doors.wamp.topics import room_at, topic_of
from wsecho.doors.wamp.translation import in_wamp_terms
from wsecho.fanout.rooms import Rooms
from wsecho.router import ProcedureCall, Publication, Realm, Reply, Session, WampError
from wsecho.router.wire.errors import INVALID_ARGUMENT, NOT_AUTHORIZED


class RoomPublisher:
    """Takes what sessions say to the rooms.

    Args:
        rooms: the rooms.
        attendees: the sessions that are in them.
        asked: asks the applications; None where there is nobody to ask.
    """

    def __init__(self, rooms: Rooms, attendees: Attendees, asked: WampAsking | None = None) -> None:
        self._rooms = rooms
        self._attendees = attendees
        self._asked = asked

    def publish(self, session: Session, publication: Publication) -> Later[int]:
        """Say what a session published, and return its publication id, now or later.

        Raises:
            WampError: it is not exactly one text or binary, its key was used for another, its
                topic is of who comes and goes (`wamp.error.not_authorized`), it comes too fast for
                the room (`wsecho.error.over_rate`), or the session named itself badly.
        """
        caller = _caller(session)
        # A testament is said when its session is nowhere any more.
        is_testament = not session.is_open
        topic = publication.topic
        author = caller.author() if is_testament else self._attendees.author(session, topic)
        keyed = read_key(caller, publication.kwargs or {})
        pacer = None if is_testament else session
        rooms = self._rooms if self._asked is None else self._asked.rooms_of(session)
        said = self._say(rooms, publication, keyed, author, pacer)
        self._rooms.fanout.check(room_at(topic), session)
        return said

    def execute(self, publication: Publication, authid: str, authrole: str) -> Later[int]:
        """Say what a session wanted said once it is over, however often this is called.

        Raises:
            WampError: as `publish`.
        """
        caller = Caller("", sub=_subject(authid, authrole))
        # No caller of ours has such a name.
        anyhow = Keyed(str(publication.id), "\0testament")
        keyed = read_key(caller, publication.kwargs or {}) or anyhow
        rooms = self._rooms if self._asked is None else self._asked.rooms_of_testament(caller)
        return self._say(rooms, publication, keyed, caller.author())

    def provide(self, realm: Realm) -> None:
        """Serve `wsecho.publish(room, data, key=…)`, which answers with the keyword `position`.

        PUBLISHED has no place for one, and whoever may only publish sees no event of its own. It
        fails as publishing does.
        """

        def publish(call: ProcedureCall) -> Later[Reply]:
            if len(call.args) != 2 or not isinstance(call.args[0], str):  # noqa: PLR2004
                reason = "wsecho.publish takes a room's name, a text or binary, and `key`"
                raise WampError(INVALID_ARGUMENT, reason)
            room, said = call.args

            def say() -> Later[Receipt]:
                topic = topic_of(check_room(room))
                realm.authorize(call.session, "publish", topic, "exact")
                return self._say_by_call(call.session, room, [said], call.kwargs)

            receipt = in_wamp_terms(say)
            realm.counters.publications += 1
            realm.broker.check_flow(call.session)
            return when(receipt, lambda receipt: Reply([], {"position": str(receipt.position)}))

        realm.provide("wsecho.publish", publish)

    def _say_by_call(
        self, session: Session, room: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Later[Receipt]:
        payload, is_binary = read_said(args, kwargs)
        self._rooms.pace.check([room], session.id, len(payload))
        rooms = self._rooms if self._asked is None else self._asked.rooms_of(session)
        said = rooms.publish(
            room,
            payload,
            is_binary=is_binary,
            keyed=read_key(_caller(session), kwargs),
            author=self._attendees.author(session, topic_of(room)),
        )
        self._rooms.fanout.check(room, session)
        return said

    def _say(
        self,
        rooms: Rooms,
        publication: Publication,
        keyed: Keyed | None,
        author: Author | None,
        pacer: Session | None = None,
    ) -> Later[int]:
        if publication.topic.startswith(PRESENCE_PREFIX):
            raise WampError(NOT_AUTHORIZED, "who comes and goes is the server's alone to say")
        payload, is_binary = read_said(publication.args or [], publication.kwargs or {})

        room = room_at(publication.topic)

        def publish() -> Later[int]:
            if pacer is not None:
                self._rooms.pace.check([room], pacer.id, len(payload))
            receipt = rooms.publish(
                room,
                payload,
                is_binary=is_binary,
                keyed=keyed,
                publication=publication.id,
                origin=publication,
                author=author,
            )
            return when(receipt, lambda receipt: receipt.publication)

        return in_wamp_terms(publish)


def read_said(args: list[Any], kwargs: dict[str, Any]) -> tuple[bytes, bool]:
    """Read the one argument that a room takes, and whether it is binary.

    Raises:
        WampError: it is no text and no binary, or not the only one.
    """
    surplus = kwargs.keys() - {"key", "text"}
    if len(args) != 1 or surplus:
        raise WampError(INVALID_ARGUMENT, "a room takes exactly one argument, and `key`")
    said = args[0]
    try:
        if isinstance(said, str):
            return said.encode("utf-8"), False
        if isinstance(said, bytes) and kwargs.get("text") is True:
            said.decode("utf-8")
            return said, False
    except UnicodeError:
        raise WampError(INVALID_ARGUMENT, "the text is not UTF-8") from None
    if isinstance(said, bytes):
        return said, True
    raise WampError(INVALID_ARGUMENT, "a room takes text or binary")


def read_key(caller: Caller, kwargs: dict[str, Any]) -> Keyed | None:
    """Read the keyword `key`, which makes a retry safe; None where there is none.

    Raises:
        WampError: it is no key.
    """
    key = kwargs.get("key")
    if key is None:
        return None
    try:
        check_key(key if isinstance(key, str) else "")
    except BadRequest as error:
        raise WampError(INVALID_ARGUMENT, error.reason) from None
    return caller.keyed(key)


def _caller(session: Session) -> Caller:
    sub = _subject(session.authid, session.authrole)
    return Caller(session.transport.details.peer, sub=sub)


def _subject(authid: str, authrole: str) -> str | None:
    # An anonymous page comes back with another session and another authid, and sends again
    # what it does not know to have arrived.
    return None if authrole == "anonymous" else authid
