# SPDX-License-Identifier: MIT
"""The contract of a bus, in memory."""

from typing import Any

import pytest
from attrs import evolve

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes
from tests.support.buses import Node, memory_nodes
from wsecho.core.rooms.hub import Rules


@pytest.fixture
def make_nodes() -> MakeNodes:
    """Makes one node, twice."""

    def make(**rules: Any) -> list[Node]:
        return memory_nodes(evolve(Rules(), **rules))

    return make
