# SPDX-License-Identifier: MIT
"""The servers that the tests of this folder share, unless they need one of their own."""

import socket
from collections.abc import Iterator

import pytest

from tests.support.clusters import Kind, Pair, service
from tests.support.processes import RunningServer, running


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """A server with its defaults on a free port of loopback."""
    with running() as server:
        yield server


@pytest.fixture(scope="session", params=list(Kind), ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each form of a service, one after the other."""
    return Kind(request.param)


@pytest.fixture(scope="session")
def pair(kind: Kind) -> Iterator[Pair]:
    """Two ways into a service of each form."""
    with service(kind) as pair:
        yield pair


@pytest.fixture(scope="session")
def anywhere(pair: Pair) -> RunningServer:
    """An address of a service of each form."""
    return pair[0]


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports of loopback that nobody listens at."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
