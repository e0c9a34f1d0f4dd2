# SPDX-License-Identifier: MIT
"""A cluster for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.router.cluster.air import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Three nodes; whoever raises in one fails the test."""
    cluster = Cluster(3)
    yield cluster
    cluster.check()
