# SPDX-License-Identifier: MIT
"""Whether this node hears itself through Redis: a connection may stand and pass nothing on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from wsecho.bus.redis.client.link import LinkStanding
from wsecho.core.wire.errors import BusUnavailable
from wsecho.loops import Loop

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.client.link import Link

INTERVAL: Final = 2.0
"""Seconds between two calls."""


class Canary:
    """Calls to itself on a channel of its own, every few seconds.

    Args:
        link: the connection; it is made anew where a call is not heard.
        channel: its own.
        reactor: the clock.
        timeout: seconds that a call may take.
        measures: counts.
    """

    _log = Logger()

    def __init__(
        self, link: Link, channel: str, reactor: Any, timeout: float, measures: Measures
    ) -> None:
        self._link = link
        self._channel = channel
        self._reactor = reactor
        self._timeout = timeout
        self._measures = measures
        self._number = 0
        self._is_heard = False
        self._deadline: IDelayedCall | None = None
        self._loop = Loop("calling to itself through Redis", self._call, reactor)

    def start(self) -> None:
        """Begin."""
        self._loop.start(INTERVAL)

    def stop(self) -> None:
        """End."""
        self._loop.stop()
        self._stop_clock()

    def check(self) -> None:
        """See to it that the last call was heard.

        Raises:
            BusUnavailable: it was not.
        """
        if not self._is_heard:
            raise BusUnavailable("Redis does not pass on what it is told")

    def listen(self) -> None:
        """Listen on a fresh connection, and call at once."""
        self._link.ask("SUBSCRIBE", self._channel).addErrback(_ignore)
        self._call()

    def doubt(self) -> None:
        """Count nothing that came by a connection that is gone."""
        self._is_heard = False
        self._stop_clock()

    def hear(self, channel: bytes, payload: bytes) -> None:
        """Hear a call, if it is one."""
        if channel.decode() == self._channel and payload == b"%d" % self._number:
            self._is_heard = True
            self._stop_clock()

    def _call(self) -> None:
        if self._link.standing is not LinkStanding.UP or self._deadline is not None:
            return
        self._number += 1
        self._deadline = self._reactor.callLater(self._timeout, self._was_not_heard)
        self._link.ask("PUBLISH", self._channel, str(self._number)).addErrback(_ignore)

    def _was_not_heard(self) -> None:
        self._deadline = None
        self._is_heard = False
        self._measures.canaries_lost += 1
        self._log.warn("Redis does not pass on what it is told; connecting anew")
        self._link.cut()

    def _stop_clock(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None


def _ignore(_: Failure) -> None:
    """The deadline says enough."""
