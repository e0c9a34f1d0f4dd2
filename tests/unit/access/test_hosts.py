# SPDX-License-Identifier: MIT
"""Against DNS rebinding: names that are local, allowed, or neither."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wsecho.access.hosts import Hosts, host_name
from wsecho.access.proxies import Sender
from wsecho.core.wire.errors import Forbidden

ORIGIN = "http://evil.test:8080"
GUARDED = Hosts(("*.test", "box"), lambda: True)


NEAR = Sender("127.0.0.1:5000", "evil.example")


def passes(
    sender: Sender,
    hosts: Hosts = GUARDED,
    origin: str | None = ORIGIN,
    *,
    is_websocket: bool = True,
) -> bool:
    """Whether a request is let in; where it is not, the reason says how to allow it."""
    try:
        hosts.check(origin, sender, is_websocket=is_websocket)
    except Forbidden as error:
        return "--host" not in error.reason
    return True


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8080", "a.localhost", "localhost.", "127.0.0.1:8080"),
        *("127.9.9.9", "[::1]:8080", "a.test", "A.Test:80", "box:8080"),
    ],
)
def test_local_names_and_allowed_ones(host: str) -> None:
    """With a port or without."""
    assert passes(Sender("127.0.0.1:5000", host))


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8080", "test", "localhost.evil.example", "192.0.2.1"),
        *("[::2]", "0.0.0.0", "", "[", "127.0.0.1.evil.example", None),
    ],
)
def test_other_names_are_refused(host: str | None) -> None:
    """The reason says how to allow it."""
    assert not passes(Sender("127.0.0.1:5000", host))


def test_who_needs_no_guard() -> None:
    """No browser, a trusted proxy, a Unix socket; and a server that is not on loopback alone."""
    assert not passes(NEAR)
    assert passes(NEAR, origin=None)
    assert passes(evolve(NEAR, host=None), origin=None, is_websocket=False)
    assert passes(evolve(NEAR, by_proxy=True))
    assert passes(evolve(NEAR, address="a local socket"))
    assert passes(NEAR, Hosts())


def test_a_page_that_just_reads() -> None:
    """To its browser it reads its own, so there is no Origin on a GET."""
    assert not passes(NEAR, origin=None, is_websocket=False)
    assert passes(evolve(NEAR, host="localhost:8080"), origin=None, is_websocket=False)


@given(st.text())
def test_any_host_has_a_name_or_none(host: str) -> None:
    """No header ends in a traceback."""
    assert host_name(host) != ""
