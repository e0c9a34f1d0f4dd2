# SPDX-License-Identifier: MIT
"""One factory in another's place, while what is within it goes on."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from zope.interface import implementer

from wsecho.app.holders import FactoryHolder, let_half_close


@implementer(IHalfCloseableProtocol)
class Halves(Protocol):
    """A protocol that wants to know which half has ended."""

    def connectionMade(self) -> None:
        """Begin."""
        self.told: list[str] = []

    def readConnectionLost(self) -> None:
        """Note it."""
        self.told.append("read")

    def writeConnectionLost(self) -> None:
        """Note it."""
        self.told.append("write")


def proxied(holder: Any) -> Any:
    """A connection whose PROXY line has come."""
    protocol = holder.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
    protocol.makeConnection(StringTransport())
    protocol.dataReceived(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")
    return protocol


def test_what_is_exchanged_stops_and_what_is_within_both_does_not() -> None:
    """A factory that stopped in between would end what it keeps for its connections."""
    within = Factory.forProtocol(Protocol)
    first, second = HAProxyWrappingFactory(within), HAProxyWrappingFactory(within)
    holder = FactoryHolder(first)
    holder.doStart()
    holder.exchange(second)
    assert (first.numPorts, second.numPorts, within.numPorts) == (0, 1, 1)
    holder.doStop()
    assert (second.numPorts, within.numPorts) == (0, 0)


def test_new_connections_are_of_the_factory_that_is_in_force() -> None:
    """Those that are open stay what they are."""
    first, second = Factory.forProtocol(Protocol), Factory.forProtocol(Halves)
    holder = FactoryHolder(first)
    before = holder.buildProtocol(None)
    holder.exchange(second)
    assert isinstance(holder.buildProtocol(None), Halves)
    assert not isinstance(before, Halves)


def test_halves_are_told_of_behind_a_proxy_line_before_and_after_an_exchange() -> None:
    """Twisted's own wrapper passes on neither."""
    holder = FactoryHolder(HAProxyWrappingFactory(Factory.forProtocol(Halves)))
    for _ in range(2):
        protocol = proxied(holder)
        heard = IHalfCloseableProtocol(protocol)
        heard.readConnectionLost()
        heard.writeConnectionLost()
        assert protocol.wrappedProtocol.told == ["read", "write"]
        holder.exchange(HAProxyWrappingFactory(Factory.forProtocol(Halves)))


def test_who_does_not_ask_for_halves_is_not_said_to() -> None:
    """Nor is a factory touched around which there is no PROXY line."""
    holder = FactoryHolder(HAProxyWrappingFactory(Factory.forProtocol(Protocol)))
    assert IHalfCloseableProtocol(proxied(holder), None) is None
    plain = Factory.forProtocol(Protocol)
    assert let_half_close(plain) is plain
    assert plain.protocol is Protocol
