# SPDX-License-Identifier: MIT
"""Listening sockets that one process binds and others accept on: a parent's, or systemd's.

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
from zope.interface import directlyProvides, providedBy

FEW: Final = 2
"""Connections that a worker takes at a time: the others are awake too, and want some."""

_AS_MANY_AS_THE_SYSTEM_ALLOWS: Final = 2**31 - 1
# Abstract, so that Twisted looks for no file.
_NO_FILE: Final = b"\0adopted"

# `systemd:` finds its socket by this process's id and environment, which are the parent's.
_BY_SYSTEMD: Final = re.compile(r"^(haproxy:)?systemd:.*")


def hold(ports: Iterable[IListeningPort]) -> list[int]:
    """Keep ports open without accepting anything; return their descriptors."""
    held: list[Any] = list(ports)
    for port in held:
        port.stopReading()
    return [port.fileno() for port in held]


def is_by_systemd(endpoint: str) -> bool:
    """Tell whether systemd has bound what an endpoint string names, and keeps it open."""
    return _BY_SYSTEMD.match(endpoint) is not None


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
        try:
            return _adopt(self._reactor, descriptor, factory, _SharedPort, _SharedUnixPort)
        finally:
            os.close(descriptor)


def adopt_alone(reactor: Any, descriptor: int, factory: IProtocolFactory) -> IListeningPort:
    """Listen at a socket that systemd has bound, and that this process alone accepts on.

    Args:
        reactor: Twisted's.
        descriptor: the socket's, which stays open: what is adopted is a duplicate.
        factory: makes the protocols.
    """
    port: Any = _adopt(reactor, descriptor, factory, tcp.Port, _AdoptedUnixPort)
    return port  # type: ignore[no-any-return]


def _adopt(
    reactor: Any, descriptor: int, factory: IProtocolFactory, tcp_port: Any, unix_port: Any
) -> IListeningPort:
    # As `reactor.adoptStreamPort` does, but for the kinds of port; and the family is the socket's.
    with socket.socket(fileno=os.dup(descriptor)) as found:
        family = found.family
    os.set_blocking(descriptor, False)
    if family == socket.AF_UNIX:
        port = unix_port._fromListeningDescriptor(reactor, descriptor, factory)  # noqa: SLF001
    else:
        port = tcp_port._fromListeningDescriptor(reactor, descriptor, family, factory)  # noqa: SLF001
    # Twisted listens anew; how many may wait has been said by who bound it, and is not made less.
    port.backlog = _AS_MANY_AS_THE_SYSTEM_ALLOWS
    port.startListening()
    return port  # type: ignore[no-any-return]


class _AdoptedUnixPort(unix.Port):
    """A Unix socket whose file is its binder's: its mode too, and it stays when this ends."""

    # Twisted would shut it down for all who have it, as it does not with TCP's.
    _shouldShutdown = False

    def startListening(self) -> None:
        """Listen, and leave the file's mode as it is; it may be another user's."""
        # Twisted changes the mode, and removes the file, by this name.
        self._bindPath = _NO_FILE
        super().startListening()


class _SharedPort(tcp.Port):
    """A port that leaves something for its neighbours."""

    numberAccepts = FEW

    def doRead(self) -> None:
        """Take a few of those who wait."""
        self.numberAccepts = FEW
        super().doRead()


class _SharedUnixPort(_AdoptedUnixPort):
    """The same for a Unix socket."""

    numberAccepts = FEW

    def doRead(self) -> None:
        """Take a few of those who wait."""
        self.numberAccepts = FEW
        super().doRead()
