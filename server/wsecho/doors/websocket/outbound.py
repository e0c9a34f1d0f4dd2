# SPDX-License-Identifier: MIT
"""Writing to a transport that may be full: the one place where bytes wait for a peer."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from wsecho.core.limits.progress import LOOKS, Patience, Progress
from wsecho.core.limits.sendqueue import SendQueue
from wsecho.lane.progress import progress


@implementer(IPushProducer)
class Outbound:
    """Sends at once while the transport takes it, queues while it does not.

    Twisted's transport says when its own buffer is full (`pauseProducing`) and when it is
    empty again. In between, pieces wait in a `SendQueue`, where they can be counted,
    bounded and dropped whole, which nothing inside the transport can be.

    Args:
        transport: an `ITransport` that is an `IConsumer` too.
        clock: times the end of a close that the peer does not take.
        bound: bytes that may wait here.
        on_full: called with True when the transport stops taking bytes, with False
            when all that waited is gone.

    Attributes:
        transport: takes bytes at once while `is_full` is false.
        is_full: whether bytes that are written now wait here.
    """

    def __init__(
        self,
        transport: Any,
        clock: IReactorTime,
        bound: int,
        on_full: Callable[[bool], None],
    ) -> None:
        self.transport = transport
        self._clock = clock
        self._queue: SendQueue[bytes] = SendQueue(bound)
        self._on_full = on_full
        self.is_full = False
        self._then: Callable[[], None] | None = None
        self._finishing = False
        self._deadline: IDelayedCall | None = None
        transport.registerProducer(self, True)

    @property
    def queued(self) -> int:
        """Bytes that wait here, beside what the transport holds."""
        return self._queue.size

    def has_room(self, length: int) -> bool:
        """Tell whether a piece of that many bytes would be within the bound."""
        return not self.is_full or self._queue.has_room(length)

    def write(self, data: bytes) -> None:
        """Send bytes behind all that was given before."""
        if self.is_full:
            self._queue.push(data)
        else:
            self.transport.write(data)

    def drop_waiting(self) -> None:
        """Forget what the transport has not taken. Whole pieces go, so frames stay whole."""
        self._queue.clear()

    def finish(self, *, linger: bool, within: float) -> None:
        """Close the connection once all is sent. The first call decides how.

        Args:
            linger: send FIN (over TLS, `close_notify` before it), but keep on reading until the
                peer closes. To close while unread bytes are there would make the kernel send a
                reset, and a reset takes along what the peer has not read yet.
            within: seconds after which the connection is cut anyway, unless the peer takes, or
                sends, anything meanwhile.
        """
        if self._finishing:
            return
        self._finishing = True
        transport = self.transport
        self._then = transport.loseWriteConnection if linger else transport.loseConnection
        self.cut_after(within)
        self._finish_if_empty()

    def cut_after(self, seconds: float) -> None:
        """Abort the connection if it still stands after so many seconds, and does not get on."""
        if self._deadline is None:
            self._deadline = self._clock.callLater(
                seconds / LOOKS, self._look_first, self._clock.seconds(), seconds
            )

    def abort(self) -> None:
        """Cut the connection now."""
        self._queue.clear()
        self.transport.abortConnection()

    def connection_lost(self) -> None:
        """Forget everything: the transport is gone."""
        self._queue.clear()
        self._then = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if not self.is_full:
            self.is_full = True
            self._on_full(True)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty: hand over what waits until it is full again."""
        self.is_full = False
        while self._queue and not self.is_full:
            self.transport.write(self._queue.pop())
        if not self.is_full:
            self._on_full(False)
            self._finish_if_empty()

    def stopProducing(self) -> None:
        """The transport is closing."""
        self._queue.clear()

    def _finish_if_empty(self) -> None:
        if self._then is not None and not self._queue and not self.is_full:
            then, self._then = self._then, None
            # A registered producer would keep Twisted from closing.
            self.transport.unregisterProducer()
            then()

    def _look_first(self, since: float, within: float) -> None:
        # Most are gone by now, and to ask the system how far each has come would cost as much as
        # a tenth of its opening. What moved before counts for nothing, which is a quarter at most.
        self._deadline = None
        self._patience = Patience(self._progress(), since, within)
        self._look()

    def _look(self) -> None:
        self._deadline = None
        left = self._patience.look(self._progress(), self._clock.seconds())
        if left:
            self._deadline = self._clock.callLater(left, self._look)
        else:
            self.abort()

    def _progress(self) -> Progress:
        return progress(self.transport, self.queued)
