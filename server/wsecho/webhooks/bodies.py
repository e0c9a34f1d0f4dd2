# SPDX-License-Identifier: MIT
"""Bodies of requests and answers, each whole in memory and none over its bound."""

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer


@implementer(IBodyProducer)
@frozen
class WholeBody:
    """A request's body that is here already."""

    _octets: bytes

    @property
    def length(self) -> int:
        """How many octets it has."""
        return len(self._octets)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write it, at once."""
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """There is nothing more."""

    def resumeProducing(self) -> None:
        """There is nothing more."""

    def stopProducing(self) -> None:
        """There is nothing more."""


def read_bounded(response: Any, most: int, cut: Callable[[], None]) -> Deferred[bytes | None]:
    """Read an answer's body; None where it has more than `most` octets.

    Args:
        response: its head has come.
        most: octets that are kept of it, at most.
        cut: ends the connection at once, where the rest is not wanted.

    Returns:
        what fails where the body is broken off.
    """
    reader = _BoundedReader(most, cut)
    if response.length is not UNKNOWN_LENGTH and response.length > most:
        reader.give_up()
    response.deliverBody(reader)
    return reader.outcome


class _BoundedReader(Protocol):
    def __init__(self, most: int, cut: Callable[[], None]) -> None:
        self._most = most
        self._cut = cut
        self._octets = bytearray()
        self.outcome: Deferred[bytes | None] = Deferred(lambda _: cut())

    def give_up(self) -> None:
        """It is too large, and the rest would only take time."""
        self.outcome.callback(None)
        self._cut()

    def dataReceived(self, data: bytes) -> None:
        if self.outcome.called:
            return
        self._octets += data
        if len(self._octets) > self._most:
            self.give_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.outcome.called:
            return
        # Where the end of the connection is the end of the body, nobody knows whether it is whole:
        # that shows in what it says (RFC 9112 section 8).
        if reason.check(ResponseDone, PotentialDataLoss):
            self.outcome.callback(bytes(self._octets))
        else:
            self.outcome.errback(reason)
