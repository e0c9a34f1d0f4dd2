# SPDX-License-Identifier: MIT
"""What proxies say: believed from trusted ones only, hop by hop."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.access.proxies import Proxies, Sender, host_address
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest

PROXIES = Proxies((ip_network("10.0.0.0/8"), ip_network("::1"), ip_network("2001:db8:f::/48")))
NEAR = "10.0.0.1:5000"


def sender(peer: str = NEAR, **headers: str | list[str]) -> Sender:
    """Who sent a request with these headers."""
    fields = [("host", "inner")]
    for name, values in headers.items():
        field = name.replace("_", "-")
        fields += [(field, value) for value in ([values] if isinstance(values, str) else values)]
    return PROXIES.sender(RequestHead("GET", "/", "1.1", tuple(fields)), peer)


@pytest.mark.parametrize("peer", ["192.0.2.1:80", "[2001:db8::1]:80", "a local socket", ""])
def test_nobody_else_is_believed(peer: str) -> None:
    """The peer is the client, whatever it says."""
    told = sender(peer, x_forwarded_for="1.2.3.4", x_forwarded_host="own", forwarded="for=1.2.3.4")
    assert told == Sender(peer, "inner")


LOCAL = Proxies.of([ip_network("10.0.0.0/8"), "unix"])


@pytest.mark.parametrize("proxies", [LOCAL, Proxies.of(["unix"])])
def test_a_proxy_that_comes_by_a_unix_socket(proxies: Proxies) -> None:
    """Is believed where that was said; who else comes is not."""
    head = RequestHead("GET", "/", "1.1", (("host", "inner"), ("x-forwarded-for", "192.0.2.1")))
    told = proxies.sender(head, "a local socket")
    assert told == Sender("192.0.2.1", "inner", by_proxy=True)
    assert proxies.sender(head, "192.0.2.7:80") == Sender("192.0.2.7:80", "inner")
    assert proxies.trust("a local socket")
    assert not proxies.trust("192.0.2.7:80")


def test_a_chain_that_ends_at_a_unix_socket() -> None:
    """The hops before it are looked at as any."""
    head = RequestHead("GET", "/", "1.1", (("x-forwarded-for", "6.6.6.6, 192.0.2.1, 10.0.0.1"),))
    assert LOCAL.sender(head, "a local socket").address == "192.0.2.1"


def test_a_proxy_that_says_nothing_is_the_client() -> None:
    """It asks for itself, as for its health checks."""
    assert sender() == Sender(NEAR, "inner")


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        # What a client makes up stands to the left of what the proxies saw.
        ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("unknown, 10.2.2.2", "10.2.2.2"),
        ("unknown", NEAR),
        ("<script>", NEAR),
        ("203.0.113.7, nonsense", NEAR),
    ],
)
def test_the_rightmost_hop_that_is_no_proxy(told: str, client: str) -> None:
    """In either header, on one line or on several."""
    assert sender(x_forwarded_for=told).address == client
    assert sender(x_forwarded_for=told.split(", ")).address == client
    elements = [f'for="{hop}"' for hop in told.split(", ")]
    assert sender(forwarded=", ".join(elements)).address == client
    assert sender(forwarded=elements).address == client


def test_a_mapped_address_is_the_proxy_too() -> None:
    """An IPv6 socket shows IPv4 peers so."""
    assert sender("[::ffff:10.0.0.1]:80", x_forwarded_for="1.2.3.4").address == "1.2.3.4"


def test_host_and_scheme() -> None:
    """Of the hop that the client came to."""
    family = sender(x_forwarded_for="1.2.3.4", x_forwarded_host="a:1, b", x_forwarded_proto="https")
    assert family == Sender("1.2.3.4", "a:1", is_secure=True, by_proxy=True)
    one = 'for=1.1.1.1;host=made-up, FOR="1.2.3.4:5" ; Host="a:1";proto=HTTPS;by=x, for=10.3.3.3'
    assert sender(forwarded=one) == family
    assert sender(x_forwarded_proto="http") == Sender(NEAR, "inner", by_proxy=True)
    assert sender(forwarded="for=1.2.3.4") == Sender("1.2.3.4", "inner", by_proxy=True)


def test_quotes_hide_separators() -> None:
    """RFC 7239 section 4: a value may be a quoted string."""
    told = r'for="_a,b;c=\"d";host="x\,y", for=1.2.3.4;host=z'
    assert sender(forwarded=told) == Sender("1.2.3.4", "z", by_proxy=True)


@pytest.mark.parametrize("told", ["for", "for=1.2.3.4;for=5.6.7.8", '"', "for=1 2", "for=[::7"])
def test_a_malformed_element_says_nothing(told: str) -> None:
    """And ends the walk."""
    assert sender(forwarded=f"for=1.1.1.1, {told}").address == NEAR


def test_two_stories_are_refused() -> None:
    """A proxy writes one header and lets the client's own other one through."""
    with pytest.raises(BadRequest, match="disagree"):
        sender(forwarded="for=6.6.6.6", x_forwarded_for="1.2.3.4")
    same = sender(forwarded='for="1.2.3.4:80"', x_forwarded_for="1.2.3.4")
    assert same.address == "1.2.3.4"


@given(
    st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)), st.text()
)
def test_any_header_names_an_address(forwarded: str, told: str, peer: str) -> None:
    """No header ends in a traceback, and what comes out is an address, or the peer."""
    for headers in ({"forwarded": forwarded}, {"x_forwarded_for": told}):
        address = sender(NEAR, **headers).address
        assert address == NEAR or host_address(address) is not None
    assert isinstance(sender(peer, x_forwarded_for=told).address, str)


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=5))
def test_both_headers_say_the_same(hops: list[str]) -> None:
    """Whatever addresses they list."""
    elements = [f'for="[{hop}]"' if ":" in hop else f"for={hop}" for hop in hops]
    family = sender(x_forwarded_for=", ".join(hops))
    assert sender(forwarded=",".join(elements)).address == family.address
