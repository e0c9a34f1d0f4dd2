# SPDX-License-Identifier: MIT
"""Whatever a bus is asked for, each bus has."""

from inspect import Parameter, getmembers, isfunction, signature
from typing import Any

import pytest

from tests.support.redis_rooms import BusWorld
from wsecho.bus.interface import Bus
from wsecho.bus.memory import MemoryBus
from wsecho.bus.redis.bus import RedisBus

METHODS = [name for name, _ in getmembers(Bus, isfunction) if not name.startswith("_")]
PROPERTIES = [
    name
    for name, each in vars(Bus).items()
    if isinstance(each, property) and not name.startswith("_")
]


def names(method: Any) -> list[str]:
    """What it may be given, in order."""
    kinds = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    return [each.name for each in signature(method).parameters.values() if each.kind not in kinds]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", [MemoryBus, RedisBus])
def test_a_bus_has_real_methods(kind: type, name: str) -> None:
    """That a reader, an editor and mypy find in its class, with the interface's own words."""
    assert isfunction(getattr(kind, name))
    assert names(getattr(kind, name)) == names(getattr(Bus, name))


def test_a_bus_has_all_that_is_asked_of_it() -> None:
    """Known at once."""
    world = BusWorld()
    memory = MemoryBus(world.hub, world, lambda: 0.0)
    for name in PROPERTIES:
        assert hasattr(memory, name)
        assert hasattr(world.bus, name)
