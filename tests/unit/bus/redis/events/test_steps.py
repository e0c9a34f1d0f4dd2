# SPDX-License-Identifier: MIT
"""What the scripts about events are given, and how their answers are read."""

from typing import Any

from tests.support.scripted_redis import RedisWorld, connected
from wsecho.bus.redis.events.steps import EventSteps
from wsecho.core.events.batches import EventsRead, WaitingEvent
from wsecho.core.rooms.leases import HeldError


def make(world: RedisWorld, lost: list[int] | None = None) -> EventSteps:
    """Make the steps of a node that tells two."""
    noted = [] if lost is None else lost
    return EventSteps(world.commands, world.keys, "9000", ("one", "two"), noted.append)


def outcome(world: RedisWorld, asked: Any) -> Any:
    """What comes of a step."""
    got: list[Any] = []
    asked.addBoth(got.append)
    world.redis.settle()
    return got[0]


def words(world: RedisWorld, script: str) -> tuple[str, ...]:
    """What a script was given behind its keys."""
    [(_, meta, events, *rest)] = world.redis.take(script)
    assert meta.endswith("{@}:told")
    assert events.endswith("{@}:events")
    return tuple(rest)


def test_each_step_says_what_was_seen() -> None:
    """So that Redis notices where it came back with less."""
    world = connected()
    world.redis.answers["append_events"] = [b"run", 7, 2]
    steps = make(world)
    assert outcome(world, steps.append(["a", "b"])) == 2
    fresh, run, last, *_, one, two = words(world, "append_events")
    assert (run, last, one, two) == ("", "0", "a", "b")
    outcome(world, steps.append(["c"]))
    assert words(world, "append_events")[:3] == (fresh, "run", "7")
    world.redis.answers["append_events"] = [b"other", 1, 1]
    outcome(world, steps.append(["c"]))
    outcome(world, steps.append(["c"]))
    assert world.redis.take("append_events")[-1][3:6] == (fresh, "other", "1")


def test_what_was_read_is_read_as_it_was_told() -> None:
    """An event as it stands, and a message as the room's log has it."""
    world = connected()
    record = b"a\ne:5:7\n1.5 9 t me;iann hello \xc3\xa9\n"
    world.redis.answers["read_events"] = [
        *(b"run", 3, 4, 6, 1000),
        *(5, b"10", b"e", b'"event":"occupied"', 6, b"20", b"m", record),
    ]
    world.redis.answers["lead_events"] = [b"8", b"run", 6]
    lost: list[int] = []
    steps = make(world, lost)
    outcome(world, steps.lead())
    assert words(world, "lead_events")[-2:] == ("one", "two")
    read = outcome(world, steps.read("one"))
    message = (
        '"event":"message","room":"a","position":"e:5:7","from":{"id":"ann"},"data":"hello é\\n"'
    )
    assert read == EventsRead(
        *("run", 3, 4, 1000),
        (WaitingEvent(5, 10, '"event":"occupied"'), WaitingEvent(6, 20, message)),
        6,
    )
    assert words(world, "read_events")[7:9] == ("8", "one")
    world.redis.answers["append_events"] = [b"later", 1, 1]
    outcome(world, steps.append(["c"]))
    assert lost == [3]
    outcome(world, steps.append(["c"]))
    assert lost == [3]


def test_what_is_taken_frees_what_all_have_taken() -> None:
    """So the step knows of the others."""
    world = connected()
    world.redis.answers["take_events"] = 1
    steps = make(world)
    assert outcome(world, steps.take("two", 9, is_told=True)) is None
    assert words(world, "take_events")[7:] == ("", "taken", "9", "two", "one")
    outcome(world, steps.take("one", 9, is_told=False))
    assert words(world, "take_events")[7:] == ("", "given", "9", "one", "two")
    world.redis.answers["take_events"] = 0
    assert outcome(world, steps.take("one", 9, is_told=True)).check(HeldError)
