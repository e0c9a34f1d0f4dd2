# SPDX-License-Identifier: MIT
"""The requests by which a peer fetches what its session says: one answer each, or a stream."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.web.server import Request
from zope.interface import implementer

from wsecho.core.limits.mailbox import Item
from wsecho.core.wire.events import write_event

RECEIVE_WAIT: Final = 8.0
"""Seconds after which an empty `receive` is answered; AutobahnJS waits 12 (wire.md says 10)."""

HEARTBEAT: Final = 15.0
"""Seconds between comments on a silent stream."""


class WaitingReceive:
    """A `receive` that waits for messages.

    Args:
        request: the request.
        number: of the batch that it asks for, None for whatever comes next.
        media_type: of the answer.
        clock: times how long it waits.
        over: is told when it waits no more.
    """

    def __init__(
        self,
        request: Any,
        number: int | None,
        media_type: str,
        clock: IReactorTime,
        over: Callable[["WaitingReceive"], None],
    ) -> None:
        self.number = number
        self._media_type = media_type
        self._is_over = over
        self._request: Request | None = request
        self._end = clock.callLater(RECEIVE_WAIT, self.end)
        request.notifyFinish().addBoth(lambda _: self._over())
        request.when_input_ends(self.end)

    def answer(self, octets: bytes) -> None:
        """Answer with messages."""
        request = self._over()
        if request is not None:
            request.setHeader(b"content-type", self._media_type.encode())
            request.setHeader(b"content-length", str(len(octets)).encode())
            request.write(octets)
            request.finish()

    def end(self) -> None:
        """Answer that there is nothing."""
        request = self._over()
        if request is not None:
            request.setResponseCode(204)
            request.finish()

    def _over(self) -> Request | None:
        request, self._request = self._request, None
        if self._end.active():
            self._end.cancel()
        self._is_over(self)
        return request


@implementer(IPushProducer)
class SessionEventStream:
    """A stream of server-sent events (HTML standard, section 9.2).

    Args:
        request: the request.
        clock: times the heartbeats.
        over: is told when nothing can be sent any more.
        resume: is called when more can be sent.
    """

    def __init__(
        self,
        request: Any,
        clock: IReactorTime,
        over: Callable[["SessionEventStream"], None],
        resume: Callable[[], None],
    ) -> None:
        self.is_full = False
        self._clock = clock
        self._is_over = over
        self._resume = resume
        self._request: Any = request
        request.setHeader(b"content-type", b"text/event-stream")
        # nginx would hold the events back until its buffer is full.
        request.setHeader(b"x-accel-buffering", b"no")
        request.notifyFinish().addBoth(lambda _: self._over())
        request.registerProducer(self, True)
        # The first bytes show the page that nothing on the way holds them back.
        request.write(b"retry: 1000\n: open\n\n")
        self._heart = clock.callLater(HEARTBEAT, self._beat)
        request.when_input_ends(self.end)

    def write(self, items: list[Item]) -> None:
        """Send events."""
        if self._request is not None and items:
            self._request.write(
                b"".join(write_event(item.data, identifier=item.number) for item in items)
            )
            self._heart.reset(HEARTBEAT)

    def end(self) -> None:
        """End the stream."""
        request = self._over()
        if request is not None:
            request.unregisterProducer()
            request.finish()

    def pauseProducing(self) -> None:
        """The peer reads too slowly: what comes waits in the outbox, which is bounded."""
        self.is_full = True

    def resumeProducing(self) -> None:
        """The peer reads again."""
        self.is_full = False
        self._resume()

    def stopProducing(self) -> None:
        """The connection is going."""

    def _beat(self) -> None:
        self._heart = self._clock.callLater(HEARTBEAT, self._beat)
        self._request.write(b": beat\n\n")

    def _over(self) -> Any:
        request, self._request = self._request, None
        if self._heart.active():
            self._heart.cancel()
        self._is_over(self)
        return request
