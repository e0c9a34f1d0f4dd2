# SPDX-License-Identifier: MIT
"""Where to listen: short forms, Twisted's strings, and what is neither."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.endpoints import _parse, serverFromString
from twisted.internet.testing import MemoryReactorClock

from wsecho.config.endpoints import read_endpoint

PORTS = st.integers(0, 65535)


@given(PORTS)
def test_a_port_alone_is_every_address(port: int) -> None:
    """With a colon, a star and a colon, or nothing before it."""
    for written in (f"{port}", f":{port}", f"*:{port}", f" {port} "):
        assert read_endpoint(written) == f"tcp:{port}"


@given(st.ip_addresses(v=4), PORTS)
def test_an_ipv4_address(address: IPv4Address, port: int) -> None:
    """Twisted reads the very same out of it."""
    parts, named = _parse(read_endpoint(f"{address}:{port}"))
    assert (parts, named) == (["tcp", str(port)], {"interface": str(address)})


@given(st.ip_addresses(v=6), PORTS)
@example(IPv6Address("::"), 1)
def test_an_ipv6_address(address: IPv6Address, port: int) -> None:
    """In brackets."""
    parts, named = _parse(read_endpoint(f"[{address}]:{port}"))
    assert (parts, named) == (["tcp6", str(port)], {"interface": str(address)})


@pytest.mark.parametrize("name", ["localhost", "chat.example.org"])
def test_a_name(name: str) -> None:
    """The system looks it up."""
    assert read_endpoint(f"{name}:80") == f"tcp:80:interface={name}"
    assert read_endpoint(f"haproxy:{name}:80") == f"haproxy:tcp:80:interface={name}"


@pytest.mark.parametrize(
    "endpoint",
    [
        *("tcp:80", "tcp:port=80", "tcp:80:interface=127.0.0.1:backlog=9", "tcp:80:127.0.0.1"),
        *("tcp6:80", r"tcp6:80:interface=\:\:1", "unix:/run/x", r"unix:/a\:b\=c:mode=660"),
        *("unix:x:lockfile=0", "unix:address=/x", "haproxy:tcp:80", "haproxy:unix:/x"),
        *("ssl:443", "ssl:443:privateKey=k:certKey=c", "tls:certificates", "tls:a:443:9:x"),
        *("systemd:domain=INET:index=0", "systemd:UNIX:name=x", "systemd:INET:0", "stdio:"),
    ],
)
def test_twisteds_own_strings_are_left_as_they_are(endpoint: str) -> None:
    """Each part by its place or by its name."""
    assert read_endpoint(endpoint) == endpoint


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="01:.[]=\\*/ tcpunixsylhaor6"),
        st.lists(
            st.sampled_from(
                [
                    *("tcp", "tcp6", "unix", "ssl", "tls", "systemd", "haproxy", "80", "::1", "x"),
                    *("interface=", "port=", "mode=", "127.0.0.1", "", "\\", "INET", "index=0"),
                ]
            )
        ).map(":".join),
    )
)
@example("systemd:INET6:index=x")
def test_whatever_is_written_is_read_or_complained_about(text: str) -> None:
    """In one line; what is read, Twisted can read, and once more it stays the same."""
    endpoint, complaint = "", ""
    try:
        endpoint = read_endpoint(text)
    except ValueError as error:
        complaint = str(error)
    assert len(complaint.splitlines()) == (not endpoint)
    if complaint:
        return
    assert read_endpoint(endpoint) == endpoint
    if endpoint.startswith(("tcp:", "unix:")):
        serverFromString(MemoryReactorClock(), endpoint)
    with suppress(IndexError):
        assert _parse(endpoint)[0][0]


@pytest.mark.parametrize("form", ["{}", ":{}", "tcp:80:backlog={}", "systemd:domain=INET:index={}"])
@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000, f"{1 << 31}"], ids=["9", "0", "31"])
def test_no_number_is_huge(form: str, number: str) -> None:
    """Neither for C, which would not listen, nor for Python, which would not read it."""
    with pytest.raises(ValueError, match=rf"{number} is (over \d+|no number|no port)"):
        read_endpoint(form.format(number))
