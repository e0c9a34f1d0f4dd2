# SPDX-License-Identifier: MIT
"""Reactors in place of Twisted's: one that holds, one that reads again, one that only tries."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTCP, IReactorUNIX
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory

from wsecho.app.holders import FactoryHolder
from wsecho.app.reactors import HoldingReactor, RereadingReactor, TryingReactor
from wsecho.app.tls_layer import TlsLayer

REACTORS = [HoldingReactor, RereadingReactor, TryingReactor]


def made(kind: type[HoldingReactor]) -> tuple[Any, MemoryReactorClock, Any]:
    """A reactor of a kind, around one in memory, and the factory that is ours."""
    real, ours = MemoryReactorClock(), Factory.forProtocol(Protocol)
    return kind(real, ours, TlsLayer(real)), real, ours


@pytest.mark.parametrize("kind", REACTORS)
def test_they_do_all_that_the_real_one_does(kind: type[HoldingReactor]) -> None:
    """Endpoints look at what a reactor provides."""
    reactor, real, _ = made(kind)
    assert reactor.callLater == real.callLater
    assert [each.providedBy(reactor) for each in (IReactorTCP, IReactorUNIX)] == [True, True]


def test_a_holder_stands_around_what_is_not_ours() -> None:
    """Our own factory is never exchanged."""
    reactor, real, ours = made(HoldingReactor)
    reactor.listenTCP(1, ours)
    assert not reactor.holder
    around = HAProxyWrappingFactory(ours)
    reactor.listenTCP(2, around)
    assert [type(factory) for _, factory, *_ in real.tcpServers] == [Factory, FactoryHolder]
    assert reactor.holder.current is around


@pytest.mark.parametrize("kind", [RereadingReactor, TryingReactor])
def test_they_listen_nowhere(kind: type[HoldingReactor], tmp_path: Path) -> None:
    """What endpoints do with a port can be done with none."""
    reactor, real, ours = made(kind)
    for port in (
        reactor.listenTCP(0, ours, interface="127.0.0.1"),
        reactor.adoptStreamPort(99, socket.AF_INET, ours),
    ):
        port.startListening()
        assert port.getHost() is None
        port.stopListening()
    if kind is TryingReactor:
        reactor.listenUNIX(str(tmp_path / "socket"), ours)
    assert not real.tcpServers
    assert not real.unixServers
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_again_is_kept() -> None:
    """It is put into the holder later, once all of it is known to be good."""
    reactor, _, ours = made(RereadingReactor)
    around = HAProxyWrappingFactory(ours)
    reactor.listenTCP(1, around)
    assert reactor.fresh is around
    reactor.adoptStreamPort(99, socket.AF_INET, ours)
    assert reactor.fresh is ours


def test_an_address_of_nobodys_is_tried_and_a_taken_one_is_not_complained_of() -> None:
    """The server that is to be replaced has it."""
    reactor, _, ours = made(TryingReactor)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        reactor.listenTCP(taken.getsockname()[1], ours, interface="127.0.0.1")
    # An address for documentation (RFC 5737), which no machine has.
    with pytest.raises(CannotListenError, match=r"192\.0\.2\.1"):
        reactor.listenTCP(0, ours, interface="192.0.2.1")


def test_the_folder_of_a_socket_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is missing, and one that may not be written to."""
    reactor, _, ours = made(TryingReactor)
    with pytest.raises(CannotListenError, match="No such file"):
        reactor.listenUNIX(str(tmp_path / "missing" / "socket"), ours)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CannotListenError, match="Permission denied"):
        reactor.listenUNIX(str(tmp_path / "socket"), ours)
