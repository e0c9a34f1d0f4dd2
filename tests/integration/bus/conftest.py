# SPDX-License-Identifier: MIT
"""One Redis that the tests of this folder share, each with a prefix of its own."""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis on a free port of loopback."""
    with redis_server() as server:
        yield server
