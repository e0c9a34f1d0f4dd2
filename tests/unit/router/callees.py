# SPDX-License-Identifier: MIT
"""Callees with features, and callers with their callees."""

from __future__ import annotations

from typing import Any

from tests.unit.router.peers import (
    BASIC_ROLES,
    Peer,
    World,
)


def share(world: World, invoke: str, count: int = 3) -> tuple[Peer, list[Peer]]:
    """A caller, and callees that share a procedure."""
    callees = [world.peer() for _ in range(count)]
    for callee in callees:
        callee.register("com.p", invoke=invoke)
    return world.peer(), callees


def served(caller: Peer, callees: list[Peer], calls: int) -> list[int]:
    """Who gets each of some calls."""
    order = []
    for _ in range(calls):
        caller.call("com.p")
        order += [place for place, callee in enumerate(callees) if callee.take()]
    return order


def roles(*features: str) -> dict[str, Any]:
    """Roles whose callee has these features."""
    return {**BASIC_ROLES, "callee": {"features": dict.fromkeys(features, True)}}


def pair(world: World, procedure: str = "com.p", **options: Any) -> tuple[Peer, Peer]:
    """A caller, and a callee that serves a procedure."""
    caller, callee = world.peer(), world.peer()
    callee.register(procedure, **options)
    return caller, callee
