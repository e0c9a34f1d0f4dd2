# SPDX-License-Identifier: MIT
"""A room as server-sent events: `data:` is a frame of `wsecho.v1` (HTML standard, section 9.2).

=====================  =====================================================================
event                  ``id:``
=====================  =====================================================================
``joined``, first      its position; with it comes ``retry:``
(``message``)          its position, from where ``Last-Event-ID`` goes on
``skipped``            its ``to``
``presence``           none
``closing``            none; the stream ends, and ``retry:`` says when to come back
``refused``            none; the frame ``error``, and the stream ends
=====================  =====================================================================

An event named `error` would fire `onerror` too, which says that the connection was lost.
"""

from typing import Any, ClassVar

from attrs import evolve
from twisted.internet.interfaces import IReactorTime

from wsecho.core.http.queries import RoomQuery
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.vocabulary import write_closing, write_error
from wsecho.core.wire.errors import (
    STOPPING,
    TOKEN_EXPIRED,
    TOO_SLOW,
    BadRequest,
    CloseReason,
    Unauthorized,
)
from wsecho.core.wire.events import write_event
from wsecho.core.wire.positions import Position
from wsecho.doors.http.event_stream import RETRY, EventStream
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.vocabulary_reader import VocabularyReader, shared_json
from wsecho.lane.transport import LaneTransport
from wsecho.server.state import ServerState
from wsecho.server.stats import ConnectionStats
from wsecho.server.wallclock import Alarm


class RoomEventStream(VocabularyReader):
    """One request that is a member of one room.

    Args:
        spec: its place in the room.
        clock: times the stream.
    """

    _events: EventStream
    _own_stats: ConnectionStats
    _state: ServerState
    # These are no attributes of each object until they differ: most never do.
    _expiry: Alarm | None = None
    door: ClassVar = "sse"
    is_paced: ClassVar = True
    is_idle: ClassVar = False

    def __init__(self, spec: ReaderSpec, clock: IReactorTime) -> None:
        super().__init__(spec)
        self._clock = clock

    def begin(self, request: Any, state: ServerState) -> None:
        """Join the room, and send what was asked for.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        joined, begin = self.start()
        self._state = state
        state.connections.add(self)
        self._own_stats = state.stats.open(self.door, self.caller.address, self.caller.sub)
        self._events = EventStream(request, self._clock, self.pump, self._gone, is_last=True)
        if self.caller.expires is not None:
            self._expiry = state.wall.call_at(self.caller.expires, self._expire)
        frame = self.first_frame(joined, begin)
        event = write_event(frame, name="joined", identifier=begin.position, retry=RETRY)
        self.say(self._events.framed(event))
        self.pump()

    def drain(self, retry: float) -> None:
        """Say that the server is about to stop, and when to come back; then end.

        What waits is not sent any more: the reader goes on behind what it got.
        """
        event = write_event(write_closing(retry), name="closing", retry=int(retry * 1000))
        self._end_with(event, STOPPING)

    def abort(self) -> None:
        """Cut the connection."""
        self._events.abort()

    # -- what the reader asks

    @property
    def form(self) -> str:
        """Its kind: in chunks, or to an HTTP/1.0 client without."""
        return "sse" if self._events.is_chunked else "sse/1.0"

    def offer(self, data: bytes) -> bool:
        """Give an event to the connection, if it takes any now."""
        events = self._events
        if events.is_full:
            return False
        if not events.is_over:
            self.was_sent(1, len(data))
            events.write(data)
        return True

    def was_sent(self, messages: int, octets: int) -> None:
        """Count events that were sent to it."""
        self._own_stats.messages_out += messages
        self._own_stats.bytes_out += octets

    def free_transport(self) -> LaneTransport | None:
        """Return what its connection is sent by, if that takes all at once now."""
        lane = self._events.lane
        return lane if lane is not None and lane.is_clear else None

    def encode(self, message: Message) -> bytes:
        """Write a message; the carriers share its JSON."""
        return self._events.framed(write_event(shared_json(message), identifier=message.position))

    def carry(self, frame: bytes, kind: str, position: Position | None = None) -> bytes:
        """Write an event; its `id:` is where the reader goes on."""
        return self._events.framed(write_event(frame, name=kind, identifier=position))

    def too_slow(self) -> None:
        """End the stream; a reader that does not take even that is cut off."""
        self._end_with(b"", TOO_SLOW, is_awaited=False)

    # -- the rest is our own

    def _expire(self) -> None:
        frame = write_error(Unauthorized(TOKEN_EXPIRED.reason))
        self._end_with(write_event(frame, name="refused"), TOKEN_EXPIRED)

    def _end_with(self, last: bytes, why: CloseReason, *, is_awaited: bool = True) -> None:
        if not self._events.is_over:
            self._let_go(int(why.code), why.reason)
            self._events.end(last, is_awaited=is_awaited)

    def _gone(self, _events: EventStream) -> None:
        if self._is_here:
            self._let_go("gone", "the client went")

    def _let_go(self, code: int | str, reason: str) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self.leave()
        self._state.connections.discard(self)
        self._own_stats.end(code, reason)


def read_stream_query(query: RoomQuery, head: RequestHead) -> RoomQuery:
    """Let `Last-Event-ID` win over `after`: a browser comes back with the address it had.

    Raises:
        BadRequest: it is no position.
    """
    last = head.one("last-event-id")
    if not last:
        return query
    try:
        return evolve(query, after=Position.parse(last))
    except BadRequest:
        raise BadRequest("Last-Event-ID is not epoch:offset") from None
