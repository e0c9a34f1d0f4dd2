# SPDX-License-Identifier: MIT
"""Every test of the router ends without a fault of the router's own."""

from collections.abc import Iterator

import pytest

from tests.unit.router.peers import World


@pytest.fixture
def world() -> Iterator[World]:
    """A router with the realm `realm1`; whoever raises in it fails the test."""
    world = World()
    yield world
    assert not world.faults, world.faults
