# SPDX-License-Identifier: MIT
"""One server that the tests of this folder share, unless they need one of their own."""

import socket
from collections.abc import Iterator

import pytest

from tests.processes import RunningServer, running


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """A server with its defaults on a free port of loopback."""
    with running() as server:
        yield server


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports of loopback that nobody listens at."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
