# SPDX-License-Identifier: MIT
"""Reactors that endpoints are given in place of Twisted's: to hold, to read again, to try."""

import os
import socket
from errno import EACCES, EADDRINUSE, ENOENT
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from zope.interface import directlyProvides, implementer, providedBy

from wsecho.app.holders import FactoryHolder, let_half_close
from wsecho.app.sharing import adopt_alone
from wsecho.app.tls_layer import TlsLayer


class HoldingReactor:
    """A reactor that listens by holders.

    Args:
        reactor: the real one.
        factory: ours, which needs no holder.
        tls: puts TLS around a factory.
    """

    def __init__(self, reactor: Any, factory: IProtocolFactory, tls: "TlsLayer") -> None:
        self._reactor = reactor
        self._factory = factory
        self._tls = tls
        self.holder: FactoryHolder | None = None
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: Any, *args: Any, **kwargs: Any) -> IListeningPort:
        """Listen, by a holder where TLS or the PROXY protocol stands around our factory."""
        if factory is not self._factory:
            self._tls.take_over(factory)
            factory = self.holder = FactoryHolder(factory)
        listening: IListeningPort = self._reactor.listenTCP(port, factory, *args, **kwargs)
        return listening

    def listenSSL(
        self,
        port: int,
        factory: Any,
        contextFactory: Any,  # noqa: N803
        *args: Any,
        **kwargs: Any,
    ) -> IListeningPort:
        """Listen with TLS of our own."""
        return self.listenTCP(port, self._tls.around(factory, contextFactory), *args, **kwargs)

    def adoptStreamPort(self, descriptor: int, _family: int, factory: Any) -> IListeningPort:
        """Listen at a socket of systemd's; there are no certificates around it to be read."""
        return adopt_alone(self._reactor, descriptor, let_half_close(factory))


class RereadingReactor(HoldingReactor):
    """A reactor that listens nowhere, for an endpoint that is read a second time."""

    fresh: Any = None

    def listenTCP(self, port: int, factory: Any, *args: Any, **kwargs: Any) -> IListeningPort:
        """Keep the factory, which holds what was read."""
        self.fresh = factory
        return _Nowhere()

    def adoptStreamPort(self, descriptor: int, family: int, factory: Any) -> IListeningPort:
        """Keep the factory."""
        self.fresh = factory
        return _Nowhere()


class TryingReactor(RereadingReactor):
    """A reactor that listens nowhere, but sees whether it could."""

    def listenTCP(
        self,
        port: int,
        factory: Any,
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort:
        """Take the address for a moment, without listening."""
        family = socket.AF_INET6 if ":" in interface else socket.AF_INET
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((interface, port))
            except OSError as error:
                if error.errno != EADDRINUSE:
                    raise CannotListenError(interface, port, error) from None
        return _Nowhere()

    def listenUNIX(self, address: str, *_: Any, **__: Any) -> IListeningPort:
        """See whether the folder may be written to."""
        folder = os.path.dirname(address) or "."  # noqa: PTH120
        if not os.access(folder, os.W_OK):
            number = EACCES if os.path.isdir(folder) else ENOENT  # noqa: PTH112
            raise CannotListenError(None, address, OSError(number, os.strerror(number)))
        return _Nowhere()


@implementer(IListeningPort)
class _Nowhere:
    """A port that is none."""

    def startListening(self) -> None:
        """Do nothing."""

    def stopListening(self) -> None:
        """Do nothing."""

    def getHost(self) -> Any:
        """Say nothing."""
