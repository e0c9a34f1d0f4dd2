# SPDX-License-Identifier: MIT
"""Listening sockets that one process binds and others accept on.

All workers accept from the one queue that the parent's socket has. The parent keeps it open, so
that a connection that waits there is lost with no worker: the next one takes it. (With a socket for
each worker, SO_REUSEPORT, those that wait for the one that ends would be reset.)
"""

import os
import re
import socket
from collections.abc import Iterable
from typing import Any, Final

from twisted.internet import tcp, unix
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, providedBy

FEW: Final = 2
"""Connections that a worker takes at a time: the others are awake too, and want some."""

# `systemd:` finds its socket by this process's id and environment, which are the parent's.
_BY_SYSTEMD: Final = re.compile(r"^(haproxy:)?systemd:.*")


def hold(ports: Iterable[IListeningPort]) -> list[int]:
    """Keep ports open without accepting anything; return their descriptors."""
    held: list[Any] = list(ports)
    for port in held:
        port.stopReading()
    return [port.fileno() for port in held]


def shared_endpoint(endpoint: str) -> str:
    """Return the endpoint string by which a worker listens at what the parent has bound.

    It says what stands around our protocol (TLS, PROXY); the socket itself is adopted.
    """
    return _BY_SYSTEMD.sub(r"\1tcp:0", endpoint)


class AdoptingReactor:
    """A reactor that binds nothing: each time it is to listen, it adopts the next socket.

    Args:
        reactor: the real one.
        descriptors: of the sockets, in the order of the endpoints. They are closed here, for
            what is adopted is a duplicate.
    """

    def __init__(self, reactor: Any, descriptors: Iterable[int]) -> None:
        self._reactor = reactor
        self._descriptors = iter(descriptors)
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, _port: int, factory: Any, *_: Any, **__: Any) -> IListeningPort:
        """Listen at the next socket."""
        return self._adopt(factory)

    def listenUNIX(self, _path: Any, factory: Any, *_: Any, **__: Any) -> IListeningPort:
        """Listen at the next socket."""
        return self._adopt(factory)

    def _adopt(self, factory: IProtocolFactory) -> IListeningPort:
        descriptor = next(self._descriptors)
        with socket.socket(fileno=os.dup(descriptor)) as found:
            family = found.family
        os.set_blocking(descriptor, False)
        try:
            port = _make_port(self._reactor, descriptor, family, factory)
        finally:
            os.close(descriptor)
        port.startListening()
        return port


def _make_port(
    reactor: Any, descriptor: int, family: int, factory: IProtocolFactory
) -> IListeningPort:
    # As `reactor.adoptStreamPort` does, with our ports in place of its own.
    port: Any
    if family == socket.AF_UNIX:
        port = _SharedUnixPort._fromListeningDescriptor(reactor, descriptor, factory)  # noqa: SLF001
    else:
        port = _SharedPort._fromListeningDescriptor(  # noqa: SLF001
            reactor, descriptor, family, factory
        )
    return port  # type: ignore[no-any-return]


class _SharedPort(tcp.Port):
    """A port that leaves something for its neighbours."""

    numberAccepts = FEW

    def doRead(self) -> None:
        """Take a few of those who wait."""
        self.numberAccepts = FEW
        super().doRead()


class _SharedUnixPort(unix.Port):
    """The same for a Unix socket, whose file is its binder's."""

    numberAccepts = FEW
    # Twisted would shut it down for all who have it, as it does not with TCP's.
    _shouldShutdown = False

    def doRead(self) -> None:
        """Take a few of those who wait."""
        self.numberAccepts = FEW
        super().doRead()

    def connectionLost(self, reason: Failure) -> None:
        """Close the socket, and leave the file where it is."""
        tcp.Port.connectionLost(self, reason)
