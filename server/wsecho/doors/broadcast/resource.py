# SPDX-License-Identifier: MIT
"""The addresses at and below `/broadcast`, for those who come with plain HTTP."""

from functools import partial
from typing import Any, Final, Self

from attrs import evolve, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from wsecho.config.config import Config
from wsecho.core.http.handshake import Query, split_target
from wsecho.core.http.media import EVENTS, accepts
from wsecho.core.http.queries import PollQuery, RoomQuery
from wsecho.core.promise import Later, Promise, settle, when
from wsecho.core.rooms.callers import Caller
from wsecho.core.wire.errors import MethodNotAllowed, NotFound, WireError
from wsecho.core.wire.names import parse_room
from wsecho.doors.broadcast.asked import Asked
from wsecho.doors.broadcast.lists import list_members, list_rooms
from wsecho.doors.broadcast.longpoll import Poll
from wsecho.doors.broadcast.pace import Pace
from wsecho.doors.broadcast.publishing import (
    check_publishing,
    publish,
    publish_to_many,
    publisher,
)
from wsecho.doors.broadcast.sse import RoomEventStream, read_stream_query
from wsecho.doors.gate import Gate
from wsecho.doors.http.event_stream import set_headers
from wsecho.doors.http.origins import allow_origin, answer_preflight
from wsecho.doors.http.request import HttpRequest, answer_error, cancel_with
from wsecho.fanout.asking import Asking
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.rooms import Rooms
from wsecho.hooks import Door
from wsecho.server.state import ServerState

_READ: Final = "GET, HEAD, OPTIONS"
_READ_AND_WRITE: Final = "GET, HEAD, POST, OPTIONS"


