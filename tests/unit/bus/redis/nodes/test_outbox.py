# SPDX-License-Identifier: MIT
"""What this node says on a subject, in one order, no faster than what is large can be read."""

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from tests.support.scripted_redis import told
from wsecho.bus.redis.nodes.outbox import SubjectOutbox
from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusTimeout, BusUnavailable


@define(eq=False)
class World:
    """An outbox; each `say`, and each `catch_up`, waits until it is let through."""

    said: list[str] = field(factory=list)
    answers: list[Deferred[Any]] = field(factory=list)
    caught_up: list[Promise[None]] = field(factory=list)
    is_away: bool = False
    outbox: SubjectOutbox = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.outbox = SubjectOutbox(self.catch_up)

    def catch_up(self) -> Promise[None]:
        """Hear first what was said."""
        if self.is_away:
            raise BusUnavailable
        self.caught_up.append(Promise())
        return self.caught_up[-1]

    def say(self, word: str, subject: str = "s") -> list[Any]:
        """Say something; what begins with an l is large."""

        def send() -> Deferred[Any]:
            if self.is_away:
                raise BusUnavailable
            self.said.append(word)
            self.answers.append(Deferred())
            return self.answers[-1]

        return told(self.outbox.say(subject, send, is_large=word.startswith("l")))


def test_what_is_small_is_said_at_once() -> None:
    """It waits for nothing."""
    world = World()
    got = [world.say("a"), world.say("b")]
    assert world.said == ["a", "b"]
    world.answers[0].callback(1)
    assert got == [[1], []]


def test_what_is_behind_a_large_one_waits_until_that_was_heard() -> None:
    """On its own subject; the answer of the large one does not wait for that."""
    world = World()
    got = [world.say("l1"), world.say("a"), world.say("l2"), world.say("b")]
    world.say("c", "other")
    assert world.said == ["l1", "c"]
    world.answers[0].callback(1)
    assert (got[0], world.said) == ([1], ["l1", "c"])
    world.caught_up[0].give(None)
    assert world.said == ["l1", "c", "a", "l2"]
    world.answers[3].callback(2)
    world.caught_up[1].give(None)
    assert world.said[4:] == ["b"]
    assert got == [[1], [], [2], []]


def test_what_fails_keeps_nothing_back() -> None:
    """The large one, or hearing it: what is behind it is tried, and told what comes of it."""
    world = World()
    got = [world.say("l1"), world.say("a"), world.say("l2"), world.say("b")]
    world.answers[0].errback(BusTimeout())
    assert isinstance(got[0][0], BusTimeout)
    world.caught_up[0].fail(BusTimeout())
    assert world.said == ["l1", "a", "l2"]
    world.is_away = True
    world.answers[2].errback(BusTimeout())
    assert isinstance(got[3][0], BusUnavailable)
    world.is_away = False
    world.say("c")
    assert world.said[3:] == ["c"]
