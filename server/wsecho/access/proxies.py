# SPDX-License-Identifier: MIT
"""What trusted proxies say of a request: `Forwarded` (RFC 7239) and the `X-Forwarded-` family.

Only a proxy in one of the `--proxy` networks is believed, or with `--proxy unix` one that comes by
a Unix socket, hop by hop from the right: the client is the first hop that is no such proxy. What
stands left of it is the client's own invention.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal, Self

from attrs import frozen

from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest

_Address = IPv4Address | IPv6Address

_HOST_AND_PORT: Final = re.compile(r"(?P<v6>\[[^\[\]]*\])?(?P<host>[^:\[\]]*)(?::\d{1,5})?")
# A list's members, and in one of them its parameters: separators within quotes do not count.
_ELEMENT: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
_PAIR: Final = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=([^\s",;]*|"(?:[^"\\]|\\.)*")\s*')
_PARAMETER: Final = re.compile(r'(?:[^";]|"(?:[^"\\]|\\.)*")+')


@frozen
class Sender:
    """Where a request came from, and what it was sent to.

    Attributes:
        address: the client's, as logs and limits know it; without a port where a proxy told it.
        host: what the client wrote as `Host`, None where it did not.
        is_secure: whether the client came by TLS, as far as a proxy says so.
        by_proxy: whether a trusted proxy passed it on.
    """

    address: str
    host: str | None
    is_secure: bool = False
    by_proxy: bool = False


@frozen
class Proxies:
    """The proxies that are believed.

    Args:
        networks: where they are.
        local: whether whoever comes by a Unix socket is one.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    local: bool = False

    @classmethod
    def of(cls, places: Iterable[IPv4Network | IPv6Network | Literal["unix"]]) -> Self:
        """Take what `--proxy` says."""
        networks = tuple(place for place in places if place != "unix")
        return cls(networks, "unix" in places)

    def trust(self, peer: str) -> bool:
        """Tell whether whoever is at the other end of a connection is a proxy that is believed.

        Args:
            peer: its address, with or without a port; what is none is a Unix socket.
        """
        if not self.networks and not self.local:
            # Where nobody is, as by default, nobody's address is read.
            return False
        address = host_address(peer)
        return self.local if address is None else self._trusts(address)

    def sender(self, head: RequestHead, peer: str) -> Sender:
        """Find out who sent a request.

        Args:
            head: the request.
            peer: the address at the other end of the connection, with or without a port.

        Raises:
            BadRequest: a header stands twice, or a trusted proxy passes on two stories.
        """
        host = head.one("host")
        if not self.trust(peer):
            return Sender(peer, host)
        elements = _read_forwarded(head.all("forwarded"))
        hops = head.tokens("x-forwarded-for")
        told = [element.get("for", "") for element in elements]
        if elements and hops and [_bare(hop) for hop in told] != [_bare(hop) for hop in hops]:
            raise BadRequest(
                "Forwarded and X-Forwarded-For disagree: have the proxy drop the one that it "
                "does not write"
            )
        if elements:
            return self._by_forwarded(elements, peer, host)
        return self._by_family(head, hops, peer, host)

    def _by_forwarded(
        self, elements: list[Mapping[str, str]], peer: str, host: str | None
    ) -> Sender:
        address, taken = self._client([element.get("for", "") for element in elements], peer)
        element = elements[-taken] if taken else elements[-1]
        secure = element.get("proto", "").lower() in {"https", "wss"}
        return Sender(address, element.get("host", host), secure, by_proxy=True)

    def _by_family(self, head: RequestHead, hops: list[str], peer: str, host: str | None) -> Sender:
        hosts = head.tokens("x-forwarded-host")
        schemes = head.tokens("x-forwarded-proto")
        address, _ = self._client(hops, peer)
        # Each proxy adds at the end, so the name that the client used comes first.
        return Sender(
            address,
            hosts[0] if hosts else host,
            bool(schemes) and schemes[0].lower() in {"https", "wss"},
            by_proxy=bool(hops or hosts or schemes),
        )

    def _client(self, hops: list[str], peer: str) -> tuple[str, int]:
        """Walk from the right to the first hop that is no proxy; tell how many were taken."""
        address, taken = peer, 0
        for hop in reversed(hops):
            found = host_address(hop)
            if found is None:
                # `unknown`, an obfuscated name, or nonsense: whoever told it is the last known.
                break
            address, taken = str(found), taken + 1
            if not self._trusts(found):
                break
        return address, taken

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self.networks)


def host_address(text: str) -> _Address | None:
    """Read an IP address, with a port or without one; None where it is none.

    An IPv4 address that came by an IPv6 socket is the IPv4 address.
    """
    try:
        address = ip_address(_bare(text))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _bare(text: str) -> str:
    """Cut brackets and a port off."""
    match = _HOST_AND_PORT.fullmatch(text.strip())
    if match is None or (match["v6"] and match["host"]):
        return text.strip()
    return match["v6"][1:-1] if match["v6"] else match["host"]


def _read_forwarded(values: Iterable[str]) -> list[Mapping[str, str]]:
    """Read the elements of all `Forwarded` lines; one that is malformed says nothing."""
    return [
        _read_element(element) for value in values for element in _ELEMENT.findall(value) if element
    ]


def _read_element(element: str) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for parameter in _PARAMETER.findall(element):
        match = _PAIR.fullmatch(parameter)
        if match is None or match[1].lower() in pairs:
            return {}
        value = match[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        pairs[match[1].lower()] = value
    return pairs
