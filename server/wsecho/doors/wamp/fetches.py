# SPDX-License-Identifier: MIT
"""The request by which a peer fetches what its session says, one answer each."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.web.server import Request

RECEIVE_WAIT: Final = 8.0
"""Seconds after which an empty `receive` is answered, at most; AutobahnJS waits 12."""


class WaitingReceive:
    """A `receive` that waits for messages.

    Args:
        request: the request.
        number: of the batch that it asks for, None for whatever comes next.
        media_type: of the answer.
        clock: times how long it waits.
        over: is told when it waits no more.
        wait: seconds that it may take, None for as long as any.
    """

    def __init__(
        self,
        request: Any,
        number: int | None,
        media_type: str,
        clock: IReactorTime,
        over: Callable[["WaitingReceive"], None],
        wait: int | None = None,
    ) -> None:
        self.number = number
        self._media_type = media_type
        self._is_over = over
        self._request: Request | None = request
        longest = RECEIVE_WAIT if wait is None else min(wait, RECEIVE_WAIT)
        self._end = clock.callLater(longest, self.end)
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
