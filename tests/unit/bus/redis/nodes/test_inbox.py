# SPDX-License-Identifier: MIT
"""What comes on a subject is taken in one order, though some of it takes time."""

from typing import Any

from attrs import define, field
from twisted.logger import capturedLogs

from tests.support.logged import logged
from tests.support.scripted_redis import told
from wsecho.bus.redis.nodes.inbox import SubjectInbox
from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusUnavailable


@define(eq=False)
class World:
    """An inbox; what begins with an l is large, and waits until it is let through."""

    inbox: SubjectInbox = field(factory=SubjectInbox)
    taken: list[bytes] = field(factory=list)
    waiting: list[Promise[None]] = field(factory=list)

    def come(self, *bodies: bytes) -> None:
        """Have some come."""
        for body in bodies:
            self.inbox.take(self.take, body)

    def take(self, body: bytes) -> Any:
        """Take one."""
        self.taken.append(body)
        if body == b"bad":
            raise ValueError(body)
        if not body.startswith(b"l"):
            return None
        self.waiting.append(Promise())
        return self.waiting[-1]


def test_what_is_behind_a_large_one_waits() -> None:
    """Of several large ones too."""
    world = World()
    world.come(b"a", b"l1", b"b", b"l2", b"c")
    assert world.taken == [b"a", b"l1"]
    world.waiting[0].give(None)
    assert world.taken == [b"a", b"l1", b"b", b"l2"]
    world.waiting[1].give(None)
    world.come(b"d")
    assert world.taken[4:] == [b"c", b"d"]


def test_what_fails_keeps_nothing_back() -> None:
    """Neither a large one, nor one that was behind it; both are logged."""
    world = World()
    world.come(b"l1", b"bad", b"c")
    with capturedLogs() as events, logged() as records:
        world.waiting[0].fail(ValueError("x"))
    assert world.taken == [b"l1", b"bad", b"c"]
    assert len(events) == len(records) == 1


def test_who_passes_through_waits_for_what_has_come() -> None:
    """And for nothing where nothing waits."""
    world = World()
    assert world.inbox.pass_through() is None
    world.come(b"l1", b"b")
    passed = [told(world.inbox.pass_through()), told(world.inbox.pass_through())]
    world.come(b"l2")
    assert passed == [[], []]
    world.waiting[0].give(None)
    assert (passed, world.taken) == ([[None], [None]], [b"l1", b"b", b"l2"])


def test_what_waits_is_lost_with_the_connection() -> None:
    """Who passes through is told so; what comes late of the old one lets nothing through."""
    world = World()
    world.come(b"l1", b"b")
    passed = told(world.inbox.pass_through())
    world.inbox.break_off()
    assert isinstance(passed[0], BusUnavailable)
    world.come(b"l2", b"c")
    world.waiting[0].give(None)
    assert world.taken == [b"l1", b"l2"]
    world.waiting[1].give(None)
    assert world.taken == [b"l1", b"l2", b"c"]
