# SPDX-License-Identifier: MIT
"""How many connections there are, in all and of one address, and whether one more may come.

A connection takes its place when its socket opens, and then says whose it is: at once where the
socket's own address counts, else with each request that a trusted proxy forwards on it.
"""

from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from attrs import define, field

from wsecho.core.errors import OverLimit, TooMany

MAX_CONNECTIONS: Final = "max-connections"
MAX_PER_ADDRESS: Final = "max-connections-per-address"

_NETWORK_BITS: Final = 64


@define(eq=False)
class Admissions:
    """Counts connections; whatever is one (a socket, a session without a socket) has a place.

    Args:
        most: connections in all; 0 for any number.
        most_per_address: connections of one address; 0 for any number.
    """

    _most: int = 0
    _most_per_address: int = 0
    _taken: int = field(default=0, init=False)
    _by_address: Counter[str] = field(factory=Counter, init=False)
    refused: Counter[str] = field(factory=Counter, init=False)
    """How often each limit was met, by its option's name."""

    def __len__(self) -> int:
        return self._taken

    def of(self, address: str) -> int:
        """Count the connections of an address."""
        return self._by_address[address_key(address) or ""]

    def enter(self) -> "Place":
        """Take a place for a connection of which nothing is known yet.

        Raises:
            OverLimit: there is none.
        """
        if self._most and self._taken >= self._most:
            self.refused[MAX_CONNECTIONS] += 1
            raise OverLimit("there are as many connections as this server takes")
        self._taken += 1
        return Place(self)

    def admit(self, address: str) -> "Place":
        """Take a place for a connection of an address.

        Raises:
            OverLimit: there is none at all.
            TooMany: there is none for that address.
        """
        place = self.enter()
        try:
            place.belongs_to(address)
        except TooMany:
            place.leave()
            raise
        return place

    def _move(self, before: str | None, after: str | None) -> None:
        if after is not None:
            if self._most_per_address and self._by_address[after] >= self._most_per_address:
                self.refused[MAX_PER_ADDRESS] += 1
                raise TooMany("your address has as many connections as this server takes of one")
            self._by_address[after] += 1
        if before is not None:
            self._by_address[before] -= 1
            if not self._by_address[before]:
                del self._by_address[before]

    def _leave(self, key: str | None) -> None:
        self._taken -= 1
        self._move(key, None)


@define(eq=False)
class Place:
    """One connection's place. Made by `Admissions`."""

    _admissions: Admissions
    _key: str | None = field(default=None, init=False)
    _left: bool = field(default=False, init=False)
    _address: str | None = field(default=None, init=False)

    def belongs_to(self, address: str) -> None:
        """Say whose the connection is, now: a proxy's carries one request after another.

        Raises:
            TooMany: that address has too many; the place stays whose it was.
        """
        # The socket says it, and then its only request.
        if address == self._address:
            return
        key = address_key(address)
        if key != self._key and not self._left:
            self._admissions._move(self._key, key)  # noqa: SLF001  # its other half
            self._key = key
        self._address = address

    def another(self) -> "Place":
        """Take a further place for the same client.

        Raises:
            OverLimit: there is none at all.
            TooMany: there is none for its address.
        """
        return self._admissions.admit(self._key or "")

    def leave(self) -> None:
        """Free the place; to do so again does no harm."""
        if not self._left:
            self._left = True
            self._admissions._leave(self._key)  # noqa: SLF001  # its other half


def address_key(address: str) -> str | None:
    """Return what an address is counted as, None where it is no IP address (a Unix socket).

    An IPv6 address counts as its network of 64 bits: whoever has one address there has them all.

    Args:
        address: with or without a port, or what this returned for it.
    """
    return _host_key(_without_port(address.removesuffix(f"/{_NETWORK_BITS}")))


@lru_cache(maxsize=4096)
def _host_key(host: str) -> str | None:
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return f"{IPv6Address(int(ip) >> _NETWORK_BITS << _NETWORK_BITS)}/{_NETWORK_BITS}"


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, _, port = address.rpartition(":")
    return host if port and ":" not in host and host else address
