# SPDX-License-Identifier: MIT
"""How a WebSocket ends: the closing handshake, its times, and what may be said of it later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wsecho.core.wire.errors import STOPPING, TOKEN_EXPIRED, TOO_SLOW, CloseReason, without_quotes
from wsecho.doors.websocket.reading import ReadingProtocol
from wsecho.server.stats import ABNORMAL, NO_STATUS

if TYPE_CHECKING:
    from wsecho.doors.websocket.outbound import Outbound
    from wsecho.server.wallclock import Alarm

CLOSE_TIMEOUT: Final = 10.0
"""Seconds that a peer has to answer a close before it is cut off."""


class ClosingProtocol(ReadingProtocol):
    """Autobahn's protocol, whose end is in our hands: no frame, no code, no second is its own.

    What was sent before a close arrives before it, and whoever does not answer is cut off.
    """

    factory: Any
    _outbound: Outbound
    # These are no attributes of each object until they differ: most never do.
    _expiry: Alarm | None = None
    # None: whoever closes keeps the time for all connections at once.
    _answer_within: float | None = CLOSE_TIMEOUT

    def expire_at(self, moment: float) -> None:
        """Close with 4401 at a time, unless a later one is set before."""
        self._stop_expiry()
        wall = self.factory.state.wall
        self._expiry = wall.call_at(moment, partial(self.close, TOKEN_EXPIRED))

    def close(self, why: CloseReason) -> None:
        """Begin the closing handshake; a peer that does not answer in time is cut off."""
        if why is TOO_SLOW and self._outbound.queued:
            # Whoever is closed for not reading would never get to the Close frame behind it all.
            self._outbound.drop_waiting()
        self._answer_within = None if why is STOPPING else CLOSE_TIMEOUT
        self.sendCloseFrame(code=int(why.code), reasonUtf8=why.reason.encode())

    def abort(self) -> None:
        """Cut the connection without a closing handshake."""
        self._outbound.abort()

    def sendCloseFrame(
        self,
        code: int | None = None,
        reasonUtf8: bytes | None = None,  # noqa: N803
        isReply: bool = False,  # noqa: FBT001, FBT002, N803
    ) -> None:
        """Send a Close frame and start the clock on the peer's answer.

        Autobahn's `sendClose` refuses the codes that a server needs (1001, 1011, 1013).
        """
        if self._lane is not None:
            self._lane.leave_group()
        super().sendCloseFrame(code, reasonUtf8, isReply)
        self._is_between = False
        self._expect_messages()
        if self.failedByMe:
            self._outbound.finish(linger=True, within=CLOSE_TIMEOUT)
        elif self._answer_within is not None:
            self._outbound.cut_after(self._answer_within)

    def unregisterProducer(self) -> None:
        """Keep our producer: Autobahn unregisters one that it believes the application's."""

    def _closeConnection(self, abort: bool = False) -> None:  # noqa: FBT001, FBT002
        """Close after all is sent.

        An abort that Autobahn asks for after a clean close is none: both sides may have begun
        to close at once, and then a reset would take along what the peer has not read yet.
        """
        if abort and not self.wasClean:
            self._outbound.abort()
        else:
            self._outbound.finish(linger=False, within=CLOSE_TIMEOUT)

    def _how_it_ended(self) -> tuple[int, str]:
        if self.closedByMe and self.localCloseCode is not None:
            reason = (self.localCloseReason or b"").decode(errors="replace")
            return self.localCloseCode, without_quotes(reason)
        if self.wasClean or self.remoteCloseCode is not None:
            # What the peer gives as its reason is a payload, and no business of the log's.
            return self.remoteCloseCode or NO_STATUS, "the peer closed it"
        return ABNORMAL, without_quotes(self.wasNotCleanReason or "") or "the connection was lost"

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
