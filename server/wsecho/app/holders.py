# SPDX-License-Identifier: MIT
"""Factories around ours, for TLS and the PROXY protocol, that can be exchanged."""

from typing import Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper, HAProxyWrappingFactory
from zope.interface import implementer


class _Proxied(HAProxyProtocolWrapper):
    """A connection that begins with a PROXY line, whose client may close its half, too."""

    def __conform__(self, interface: object) -> "_Proxied | None":
        """Say so where the protocol within does."""
        if interface is not IHalfCloseableProtocol:
            return None
        return self if IHalfCloseableProtocol(self.wrappedProtocol, None) else None

    def readConnectionLost(self) -> None:
        """Tell the protocol within."""
        IHalfCloseableProtocol(self.wrappedProtocol).readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Tell the protocol within."""
        IHalfCloseableProtocol(self.wrappedProtocol).writeConnectionLost()


@implementer(IProtocolFactory)
class FactoryHolder(Factory):
    """A factory around ours (TLS, PROXY) that can be exchanged."""

    noisy = False

    def __init__(self, current: Any) -> None:
        self.current = let_half_close(current)
        current.noisy = False

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make the protocol for one connection."""
        return self.current.buildProtocol(addr)

    def doStart(self) -> None:
        """Start the factory that is in force."""
        self.current.doStart()

    def doStop(self) -> None:
        """Stop the factory that is in force."""
        self.current.doStop()

    def exchange(self, fresh: Any) -> None:
        """Put another one in force; the inner factory, common to both, never stops."""
        fresh.noisy = False
        fresh.doStart()
        self.current.doStop()
        self.current = let_half_close(fresh)

    @property
    def end(self) -> float | None:
        """When a certificate of it ends first, Unix seconds; None where it has none of ours."""
        around = self.current
        while around is not None:
            if (certificates := getattr(around, "certificates", None)) is not None:
                return float(certificates.end)
            around = getattr(around, "wrappedFactory", None)
        return None


def let_half_close(factory: Any) -> Any:
    """Have a client behind a PROXY line be heard that closes its half."""
    around = factory
    while around is not None:
        if isinstance(around, HAProxyWrappingFactory):
            around.protocol = _Proxied  # type: ignore[assignment]  # it is one, of a kind
        around = getattr(around, "wrappedFactory", None)
    return factory
