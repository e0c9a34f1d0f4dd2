# SPDX-License-Identifier: MIT
"""Where the server listens: any Twisted endpoint, with certificates that can be read again.

Twisted's `ssl:` and `tls:` endpoints read their files once. Here each endpoint is given a reactor
that keeps what it made of them in a holder; reading again makes it anew from the same string and
puts it into the holder. Connections that are open keep what they were opened with. What puts TLS
around them is ours (`wsecho.tls`), whose modules are imported only where an endpoint asks for it.
"""

import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

from attrs import define, field
from twisted.internet import tcp
from twisted.internet.address import UNIXAddress
from twisted.internet.endpoints import _parse as _split
from twisted.internet.endpoints import _SystemdParser, _TCP6ServerParser, serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.protocols.haproxy import proxyEndpoint
from twisted.python.failure import Failure

from wsecho.app.cannot_listen import refuse_passwords, why_not
from wsecho.app.holders import FactoryHolder
from wsecho.app.reactors import HoldingReactor, RereadingReactor, TryingReactor
from wsecho.app.tls_layer import TlsLayer
from wsecho.config.config import ConfigError
from wsecho.lane.accepted import Accepted

_BACKLOG: Final = 1024
"""Connections that may wait to be accepted; the kernel's own bound may be lower."""
_NO_PORT: Final = "it does not answer at once"
_PROXIED: Final = "haproxy:"
_FOLDER: Final = "tls:"
# Else Twisted looks for them through its plugins, whose cache may not be written.
_PARSERS: Final[Mapping[str, Any]] = {"tcp6": _TCP6ServerParser, "systemd": _SystemdParser}


@define
class _Place:
    """One endpoint, and what it listens with."""

    endpoint: str
    port: IListeningPort
    holder: FactoryHolder | None
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
    _tls: TlsLayer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._tls = TlsLayer(self._reactor)

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
            reactor = HoldingReactor(self._reactor, factory, self._tls)
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
            self._listen(TryingReactor(self._reactor, factory, self._tls), endpoint)

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
    def end_of_certificates(self) -> float | None:
        """When the first of all certificates ends, Unix seconds; None where there are none."""
        holders = [place.holder for place in self._places if place.holder is not None]
        return min((end for holder in holders if (end := holder.end) is not None), default=None)

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
        rereading = RereadingReactor(self._reactor, self._factory, self._tls)
        self._listen(rereading, place.endpoint)
        place.holder.exchange(rereading.fresh)

    def _listen(self, reactor: Any, endpoint: str) -> IListeningPort:
        outcome: list[Any] = []
        try:
            refuse_passwords(endpoint)
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
