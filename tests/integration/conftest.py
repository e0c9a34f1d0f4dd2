# SPDX-License-Identifier: MIT
"""One server that the tests of this folder share, unless they need one of their own."""

from collections.abc import Iterator

import pytest

from tests.processes import RunningServer, running


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """A server with its defaults on a free port of loopback."""
    with running() as server:
        yield server
