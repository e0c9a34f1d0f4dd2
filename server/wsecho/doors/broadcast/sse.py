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

from typing import Any, ClassVar, Final

from attrs import evolve
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.web.server import Request
from zope.interface import implementer

from wsecho.core.http.queries import RoomQuery
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Change
from wsecho.core.rooms.vocabulary import (
    write_closing,
    write_error,
    write_joined,
    write_presence,
    write_skipped,
)
from wsecho.core.wire.errors import (
    STOPPING,
    TOKEN_EXPIRED,
    TOO_SLOW,
    BadRequest,
    CloseReason,
    Unauthorized,
)
from wsecho.core.wire.events import HEARTBEAT, write_chunk, write_event
from wsecho.core.wire.positions import Position
from wsecho.doors.websocket.framed import shared_json
from wsecho.fanout.reader import Reader
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.lane.transport import LaneTransport
from wsecho.server.state import ServerState
from wsecho.server.stats import ConnectionStats
from wsecho.server.wallclock import Alarm

BEAT: Final = 15.0
"""Seconds between heartbeats."""

RETRY: Final = 1_000
"""Milliseconds after which a reader whose stream broke comes back."""

LINGER: Final = 10.0
"""Seconds that a reader that was given up has to take the end of its stream."""


@implementer(IPushProducer)
class RoomEventStream(Reader):
    """One request that is a member of one room.

    Args:
        spec: its place in the room.
        clock: times the heartbeats.
    """

    door: ClassVar = "sse"
    is_paced: ClassVar = True
    is_idle: ClassVar = False

    def __init__(self, spec: ReaderSpec, clock: IReactorTime) -> None:
        super().__init__(spec)
        self._clock = clock
        self._request: Any = None
        self._lane: LaneTransport | None = None
        self._is_chunked = False
        self._state: ServerState | None = None
        self._own_stats: ConnectionStats | None = None
        self._is_full = False
        self._expiry: Alarm | None = None

    def begin(self, request: Any, state: ServerState) -> None:
        """Join the room, and send what was asked for.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        joined, begin = self.start()
        self._joined = joined
        set_headers(request)
        # What comes back does so on a connection of its own.
        request.setHeader(b"connection", b"close")
        request.channel.persistent = False
        self._request, self._state = request, state
        state.connections.add(self)
        self._own_stats = state.stats.open(self.door, self.caller.address, self.caller.sub)
        request.notifyFinish().addBoth(lambda _: self._over("gone", "the client went"))
        request.registerProducer(self, True)
        self._lane = self._request.channel.take_the_lane()
        # The head goes out. What follows is written past the request, once for many.
        request.write(b"")
        self._is_chunked = bool(request.chunked)
        self._heart = self._clock.callLater(BEAT, self._beat)
        if self.caller.expires is not None:
            self._expiry = state.wall.call_at(self.caller.expires, self._expire)
        frame = write_joined(
            self.room,
            joined.card.id,
            begin.position,
            recovered=begin.recovered,
            members=self._rooms.members(self.room) if self.wants_presence else None,
        )
        event = write_event(frame, name="joined", identifier=begin.position, retry=RETRY)
        self.say(self._framed(event))
        self.pump()
        request.when_input_ends(self._leave_off)

    def drain(self, retry: float) -> None:
        """Say that the server is about to stop, and when to come back; then end.

        What waits is not sent any more: the reader goes on behind what it got.
        """
        event = write_event(write_closing(retry), name="closing", retry=int(retry * 1000))
        self._end_with(event, STOPPING)

    def abort(self) -> None:
        """Cut the connection."""
        if self._request is not None:
            self._request.channel.transport.abortConnection()

    # -- what the reader asks

    @property
    def form(self) -> str:
        """Its kind: in chunks, or to an HTTP/1.0 client without."""
        return "sse" if self._is_chunked else "sse/1.0"

    def offer(self, data: bytes) -> bool:
        """Give an event to the connection, if it takes any now."""
        if self._is_full:
            return False
        if self._request is not None:
            self.was_sent(1, len(data))
            self._request.channel.write(data)
        return True

    def was_sent(self, messages: int, octets: int) -> None:
        """Count events that were sent to it."""
        assert self._own_stats is not None  # noqa: S101  # it has begun
        self._own_stats.messages_out += messages
        self._own_stats.bytes_out += octets

    def free_transport(self) -> LaneTransport | None:
        """Return what its connection is sent by, if that takes all at once now."""
        lane = self._lane
        return lane if lane is not None and lane.is_clear else None

    def encode(self, message: Message) -> bytes:
        """Write a message; the carriers share its JSON."""
        return self._framed(write_event(shared_json(message), identifier=message.position))

    def encode_gap(self, epoch: str, after: int, upto: int) -> bytes:
        """Write `skipped`."""
        frame = write_skipped(epoch, after, upto)
        return self._framed(write_event(frame, name="skipped", identifier=Position(epoch, upto)))

    def encode_renewal(self, position: Position) -> bytes:
        """Write `joined`, once more."""
        frame = write_joined(self.room, self._joined.card.id, position, recovered=False)
        return self._framed(write_event(frame, name="joined", identifier=position))

    def encode_change(self, change: Change) -> bytes:
        """Write `presence`."""
        return self._framed(write_event(write_presence(change), name="presence"))

    def too_slow(self) -> None:
        """End the stream; a reader that does not take even that is cut off."""
        transport = self._request.channel.transport
        self._end_with(b"", TOO_SLOW)
        self._clock.callLater(LINGER, transport.abortConnection)

    def history_lost(self, upto: int) -> bool:
        """Tell what is gone, and go on behind it."""
        assert self._replayed is not None  # noqa: S101  # it was replaying
        return self.offer(self.encode_gap(self._epoch, self._replayed, upto))

    # -- what the connection calls

    def pauseProducing(self) -> None:
        """It takes no more: what comes waits."""
        self._is_full = True

    def resumeProducing(self) -> None:
        """It has taken all."""
        self._is_full = False
        self.pump()

    def stopProducing(self) -> None:
        """It is going."""

    # -- the rest is our own

    def _beat(self) -> None:
        # Set first: what is offered may be what ends it all, and then nothing may beat on.
        self._heart = self._clock.callLater(BEAT, self._beat)
        self.offer(self._framed(HEARTBEAT))

    def _framed(self, event: bytes) -> bytes:
        return write_chunk(event) if self._is_chunked else event

    def _expire(self) -> None:
        frame = write_error(Unauthorized(TOKEN_EXPIRED.reason))
        self._end_with(write_event(frame, name="refused"), TOKEN_EXPIRED)

    def _end_with(self, last: bytes, why: CloseReason) -> None:
        request = self._over(int(why.code), why.reason)
        if request is not None:
            request.write(last)
            _end(request)

    def _leave_off(self) -> None:
        """End the stream of a client that closed its half: mostly it has gone away."""
        request = self._over("gone", "the client went")
        if request is not None:
            transport = request.channel.transport
            _end(request)
            self._clock.callLater(LINGER, transport.abortConnection)

    def _over(self, code: int | str, reason: str) -> Any:
        request, self._request = self._request, None
        if request is not None:
            for timer in (self._heart, self._expiry):
                if timer is not None and timer.active():
                    timer.cancel()
            self.leave()
            assert self._state is not None  # noqa: S101  # it has begun
            assert self._own_stats is not None  # noqa: S101
            self._state.connections.discard(self)
            self._own_stats.end(code, reason)
        return request


def _end(request: Any) -> None:
    request.unregisterProducer()
    request.finish()


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


def set_headers(request: Request) -> None:
    """Make the answer a stream of events."""
    request.setHeader(b"content-type", b"text/event-stream")
    # nginx would hold the events back until its buffer is full.
    request.setHeader(b"x-accel-buffering", b"no")
