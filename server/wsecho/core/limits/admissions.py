# SPDX-License-Identifier: MIT
"""How many connections there are, in all and of one address, and whether one more may come.

Those count that other nodes have told of too.

A connection takes its place when its socket opens, and then says whose it is: at once where the
socket's own address counts, else with each request that a trusted proxy forwards on it.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from attrs import define, field, frozen

from wsecho.core.wire.errors import OverLimit, TooMany

MAX_CONNECTIONS: Final = "max-connections"
MAX_PER_ADDRESS: Final = "max-connections-per-address"

LOCAL: Final = "local"
"""What all are counted as who come by a Unix socket: they have no addresses."""

_NETWORK_BITS: Final = 64


@frozen
class Counts:
    """What one node tells the others of its connections.

    Attributes:
        total: how many it has.
        by_address: how many some addresses have there; of the others nothing has changed.
    """

    total: int
    by_address: Mapping[str, int]


@define(eq=False)
class _Elsewhere:
    """What another node has told."""

    total: int = 0
    by_address: dict[str, int] = field(factory=dict)


@define(eq=False)
class Admissions:
    """Counts connections; whatever is one (a socket, a session without a socket) has a place.

    Args:
        most: connections in all, over all nodes; 0 for any number.
        most_per_address: connections of one address, over all nodes; 0 for any number.

    Attributes:
        most_here: connections that this node can have, whatever there are elsewhere; None for any
            number.
    """

    _most: int = 0
    _most_per_address: int = 0
    most_here: int | None = field(default=None, init=False)
    _taken: int = field(default=0, init=False)
    _told: int = field(default=0, init=False)
    _by_address: Counter[str] = field(factory=Counter, init=False)
    _elsewhere: dict[str, _Elsewhere] = field(factory=dict, init=False)
    _total_elsewhere: int = field(default=0, init=False)
    _changed: set[str] = field(factory=set, init=False)
    refused: Counter[str] = field(factory=Counter, init=False)
    """How often each limit was met, by its option's name."""

    def __len__(self) -> int:
        return self._taken

    def of(self, address: str) -> int:
        """Count the connections of an address."""
        return self._by_address[counted_as(address) or ""]

    @property
    def is_bounded(self) -> bool:
        """Whether it matters how many connections there are elsewhere."""
        return bool(self._most or self._most_per_address)

    def everything(self) -> Counts:
        """Return how many connections there are here."""
        self._told = self._taken
        return Counts(self._taken, dict(self._by_address) if self._most_per_address else {})

    def changes(self) -> Counts | None:
        """Return what has changed since it was asked last, None where nothing has."""
        if not self._changed and self._told == self._taken:
            return None
        changed, self._changed = self._changed, set()
        self._told = self._taken
        return Counts(self._taken, {key: self._by_address[key] for key in changed})

    def hear(self, node: str, counts: Counts) -> None:
        """Take note of how many connections another node has."""
        there = self._elsewhere.setdefault(node, _Elsewhere())
        self._total_elsewhere += counts.total - there.total
        there.total = counts.total
        for key, number in counts.by_address.items():
            if number > 0:
                there.by_address[key] = number
            else:
                there.by_address.pop(key, None)

    def keep_nodes(self, alive: AbstractSet[str]) -> None:
        """Forget what nodes have told that are gone."""
        for node in self._elsewhere.keys() - alive:
            self._total_elsewhere -= self._elsewhere.pop(node).total

    def enter(self) -> "Place":
        """Take a place for a connection of which nothing is known yet.

        Raises:
            OverLimit: there is none.
        """
        if self._is_full:
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

    @property
    def _is_full(self) -> bool:
        if self.most_here is not None and self._taken >= self.most_here:
            return True
        return bool(self._most) and self._taken + self._total_elsewhere >= self._most

    def _move(self, before: str | None, after: str | None) -> None:
        if after is not None:
            if self._most_per_address and self._count(after) >= self._most_per_address:
                self.refused[MAX_PER_ADDRESS] += 1
                raise TooMany("your address has as many connections as this server takes of one")
            self._by_address[after] += 1
            self._note(after)
        if before is not None:
            self._by_address[before] -= 1
            if not self._by_address[before]:
                del self._by_address[before]
            self._note(before)

    def _count(self, key: str) -> int:
        there = sum(told.by_address.get(key, 0) for told in self._elsewhere.values())
        return self._by_address[key] + there

    def _note(self, key: str) -> None:
        # Nobody reads them where addresses do not matter.
        if self._most_per_address:
            self._changed.add(key)

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
        key = counted_as(address)
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


def counted_as(address: str) -> str | None:
    """Return what an address is counted as in every limit; None where nothing is known of it.

    Args:
        address: as of `address_key`, or what this returned for it; empty where it is not known.
    """
    return (address_key(address) or LOCAL) if address else None


def address_key(address: str) -> str | None:
    """Return what an IP address is counted as, None where it is none (a Unix socket).

    An IPv6 address counts as its network of 64 bits: whoever has one address there has them all.

    Args:
        address: with or without a port, or what this returned for it.
    """
    return _host_key(without_port(address.removesuffix(f"/{_NETWORK_BITS}")))


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


def without_port(address: str) -> str:
    """Return the address alone of one that may have a port."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, _, port = address.rpartition(":")
    return host if port and ":" not in host and host else address
