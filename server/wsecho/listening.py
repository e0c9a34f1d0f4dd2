# SPDX-License-Identifier: MIT
"""Where the server listens: any Twisted endpoint, with certificates that can be read again.

Twisted's `ssl:` and `tls:` endpoints read their files once. Here each endpoint is given a reactor
that keeps what it made of them in a holder; reading again makes it anew from the same string and
puts it into the holder. Connections that are open keep what they were opened with.
"""

import socket
from ipaddress import ip_address
from typing import Any, Final

from attrs import define, field
from twisted.internet import tcp
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IOpenSSLContextFactory,
    IProtocolFactory,
)
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from wsecho.config import ConfigError
from wsecho.lane.accepted import Accepted

_BACKLOG: Final = 1024
"""Connections that may wait to be accepted; the kernel's own bound may be lower."""
_NO_PORT: Final = "it does not answer at once"


@implementer(IOpenSSLContextFactory)
class _FreshContext:
    """A context factory of pyOpenSSL's whose content can be exchanged."""

    def __init__(self, current: Any) -> None:
        self.current = current

    def getContext(self) -> Any:
        """Return the context for one connection."""
        return self.current.getContext()


@implementer(IProtocolFactory)
class _FreshFactory(Factory):
    """A factory around ours (TLS, PROXY) that can be exchanged."""

    noisy = False

    def __init__(self, current: Any) -> None:
        self.current = current
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
        self.current = fresh


class _Reactor:
    """A reactor that listens by holders.

    Args:
        reactor: the real one.
        factory: ours, which needs no holder.
    """

    def __init__(self, reactor: Any, factory: IProtocolFactory) -> None:
        self._reactor = reactor
        self._factory = factory
        self.holder: _FreshContext | _FreshFactory | None = None
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: Any, *args: Any, **kwargs: Any) -> IListeningPort:
        """Listen, by a holder where TLS or the PROXY protocol stands around our factory."""
        if factory is not self._factory:
            factory = self.holder = _FreshFactory(factory)
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
        """Listen with a certificate in a holder."""
        # Made now: a key that is not the certificate's own shows only here.
        contextFactory.getContext()
        self.holder = _FreshContext(contextFactory)
        listening: IListeningPort = self._reactor.listenSSL(
            port, factory, self.holder, *args, **kwargs
        )
        return listening


class _Rereading(_Reactor):
    """A reactor that listens nowhere, for an endpoint that is read a second time."""

    fresh: Any = None

    def listenTCP(self, port: int, factory: Any, *args: Any, **kwargs: Any) -> IListeningPort:
        """Keep the factory, which holds what was read."""
        self.fresh = factory
        return _Nowhere()

    def listenSSL(
        self,
        port: int,
        factory: Any,
        contextFactory: Any,  # noqa: N803
        *args: Any,
        **kwargs: Any,
    ) -> IListeningPort:
        """Keep the certificate."""
        contextFactory.getContext()
        self.fresh = contextFactory
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


@define
class _Place:
    """One endpoint, and what it listens with."""

    endpoint: str
    port: IListeningPort
    holder: _FreshContext | _FreshFactory | None


@define
class Listening:
    """All that is listened on.

    Args:
        reactor: Twisted's reactor.
        option: which names the endpoints, for complaints.
        reads_at_once: whether the factory's protocols look for their first bytes themselves, on
            connections that have nothing around them (`Accepted`).
    """

    _reactor: Any
    _option: str = "listen"
    _reads_at_once: bool = True
    _places: list[_Place] = field(factory=list)
    _factory: Any = field(default=None, init=False)

    @property
    def ports(self) -> list[IListeningPort]:
        """Every port."""
        return [place.port for place in self._places]

    def begin(self, endpoints: tuple[str, ...], factory: IProtocolFactory) -> None:
        """Listen at endpoints.

        Raises:
            ConfigError: a string is no endpoint, or its place is taken.
        """
        self._factory = factory
        for endpoint in endpoints:
            reactor = _Reactor(self._reactor, factory)
            port = self._listen(reactor, endpoint)
            _prepare(port, factory if self._reads_at_once else None)
            self._places.append(_Place(endpoint, port, reactor.holder))

    def reload(self) -> list[ConfigError]:
        """Read the certificates again; return what cannot be used, whose old stay in force."""
        complaints = []
        for place in self._places:
            try:
                self._reread(place)
            except ConfigError as error:
                complaints.append(error)
        return complaints

    @property
    def is_on_loopback(self) -> bool:
        """Whether some of it is loopback, and all the rest Unix sockets."""
        reaches = [_is_loopback(port) for port in self.ports]
        return True in reaches and False not in reaches

    @property
    def beyond(self) -> list[IListeningPort]:
        """The ports that other machines may reach."""
        return [port for port in self.ports if _is_loopback(port) is False]

    def _reread(self, place: _Place) -> None:
        if place.holder is None:
            return
        rereading = _Rereading(self._reactor, self._factory)
        self._listen(rereading, place.endpoint)
        if isinstance(place.holder, _FreshFactory):
            place.holder.exchange(rereading.fresh)
        else:
            place.holder.current = rereading.fresh

    def _listen(self, reactor: Any, endpoint: str) -> IListeningPort:
        outcome: list[Any] = []
        try:
            serverFromString(reactor, endpoint).listen(self._factory).addBoth(outcome.append)
        except Exception as error:  # noqa: BLE001  # endpoint parsers raise what they like
            raise ConfigError(self._option, endpoint, _one_line(error)) from None
        # Every stream endpoint in Twisted answers at once.
        port: Any = outcome[0] if outcome else Failure(RuntimeError(_NO_PORT))
        if isinstance(port, Failure):
            raise ConfigError(self._option, endpoint, _one_line(port.value)) from None
        return port  # type: ignore[no-any-return]  # Twisted's Deferred does not say what it holds


def _prepare(port: Any, factory: IProtocolFactory | None) -> None:
    """Set up what Twisted's endpoints have no words for.

    Args:
        port: a port, of any kind.
        factory: the one whose protocols read at once, None for none.

    A reconnect storm fills a queue of 50, their default, within a moment; who finds it full tries
    again after a second, and then after two.
    """
    if not isinstance(port, tcp.Port):
        return
    if port.backlog == tcp.Port.backlog:
        port.socket.listen(_BACKLOG)
    if port.socket.family in {socket.AF_INET, socket.AF_INET6}:
        # Connections inherit it. What is written here is whole messages, which need not wait.
        port.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if port.factory is factory:
            port.transport = Accepted


def _one_line(error: BaseException | None) -> str:
    if isinstance(error, CannotListenError):
        return f"cannot listen there: {error.socketError.strerror or error.socketError}"
    return " ".join(str(error).split()) or type(error).__name__


def _is_loopback(port: IListeningPort) -> bool | None:
    """Tell whether a port is on loopback; None for a Unix socket."""
    host = getattr(port.getHost(), "host", None)
    if host is None:
        return None
    try:
        # An empty host is every address.
        return ip_address(host).is_loopback
    except ValueError:
        return False
