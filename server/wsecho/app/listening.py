# SPDX-License-Identifier: MIT
"""Where the server listens: any Twisted endpoint, with certificates that can be read again.

Twisted's `ssl:` and `tls:` endpoints read their files once. Here each endpoint is given a reactor
that keeps what it made of them in a holder; reading again makes it anew from the same string and
puts it into the holder. Connections that are open keep what they were opened with. What puts TLS
around them is ours (`wsecho.tls`), whose modules are imported only where an endpoint asks for it.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EACCES, EADDRINUSE, ENOENT
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Final

from attrs import define, field
from twisted.internet import tcp
from twisted.internet.address import UNIXAddress
from twisted.internet.endpoints import (
    TCP6ServerEndpoint,
    _SystemdParser,
    _TCP6ServerParser,
    serverFromString,
)
from twisted.internet.endpoints import _parse as _split
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IListeningPort,
    IOpenSSLContextFactory,
    IProtocolFactory,
)
from twisted.internet.protocol import Factory
from twisted.protocols.haproxy import proxyEndpoint
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper, HAProxyWrappingFactory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from wsecho.app.cannot_listen import why_not
from wsecho.app.sharing import adopt_alone
from wsecho.config.config import ConfigError
from wsecho.lane.accepted import Accepted

_BACKLOG: Final = 1024
"""Connections that may wait to be accepted; the kernel's own bound may be lower."""
_NO_PORT: Final = "it does not answer at once"
_PROXIED: Final = "haproxy:"
_FOLDER: Final = "tls:"
# Else Twisted looks for them through its plugins, whose cache may not be written.
_PARSERS: Final[Mapping[str, Any]] = {"tcp6": _TCP6ServerParser, "systemd": _SystemdParser}


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
class _FreshFactory(Factory):
    """A factory around ours (TLS, PROXY) that can be exchanged."""

    noisy = False

    def __init__(self, current: Any) -> None:
        self.current = _let_half_close(current)
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
        self.current = _let_half_close(fresh)


def _let_half_close(factory: Any) -> Any:
    """Have a client behind a PROXY line be heard that closes its half."""
    around = factory
    while around is not None:
        if isinstance(around, HAProxyWrappingFactory):
            around.protocol = _Proxied  # type: ignore[assignment]  # it is one, of a kind
        around = getattr(around, "wrappedFactory", None)
    return factory


class _Reactor:
    """A reactor that listens by holders.

    Args:
        reactor: the real one.
        factory: ours, which needs no holder.
        tls: puts TLS around a factory.
    """

    def __init__(self, reactor: Any, factory: IProtocolFactory, tls: "_Tls") -> None:
        self._reactor = reactor
        self._factory = factory
        self._tls = tls
        self.holder: _FreshFactory | None = None
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: Any, *args: Any, **kwargs: Any) -> IListeningPort:
        """Listen, by a holder where TLS or the PROXY protocol stands around our factory."""
        if factory is not self._factory:
            self._tls.take_over(factory)
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
        """Listen with TLS of our own."""
        return self.listenTCP(port, self._tls.around(factory, contextFactory), *args, **kwargs)

    def adoptStreamPort(self, descriptor: int, _family: int, factory: Any) -> IListeningPort:
        """Listen at a socket of systemd's; there are no certificates around it to be read."""
        return adopt_alone(self._reactor, descriptor, _let_half_close(factory))


class _Rereading(_Reactor):
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


class _Trying(_Rereading):
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


class _Tls:
    """Puts TLS around factories.

    Args:
        reactor: the clock.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    @cached_property
    def _failures(self) -> Any:
        # All ports' together: a log that drowns does so whichever the port is.
        from wsecho.tls.failures import Failures  # noqa: PLC0415

        return Failures(self._reactor)

    def around(self, factory: Any, certificate: IOpenSSLContextFactory) -> IProtocolFactory:
        """Show one certificate, as Twisted's parser of `ssl:` has read it."""
        # They need pyOpenSSL, which is an extra.
        from wsecho.tls.certificates import OneCertificate  # noqa: PLC0415
        from wsecho.tls.connection import TlsFactory  # noqa: PLC0415

        return TlsFactory(OneCertificate(certificate), factory, self._reactor, self._failures)

    def endpoint(
        self, reactor: Any, path: str, port: str = "443", backlog: str = "50", interface: str = "::"
    ) -> Any:
        """Make a `tls:` endpoint, whose parameters are those of Twisted's."""
        from wsecho.tls.certificates import Folder  # noqa: PLC0415
        from wsecho.tls.connection import TlsFactory  # noqa: PLC0415

        below = TCP6ServerEndpoint(reactor, int(port), int(backlog), interface)
        folder = Folder(path)
        return _Around(
            below, lambda factory: TlsFactory(folder, factory, self._reactor, self._failures)
        )

    def take_over(self, factory: Any) -> None:
        """Make TLS that some other endpoint has put around a factory end as ours does."""
        with suppress(ImportError):
            from wsecho.tls.connection import take_over  # noqa: PLC0415

            take_over(factory, self._failures)


