# SPDX-License-Identifier: MIT
"""An address's connections on all nodes."""

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from wsecho.core.limits.admissions import Admissions
from wsecho.core.wire.errors import OverLimit, TooMany
from wsecho.ops.gossip import BEAT, ConnectionGossip


@define
class Between:
    """What is between two nodes."""

    heard: list = field(factory=list)  # type: ignore[type-arg]
    watching: list = field(factory=list)  # type: ignore[type-arg]


@define
class Bus:
    """One node's end of it."""

    node: str
    between: Between

    def listen(self, subject: str, heard: object) -> None:
        """Hear what either says."""
        self.between.heard.append(heard)

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say it to both."""
        for heard in self.between.heard:
            heard(payload)

    def watch_nodes(self, changed: object) -> None:
        """Be told who lives."""
        self.between.watching.append(changed)


def test_they_are_counted_together() -> None:
    """At the next beat; a node that is gone takes its own along; one that comes is told all."""
    clock, between = Clock(), Between()
    nodes = [Admissions(most_per_address=3) for _ in range(2)]
    for name, admissions in zip("AB", nodes, strict=True):
        ConnectionGossip(Bus(name, between), admissions, clock).startService()  # type: ignore[arg-type]
    here, there = nodes
    places = [here.admit("192.0.2.1") for _ in range(2)]
    for changed in between.watching:
        changed(frozenset("AB"))
    there.admit("192.0.2.1")
    with pytest.raises(TooMany):
        there.admit("192.0.2.1:99")
    there.admit("192.0.2.2")
    clock.advance(BEAT)
    with pytest.raises(TooMany):
        here.admit("192.0.2.1")
    places.pop().leave()
    clock.advance(BEAT)
    there.admit("192.0.2.1")
    for changed in between.watching:
        changed(frozenset("B"))
    there.admit("192.0.2.1")
    with pytest.raises(TooMany):
        there.admit("192.0.2.1")


def test_all_connections_are_counted_together() -> None:
    """Whoseever they are, and as long as their node lives."""
    clock, between = Clock(), Between()
    here, there = nodes = [Admissions(3) for _ in range(2)]
    for name, admissions in zip("AB", nodes, strict=True):
        ConnectionGossip(Bus(name, between), admissions, clock).startService()  # type: ignore[arg-type]
    places = [here.enter() for _ in range(2)]
    for changed in between.watching:
        changed(frozenset("AB"))
    there.enter()
    with pytest.raises(OverLimit):
        there.enter()
    clock.advance(BEAT)
    with pytest.raises(OverLimit):
        here.enter()
    places.pop().leave()
    clock.advance(BEAT)
    there.enter()
    between.watching[1](frozenset("B"))
    there.enter()
    with pytest.raises(OverLimit):
        there.enter()
