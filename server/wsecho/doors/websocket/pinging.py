# SPDX-License-Identifier: MIT
"""Pings, and how long their answers are waited for: as `Patience` says, not by Autobahn's timer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wsecho.core.limits.progress import LOOKS, Patience, Progress
from wsecho.doors.websocket.opened import OpenedProtocol
from wsecho.lane.progress import progress

if TYPE_CHECKING:
    from wsecho.doors.websocket.outbound import Outbound


class PingingProtocol(OpenedProtocol):
    """Autobahn's protocol, which takes octets for the answer to a ping, both ways."""

    _outbound: Outbound
    autoPingSize: int
    autoPingTimeout: float
    autoPingRestartOnAnyTraffic: bool
    autoPingPending: Any
    autoPingPendingCall: Any
    autoPingTimeoutCall: Any
    # These are no attributes of each object until they differ: most never do.
    _patience: Patience | None = None
    _is_held_back: bool = False

    def is_heard(self) -> None:
        """Take octets of whatever for the answer to a ping that waits for one."""
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()

    def _sendAutoPing(self) -> None:
        """Ask the peer for a sign of life; a closing handshake has its own time."""
        self.autoPingPendingCall = None
        if self.state != self.STATE_OPEN:
            return
        if self.autoPingTimeout:
            seen, now = self._progress(), self.factory.reactor.seconds()
            self._patience = Patience(seen, now, self.autoPingTimeout)
            self._look_after(self.autoPingTimeout / LOOKS)
        self.autoPingPending = os.urandom(self.autoPingSize)
        self.sendPing(self.autoPingPending)

    def _look_after(self, seconds: float) -> None:
        # Autobahn's own timer may call early by a fifth of a second, and would then do so at once.
        self.autoPingTimeoutCall = self.factory.reactor.callLater(seconds, self._look_for_life)

    def _look_for_life(self) -> None:
        self.autoPingTimeoutCall = None
        if self.state != self.STATE_OPEN or self._patience is None:
            return
        now = self.factory.reactor.seconds()
        if self._is_held_back and not self._outbound.is_full:
            # Its answer may lie where we do not read.
            self._patience.extend(now)
        left = self._patience.look(self._progress(), now)
        if left:
            self._look_after(left)
        else:
            self.onAutoPingTimeout()

    def _progress(self) -> Progress:
        return progress(self.transport, self._outbound.queued)
