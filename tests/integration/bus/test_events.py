# SPDX-License-Identifier: MIT
"""What applications are told, by one process and by two nodes over Redis."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.event_contract import *  # noqa: F403
from tests.support.event_contract import MakeTellers
from tests.support.redis_server import RedisServer
from tests.support.telling_nodes import TellingNode, memory_tellers, redis_teller
from tests.support.told import NotingListener


@pytest.fixture(params=["memory", "redis"])
def make_tellers(request: pytest.FixtureRequest) -> Iterator[MakeTellers]:
    """Makes two servers that tell one listener: one process twice, or two nodes."""
    made: list[TellingNode] = []

    def make(**more: Any) -> list[TellingNode]:
        listener = NotingListener()
        if request.param == "memory":
            made.extend(memory_tellers(listener, **more))
        else:
            redis: RedisServer = request.getfixturevalue("redis")
            prefix = f"{uuid4().hex}:"
            made.extend(redis_teller(redis.url, listener, prefix, **more) for _ in range(2))
        return made

    yield make
    for node in made:
        node.teller.cut()
        node.teller.queue.cede()
        node.teller._loop.stop()
        node.rooms.bus.stop()
