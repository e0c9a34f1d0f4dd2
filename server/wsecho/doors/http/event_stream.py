# SPDX-License-Identifier: MIT
"""An answer that is a stream of server-sent events (HTML standard, section 9.2), to its end."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.web.server import Request
from zope.interface import implementer

from wsecho.core.http.media import EVENTS
from wsecho.core.wire.events import HEARTBEAT, write_chunk
from wsecho.lane.transport import LaneTransport

BEAT: Final = 15.0
"""Seconds between heartbeats."""

RETRY: Final = 1_000
"""Milliseconds after which a reader whose stream broke comes back."""

LINGER: Final = 10.0
"""Seconds that a reader that is not waited for has to take the end of its stream."""


@implementer(IPushProducer)
class EventStream:
    """One answer, from its head on. What is in its events is its owner's business.

    Events are written past the request, in the form that `framed` gives them: one that goes to
    many is then put in that form once.

    Args:
        request: the `HttpRequest` that is answered.
        clock: times the heartbeats.
        drained: called when the connection takes events again.
        over: called once, when nothing can be sent any more, whoever has ended it.
        is_last: whether the connection ends with it; only then many can be sent to at once.

    Attributes:
        is_full: whether the connection takes no events for now.
        is_over: whether nothing can be sent any more.
        is_chunked: whether events go in chunks, as to all but clients of HTTP/1.0.
        lane: what the connection is sent by, where many can be sent to at once.
    """

    is_full = False
    is_over = False
    lane: LaneTransport | None = None

    def __init__(
        self,
        request: Any,
        clock: IReactorTime,
        drained: Callable[[], None],
        over: Callable[["EventStream"], None],
        *,
        is_last: bool,
    ) -> None:
        self._request = request
        self._channel = request.channel
        self._clock = clock
        self._drained = drained
        self._tell_over = over
        self._heart: IDelayedCall = clock.callLater(BEAT, self._beat)
        set_headers(request)
        request.notifyFinish().addBoth(lambda _: self._over())
        request.registerProducer(self, True)
        if is_last:
            # What comes back does so on a connection of its own.
            request.setHeader(b"connection", b"close")
            self._channel.persistent = False
            self.lane = self._channel.take_the_lane()
        # The head goes out.
        request.write(b"")
        self.is_chunked = bool(request.chunked)
        request.when_input_ends(self._leave_off)

    def framed(self, events: bytes) -> bytes:
        """Put events in the form in which this answer has them."""
        return write_chunk(events) if self.is_chunked else events

    def write(self, data: bytes) -> None:
        """Send events that are framed already."""
        if not self.is_over:
            self._channel.write(data)

    def end(self, last: bytes = b"", *, is_awaited: bool = True) -> None:
        """End the stream, unless it has ended.

        Args:
            last: an event that goes before, not framed.
            is_awaited: False to cut the connection where the end is not taken soon.
        """
        if self.is_over:
            return
        self._over()
        if last:
            self._request.write(last)
        transport = self._channel.transport
        # A registered producer would keep Twisted from closing.
        self._request.unregisterProducer()
        self._request.finish()
        if not is_awaited:
            self._clock.callLater(LINGER, transport.abortConnection)

    def abort(self) -> None:
        """Cut the connection."""
        if not self.is_over:
            self._channel.transport.abortConnection()

    # -- what the connection calls

    def pauseProducing(self) -> None:
        """It takes no more: what comes has to wait elsewhere."""
        self.is_full = True

    def resumeProducing(self) -> None:
        """It has taken all."""
        self.is_full = False
        self._drained()

    def stopProducing(self) -> None:
        """It is going."""

    # -- the rest is our own

    def _beat(self) -> None:
        # Set first: to write may be what ends it all, and then nothing may beat on.
        self._heart = self._clock.callLater(BEAT, self._beat)
        if not self.is_full:
            self.write(self.framed(HEARTBEAT))

    def _leave_off(self) -> None:
        """End the stream of a client that closed its half: mostly it has gone away."""
        self.end(is_awaited=False)

    def _over(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._heart.cancel()
            self._tell_over(self)


def set_headers(request: Request) -> None:
    """Make an answer a stream of events."""
    request.setHeader(b"content-type", EVENTS.encode())
    # nginx would hold the events back until its buffer is full.
    request.setHeader(b"x-accel-buffering", b"no")
