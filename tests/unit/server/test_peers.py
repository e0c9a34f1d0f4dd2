# SPDX-License-Identifier: MIT
"""How peers are named."""

from typing import Any

import pytest
from attrs import frozen
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from wsecho.server.peers import ToldPeer, describe_peer, peer_name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (IPv4Address("TCP", "192.0.2.1", 80), "192.0.2.1:80"),
        (IPv6Address("TCP", "2001:db8::1", 80), "[2001:db8::1]:80"),
        (UNIXAddress("/run/x.sock"), "/run/x.sock"),
        (UNIXAddress(b"/run/\xff"), "/run/\udcff"),
        (UNIXAddress(None), "a local socket"),
        (ToldPeer("192.0.2.1"), "192.0.2.1"),
        (None, "a local socket"),
    ],
)
def test_an_address_is_written_as_in_a_url(address: Any, name: str) -> None:
    """RFC 3986 section 3.2.2: IPv6 in brackets."""
    assert describe_peer(address) == name


@frozen
class Transport:
    """A transport from an address."""

    address: Any

    def getPeer(self) -> Any:
        """Who is at the other end."""
        return self.address


@frozen
class Connection:
    """A connection on a transport."""

    transport: Transport


@frozen
class Wrapper(Transport):
    """What stands on another transport, and knows better."""

    transport: Transport


CLIENT = IPv4Address("TCP", "192.0.2.1", 1)
PROXY = IPv4Address("TCP", "10.0.0.1", 2)


def test_who_knows_better_is_asked() -> None:
    """The PROXY protocol's wrapper says who came, its transport who brought it."""
    assert peer_name(Connection(Transport(PROXY))) == "10.0.0.1:2"
    assert peer_name(Wrapper(CLIENT, Transport(PROXY))) == "192.0.2.1:1"


@pytest.mark.parametrize("name", [None, "10.0.0.1:80", "/tmp/x"])
def test_a_unix_socket_does_not_name_itself(name: str | None) -> None:
    """A client binds its own to what it likes."""
    assert peer_name(Transport(UNIXAddress(name))) == "a local socket"
