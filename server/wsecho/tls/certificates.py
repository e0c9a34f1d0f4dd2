# SPDX-License-Identifier: MIT
"""The certificates that a port shows, and the protocol that it chooses (ALPN, RFC 7301).

Twisted answers a client's offer of protocols with an empty name where its own factory names none,
and OpenSSL ends such a handshake as a fault of its own. Here each context is given our answer
before it is used for the first time.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

from OpenSSL.crypto import X509
from OpenSSL.SSL import Connection, Error
from twisted.internet.interfaces import IOpenSSLContextFactory, IOpenSSLServerConnectionCreator
from twisted.protocols._sni import PEMObjects
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.filepath import FilePath
from zope.interface import implementer

from wsecho.tls.validity import end_of

SPOKEN: Final = (b"http/1.1", b"http/1.0")
"""What is spoken, by its names in ALPN (RFC 7301 section 6), the preferred first.

`curl --http1.0` offers just the second. HTTP/2 is not spoken: it has no upgrades.
"""

_NOTHING: Final = "no certificate in this folder has its key there and is for a name (dNSName)"


class NoCommonProtocolError(Error):
    """A client offers protocols by ALPN, and HTTP/1 is none of them."""


@implementer(IOpenSSLServerConnectionCreator)
class OneCertificate:
    """What an `ssl:` endpoint shows.

    Args:
        source: as Twisted's parser has made it.

    Attributes:
        end: when it ends, Unix seconds.

    Raises:
        OpenSSL.SSL.Error: the key is not the certificate's own.
    """

    def __init__(self, source: IOpenSSLContextFactory) -> None:
        self.end = end_of(_shown(source))
        self._context = source.getContext()
        self._context.set_alpn_select_callback(_choose_protocol)

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> Connection:
        """Begin a connection."""
        return Connection(self._context)


@implementer(IOpenSSLServerConnectionCreator)
class Folder:
    """What a `tls:` endpoint shows: by the name that a client asks for (SNI, RFC 6066 section 3).

    All is read now. Twisted's own reads the folder again for each name that is not there, and
    writes that name into the log, however often a stranger asks.

    Args:
        path: a folder whose files `*.pem` have certificates and keys.

    Attributes:
        end: when the first of them ends, Unix seconds.

    Raises:
        ValueError: there is no certificate that can be shown.
        OpenSSL.SSL.Error: a file is no PEM.
    """

    def __init__(self, path: str) -> None:
        if not os.path.isdir(path):  # noqa: PTH112  # as it is written
            raise ValueError(f"there is no folder {path}")
        found = PEMObjects.fromDirectory(FilePath(path)).inferDomainMapping()
        if not found:
            raise ValueError(_NOTHING)
        self.end = end_of({one for options in found.values() for one in _shown(options)})
        self._contexts = {
            name.lower().encode(): options.getContext() for name, options in found.items()
        }
        for context in set(self._contexts.values()):
            context.set_alpn_select_callback(_choose_protocol)
            context.set_tlsext_servername_callback(self._choose_certificate)
        self._default = next(iter(self._contexts.values()))

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> Connection:
        """Begin a connection; whoever asks for no name, or an unknown one, is shown the first."""
        return Connection(self._default)

    def _choose_certificate(self, connection: Connection) -> None:
        name = (connection.get_servername() or b"").lower()
        anything = b"*." + name.partition(b".")[2]
        context = self._contexts.get(name) or self._contexts.get(anything)
        if context is not None:
            connection.set_context(context)


def _shown(options: Any) -> list[X509]:
    return [options.certificate, *(options.extraCertChain or ())]


def _choose_protocol(_connection: Connection, offered: Sequence[bytes]) -> bytes:
    for name in SPOKEN:
        if name in offered:
            return name
    # What is raised here ends the handshake with the alert that RFC 7301 section 3.2 asks for,
    # `no_application_protocol`.
    raise NoCommonProtocolError([])
