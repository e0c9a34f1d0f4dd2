# SPDX-License-Identifier: MIT
"""Against DNS rebinding: names that are local, allowed, or neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.access.hosts import Hosts, host_name
from wsecho.access.proxies import Sender
from wsecho.core.errors import Forbidden

ORIGIN = "http://evil.test:8080"
GUARDED = Hosts(("*.test", "box"), lambda: True)


def check(host: str | None, hosts: Hosts = GUARDED) -> None:
    """A page's request from loopback."""
    hosts.check(ORIGIN, Sender("127.0.0.1:5000", host), is_websocket=True)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8080", "a.localhost", "localhost.", "127.0.0.1:8080"),
        *("127.9.9.9", "[::1]:8080", "a.test", "A.Test:80", "box:8080"),
    ],
)
def test_local_names_and_allowed_ones(host: str) -> None:
    """With a port or without."""
    check(host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8080", "test", "localhost.evil.example", "192.0.2.1"),
        *("[::2]", "0.0.0.0", "", "[", "127.0.0.1.evil.example", None),
    ],
)
def test_other_names_are_refused(host: str | None) -> None:
    """The reason says how to allow it."""
    with pytest.raises(Forbidden, match="--host"):
        check(host)


def test_who_needs_no_guard() -> None:
    """No browser, a trusted proxy, a Unix socket; and a server that is not on loopback alone."""
    evil = "evil.example"
    GUARDED.check(None, Sender("127.0.0.1:1", evil), is_websocket=True)
    GUARDED.check(None, Sender("127.0.0.1:1", None), is_websocket=False)
    GUARDED.check(ORIGIN, Sender("127.0.0.1", evil, by_proxy=True), is_websocket=True)
    GUARDED.check(ORIGIN, Sender("a local socket", evil), is_websocket=True)
    check(evil, Hosts())


def test_a_page_that_just_reads() -> None:
    """To its browser it reads its own, so there is no Origin on a GET."""
    with pytest.raises(Forbidden, match="--host"):
        GUARDED.check(None, Sender("127.0.0.1:1", "evil.example"), is_websocket=False)
    GUARDED.check(None, Sender("127.0.0.1:1", "localhost:8080"), is_websocket=False)


@given(st.text())
def test_any_host_has_a_name_or_none(host: str) -> None:
    """No header ends in a traceback."""
    assert host_name(host) != ""
