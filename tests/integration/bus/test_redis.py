# SPDX-License-Identifier: MIT
"""The contract of a bus, over Redis."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes
from tests.support.buses import Node, redis_node
from tests.support.redis_server import RedisServer
from wsecho.core.rooms.hub import Rules


@pytest.fixture
def make_nodes(redis: RedisServer) -> Iterator[MakeNodes]:
    """Makes two nodes that share a prefix of their own."""
    made: list[Node] = []

    def make(**rules: Any) -> list[Node]:
        prefix = f"{uuid4().hex}:"
        kept = evolve(Rules(), **rules)
        made.extend(redis_node(redis.url, kept, prefix=prefix, timeout=10.0) for _ in range(2))
        return made

    yield make
    for node in made:
        node.bus.stop()