@frozen
class RoomAddress:
    """What a path names.

    Attributes:
        room: the room, None for all of them.
        is_members: whether it is the room's list of members.
    """

    room: str | None = None
    is_members: bool = False

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path, percent-encoded as it was sent.

        Raises:
            NotFound: nothing is there.
            BadRequest: the room's name is malformed.
        """
        _, _, *segments = path.split("/")
        if segments[1:] not in ([], ["members"]):
            raise NotFound("there is nothing at this address")
        return cls(parse_room(segments[0]) if segments else None, is_members=len(segments) > 1)

    @property
    def methods(self) -> str:
        """The methods that it knows, as in `Allow`."""
        return _READ if self.is_members else _READ_AND_WRITE


class Broadcast(Resource):
    """Rooms over HTTP.

    Args:
        config: the options in force.
        gate: says who may come in.
        rooms: the rooms.
        state: what all doors share.
        clock: the time.
        asking: asks the applications; None where there is nobody to ask.
    """

    isLeaf = True

    def __init__(
        self,
        config: Config,
        gate: Gate,
        rooms: Rooms,
        state: ServerState,
        clock: IReactorTime,
        asking: Asking | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._gate = gate
        self._rooms = rooms
        self._state = state
        self._clock = clock
        self._asking = asking
        self._pace = Pace(config.rates, clock, state.stats)

    def render(self, request: HttpRequest) -> Any:
        """Answer one request."""
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        try:
            body = self._answer(request)
        except WireError as error:
            body = answer_error(request, error)
        if isinstance(body, Promise):
            cancel_with(request, body)
            finish = partial(_finish, request)
            settle(body, finish, lambda error: finish(answer_error(request, error)))
            return NOT_DONE_YET
        return _cut_for_head(request, body)

    def look_ahead(self, request: HttpRequest) -> None:
        """Look at a request whose body is yet to come.

        Raises:
            WireError: it is refused, whatever its body is.
        """
        query, address = self._address(request)
        if request.head.method == "OPTIONS":
            return
        asked = self._admit(request, query)
        if request.head.method == "POST":
            check_publishing(asked, address.room, self._rooms)
            length = int(request.head.one("content-length") or "0")
            self._pace.foresee(asked.caller, length)
            if address.room is not None:
                self._rooms.pace.foresee([address.room], publisher(asked.caller), length)

    def _address(self, request: HttpRequest) -> tuple[Query, RoomAddress]:
        allow_origin(request, self._gate)
        request.setHeader(b"access-control-expose-headers", b"Location, Retry-After")
        head = request.head
        path, query = split_target(head.target)
        address = RoomAddress.parse(path)
        if head.method not in address.methods.split(", "):
            allowed = ("Allow", address.methods)
            raise MethodNotAllowed(f"this address knows {address.methods}", allowed)
        return query, address

    def _admit(self, request: HttpRequest, query: Query) -> Asked:
        return Asked(request, query, self._gate.admit(request.head, query, request.sender))

    def _answer(self, request: HttpRequest) -> Any:
        query, address = self._address(request)
        if request.head.method == "OPTIONS":
            return _answer_options(request, address.methods)
        asked = self._admit(request, query)
        if request.head.method == "POST":
            return self._post(asked, address.room)
        if address.room is None:
            return list_rooms(asked, self._rooms)
        if address.is_members:
            return list_members(asked, address.room, self._rooms_of(asked, "http"))
        return self._read(asked, address.room)

    def _post(self, asked: Asked, room: str | None) -> Later[bytes]:
        rooms = self._rooms_of(asked, "http")
        if room is None:
            return publish_to_many(asked, rooms, self._pace)
        return publish(asked, room, rooms, self._pace)

    def _rooms_of(self, asked: Asked, door: Door) -> Rooms:
        """Return the rooms, as a single request has them."""
        if self._asking is None:
            return self._rooms
        visit = self._asking.visit(asked.request.head, asked.caller, door)
        return self._asking.rooms_of(visit)

    def _read(self, asked: Asked, room: str) -> Any:
        self._state.connections.check()
        head = asked.request.head
        if accepts(head, EVENTS) and head.method != "HEAD" and self._asking is not None:
            return self._connect(self._asking, asked, room)
        asked.caller.grants.check("join", room)
        query = RoomQuery.read(asked.query)
        if accepts(head, EVENTS):
            return self._stream(asked, room, read_stream_query(query, head), self._rooms)
        rooms = self._rooms_of(asked, "longpoll")
        poll = Poll(rooms, room, query, PollQuery.read(asked.query), asked.caller)

        def begin(_: None) -> Any:
            if asked.request.head.method == "HEAD":
                return poll.peek(asked.request)
            return poll.begin(asked.request, self._state, self._clock)

        return when(rooms.attach(room, query.after), begin)

    def _connect(self, asking: Asking, asked: Asked, room: str) -> Any:
        """Ask whether a stream may be, and for whom it then is."""
        visit = asking.visit(asked.request.head, asked.caller, "sse")

        def go_on(caller: Caller) -> Any:
            caller.grants.check("join", room)
            query = read_stream_query(RoomQuery.read(asked.query), asked.request.head)
            rooms = asking.rooms_of(visit, caller)
            return self._stream(evolve(asked, caller=caller), room, query, rooms)

        return when(asking.connect(visit, asked.caller), go_on)

    def _stream(self, asked: Asked, room: str, query: RoomQuery, rooms: Rooms) -> Any:
        if asked.request.head.method == "HEAD":
            set_headers(asked.request)
            return b""
        config = self._config
        spec = ReaderSpec(
            *(rooms, room, query, asked.caller),
            *(config.send_queue, config.max_message_size),
        )
        stream = RoomEventStream(spec, self._clock)

        def begin(_: None) -> int:
            stream.begin(asked.request, self._state)
            return NOT_DONE_YET

        return when(stream.attach(), begin)


def _cut_for_head(request: HttpRequest, body: Any) -> Any:
    if request.method == b"HEAD" and body:
        request.setHeader(b"content-length", b"%d" % len(body))
        return b""
    return body


def _finish(request: HttpRequest, body: Any) -> None:
    """Give an answer that had to be waited for, as `render` gives one that had not."""
    body = _cut_for_head(request, body)
    if body == NOT_DONE_YET:
        return
    if body:
        request.setHeader(b"content-length", b"%d" % len(body))
        request.write(body)
    request.finish()


def _answer_options(request: HttpRequest, methods: str) -> bytes:
    request.setHeader(b"allow", methods.encode())
    return answer_preflight(request, methods)