@define
class _Around:
    """An endpoint with something around the protocols of another."""

    _below: Any
    _wrap: Callable[[Any], IProtocolFactory]

    def listen(self, factory: Any) -> Any:
        """Listen where the other does."""
        return self._below.listen(self._wrap(factory))


@define
class _Place:
    """One endpoint, and what it listens with."""

    endpoint: str
    port: IListeningPort
    holder: _FreshFactory | None
    is_on_loopback: bool | None


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
    _tls: _Tls = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._tls = _Tls(self._reactor)

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
            reactor = _Reactor(self._reactor, factory, self._tls)
            port = self._listen(reactor, endpoint)
            _prepare(port, factory if self._reads_at_once else None)
            # Asked now: once it is closed, a port does not know where it was.
            self._places.append(_Place(endpoint, port, reactor.holder, _is_loopback(port)))

    def check(self, endpoints: tuple[str, ...], factory: IProtocolFactory) -> None:
        """See that endpoints can be read, with their certificates, and had; listen nowhere.

        Whether somebody listens there already is not looked at: it may be the server that this
        one is for the place of.

        Raises:
            ConfigError: one cannot be used.
        """
        self._factory = factory
        for endpoint in endpoints:
            self._listen(_Trying(self._reactor, factory, self._tls), endpoint)

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
        reaches = [place.is_on_loopback for place in self._places]
        return True in reaches and False not in reaches

    @property
    def urls(self) -> list[str | None]:
        """Where a browser on this machine finds each port; None for what it cannot reach."""
        return [_url(place.endpoint, place.port) for place in self._places]

    @property
    def beyond(self) -> list[IListeningPort]:
        """The ports that other machines may reach."""
        return [place.port for place in self._places if place.is_on_loopback is False]

    @property
    def without_addresses(self) -> list[IListeningPort]:
        """The Unix sockets whose clients have no addresses: no PROXY protocol tells them."""
        return [
            place.port
            for place in self._places
            if isinstance(place.port.getHost(), UNIXAddress)
            and not place.endpoint.startswith(_PROXIED)
        ]

    def _reread(self, place: _Place) -> None:
        if place.holder is None:
            return
        rereading = _Rereading(self._reactor, self._factory, self._tls)
        self._listen(rereading, place.endpoint)
        place.holder.exchange(rereading.fresh)

    def _listen(self, reactor: Any, endpoint: str) -> IListeningPort:
        outcome: list[Any] = []
        try:
            self._parse(reactor, endpoint).listen(self._factory).addBoth(outcome.append)
        except Exception as error:  # noqa: BLE001  # endpoint parsers raise what they like
            raise ConfigError(self._option, endpoint, why_not(endpoint, error)) from None
        # Every stream endpoint in Twisted answers at once.
        port: Any = outcome[0] if outcome else Failure(RuntimeError(_NO_PORT))
        if isinstance(port, Failure):
            raise ConfigError(self._option, endpoint, why_not(endpoint, port.value)) from None
        return port  # type: ignore[no-any-return]  # Twisted's Deferred does not say what it holds

    def _parse(self, reactor: Any, endpoint: str) -> Any:
        """Read an endpoint string; Twisted reads those of `tls:` otherwise than we do."""
        if endpoint.startswith(_PROXIED):
            return proxyEndpoint(self._parse(reactor, endpoint.removeprefix(_PROXIED)))
        arguments, options = _split(endpoint)
        if endpoint.startswith(_FOLDER):
            return self._tls.endpoint(reactor, *arguments[1:], **options)
        parser = _PARSERS.get(arguments[0])
        if parser is not None:
            return parser().parseStreamServer(reactor, *arguments[1:], **options)
        return serverFromString(reactor, endpoint)


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


def _url(endpoint: str, port: IListeningPort) -> str | None:
    """Return where a browser on this machine finds a port; None for what it cannot reach."""
    host: Any = port.getHost()
    address = getattr(host, "host", None)
    if address is None or endpoint.startswith(_PROXIED):
        return None
    if address in {"", "0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
        address = "[::1]" if address == "::" else "127.0.0.1"
    elif ":" in address:
        address = f"[{address}]"
    scheme = "https" if endpoint.startswith(("ssl:", _FOLDER)) else "http"
    return f"{scheme}://{address}:{host.port}/"


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
