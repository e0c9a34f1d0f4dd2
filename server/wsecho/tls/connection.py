# SPDX-License-Identifier: MIT
"""A connection under TLS: a failed handshake is told, and each end begins with `close_notify`.

A peer that sees FIN without it cannot tell an end from a cut (RFC 8446 section 6.1). So nothing
that stands on such a connection gets at what is below it: Twisted's wrapper passes on whatever it
does not have itself, `loseWriteConnection` too, which would send a bare FIN.
"""

from typing import Any, Final

from OpenSSL.SSL import Error, WantReadError, ZeroReturnError
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from wsecho.server.peers import describe_peer
from wsecho.tls.failures import CUT, CUT_HERE, Failures, why

LINGER: Final = 5.0
"""Seconds, once FIN is sent, that a peer has to close as well."""

_MAX_AT_ONCE: Final = 1 << 15
# What TLS leaves to TCP. Flow control is TCP's, since a record that was read is passed on at once.
_PASSED_ON: Final = {
    *("pauseProducing", "resumeProducing"),
    *("setTcpNoDelay", "getTcpNoDelay", "setTcpKeepAlive", "getTcpKeepAlive"),
}


@implementer(IHalfCloseableProtocol)
class TlsConnection(BufferingTLSTransport):
    """Twisted's own, with ends as RFC 8446 wants them."""

    factory: Any
    transport: Any
    wrappedProtocol: Any
    _tlsConnection: Any
    _appSendBuffer: list[bytes]
    _has_come = False
    _is_told = False
    _is_half_closing = False
    _is_gone = False
    _has_peer_ended = False
    _has_fin_come = False
    _deadline: IDelayedCall | None = None

    def __getattr__(self, name: str) -> Any:
        """Pass on what TLS leaves to TCP, and nothing else."""
        if name not in _PASSED_ON:
            raise AttributeError(f"there is no {name} under TLS")
        return getattr(self.transport, name)

    # -- what the protocol above calls

    @property
    def beneath(self) -> Any:
        """The transport that carries it, to see how far that is, and for nothing else."""
        return self.transport

    def loseWriteConnection(self) -> None:
        """Send `close_notify` and FIN behind all that was written, and go on reading."""
        if self.disconnecting or self._is_half_closing or not self.connected:
            return
        self._aggregator.flush()
        if not self._handshakeDone and not self._appSendBuffer:
            # There is nothing to close yet.
            self.abortConnection()
            return
        self._is_half_closing = True
        self.write = _drop  # type: ignore[method-assign]
        if not self._appSendBuffer:
            self._shutdownTLS()

    def loseConnection(self) -> None:
        """Send `close_notify` and FIN behind all that was written; then the peer has a while."""
        if self._is_half_closing and not self.disconnecting:
            # All that has been sent already.
            self.disconnecting = True
            self.transport.loseConnection()
        else:
            super().loseConnection()

    def stopProducing(self) -> None:
        """End the connection: whoever stands on it reads no more."""
        self.loseConnection()

    def abortConnection(self) -> None:
        """Cut the connection."""
        if not self._handshakeDone and not self._lostTLSConnection:
            self._tell(CUT_HERE)
        super().abortConnection()

    # -- what Twisted's class calls of itself

    def dataReceived(self, data: bytes) -> None:
        """Decrypt, unless the connection only waits for its end."""
        self._has_come = True
        if not self._lostTLSConnection:
            super().dataReceived(data)

    def _shutdownTLS(self) -> None:
        """Send `close_notify`, and FIN behind it: nothing obliges us to wait for the peer's."""
        super()._shutdownTLS()
        if not self._aborted:
            self._send_fin()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        """End a connection whose TLS is over; an alert that says why gets to the peer first."""
        if reason is None:
            super()._tlsShutdownFinished(None)
            return
        explained = why(reason.value)
        if not self._handshakeDone:
            self._tell(explained)
        if self._reason is None:
            self._reason = Failure(CONNECTION_LOST) if explained == CUT else reason
        self._lostTLSConnection = True
        self._flushSendBIO()
        # To close now, while more may be on its way here, would make the kernel send a reset,
        # which takes the alert along.
        self._send_fin()
        self._begin_linger()

    def _flushSendBIO(self) -> None:
        # What answers the peer's end may have let TCP's end happen meanwhile.
        if self._tlsConnection is not None:
            super()._flushSendBIO()

    def _unbufferPendingWrites(self) -> None:
        super()._unbufferPendingWrites()
        if self._is_half_closing and not self._appSendBuffer and not self.disconnecting:
            self._shutdownTLS()

    def _flushReceiveBIO(self) -> None:
        """Hand over what was decrypted.

        As Twisted's, but that a peer may end its half before it has our answer, where the protocol
        knows of such ends (RFC 8446 section 6.1: they need not be answered at once).
        """
        while not self._lostTLSConnection:
            try:
                data = self._tlsConnection.recv(_MAX_AT_ONCE)
            except WantReadError:
                break
            except ZeroReturnError:
                self._peer_has_ended()
                break
            except Error:
                self._tlsShutdownFinished(Failure())
            else:
                if not self._aborted:
                    ProtocolWrapper.dataReceived(self, data)
        self._flushSendBIO()

    def _peer_has_ended(self) -> None:
        """The peer has sent `close_notify`."""
        if not self._may_go_on():
            self._shutdownTLS()
            self._tlsShutdownFinished(None)

    def _may_go_on(self) -> bool:
        """Tell a protocol that knows of half-closed connections that the peer says no more."""
        if self._has_peer_ended:
            return True
        is_open = self._handshakeDone and not (self.disconnecting or self._is_half_closing)
        listener = IHalfCloseableProtocol(self.wrappedProtocol, None) if is_open else None
        if listener is not None:
            self._has_peer_ended = True
            listener.readConnectionLost()
        return self._has_peer_ended

    def _send_fin(self) -> None:
        if self._is_gone:
            return
        if self._has_fin_come:
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    # -- what TCP calls

    def readConnectionLost(self) -> None:
        """The peer has sent FIN, behind `close_notify` or without it.

        What was written before we ended our own half goes out all the same.
        """
        self._has_fin_come = True
        if self.disconnecting or self._is_half_closing:
            if not self._appSendBuffer:
                self.transport.loseConnection()
        elif not self._may_go_on():
            self.transport.connectionLost(connectionDone)

    def writeConnectionLost(self) -> None:
        """FIN is sent: the peer's turn."""
        self._begin_linger()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell of a handshake that was cut midway, and then the protocol above."""
        self._is_gone = True
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        if not self._handshakeDone:
            self._tell(why(None))
        super().connectionLost(reason)

    def _begin_linger(self) -> None:
        if self._deadline is None and not self._is_gone:
            abort = self.transport.abortConnection
            self._deadline = self.factory._clock.callLater(LINGER, abort)  # noqa: SLF001

    def _tell(self, reason: str) -> None:
        # Whoever says nothing at all (a balancer that looks whether the port is open) has not
        # begun a handshake.
        if self._has_come and not self._is_told:
            self._is_told = True
            self.factory.failures.tell(describe_peer(self.getPeer()), reason)


class TlsFactory(TLSMemoryBIOFactory):
    """Puts TLS around each connection of a factory.

    Args:
        certificates: begins the connections.
        around: the factory.
        clock: times ends.
        failures: tells of handshakes that fail.
    """

    protocol = TlsConnection

    def __init__(
        self,
        certificates: IOpenSSLServerConnectionCreator,
        around: IProtocolFactory,
        clock: IReactorTime,
        failures: Failures,
    ) -> None:
        super().__init__(certificates, False, around, clock)
        self.certificates = certificates
        self.failures = failures


def take_over(factory: Any, failures: Failures) -> None:
    """Have connections end as ours do where somebody else's endpoint has put TLS around.

    Args:
        factory: what is to listen; only those of Twisted's TLS, among what it wraps, are changed.
        failures: tells of handshakes that fail.
    """
    while factory is not None:
        if isinstance(factory, TLSMemoryBIOFactory) and not isinstance(factory, TlsFactory):
            factory.protocol = TlsConnection
            factory.failures = failures  # type: ignore[attr-defined]
        factory = getattr(factory, "wrappedFactory", None)


def _drop(_data: bytes) -> None:
    """Nothing is sent behind the end."""
