# SPDX-License-Identifier: MIT
"""TLS around factories; what it needs is imported only where an endpoint asks for it."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from attrs import define
from twisted.internet.endpoints import TCP6ServerEndpoint
from twisted.internet.interfaces import IOpenSSLContextFactory, IProtocolFactory


class TlsLayer:
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
