# SPDX-License-Identifier: MIT
"""Messages on their way round: each room's in order, others in between."""

from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.doors.turns import TurningClock
from wsecho.core.limits.backpressure import FlowControlled
from wsecho.core.limits.scheduler import SLICE, FanoutScheduler, Round

MAX_WAITING = 4


class World:
    """Rounds, and what they said in its order."""

    def __init__(self) -> None:
        self.clock = TurningClock()
        self.rounds = FanoutScheduler(partial(self.clock.callLater, 0), MAX_WAITING)
        self.said: list[str] = []

    def say(self, what: str) -> None:
        """Note it."""
        self.said.append(what)

    def is_free(self, room: str, size: int = 1) -> bool:
        """Whether something can go to all of a room at once."""
        return self.rounds.take(room, size, lambda: None)

    def take(self, name: str, slices: int = 0, rest: int = 1) -> Round:
        """A round of so many slices and a rest."""
        for number in range(slices):
            self.said.append(f"{name}{number}")
            yield SLICE
        self.said.append(name)
        return rest

    def finish(self) -> None:
        """Take turns until all is quiet."""
        for _ in range(1_000):
            if not self.clock.getDelayedCalls():
                return
            self.clock.turn()
        raise AssertionError("it never ends")


def test_a_short_round_is_made_at_once() -> None:
    """And the room is as quiet as before."""
    world = World()
    assert world.is_free("a")
    assert world.rounds.take("a", 1, world.say, "x")
    world.rounds.add("a", world.take("y"))
    assert world.said == ["x", "y"]
    assert world.is_free("a")
    assert not world.clock.getDelayedCalls()


def test_what_is_said_meanwhile_comes_behind() -> None:
    """In whatever room, and however deep."""
    world = World()

    def first() -> None:
        assert not world.is_free("a")
        assert not world.is_free("b")
        world.rounds.add("a", second())
        world.rounds.add("b", world.take("b"))
        world.say("first")

    def second() -> Round:
        world.rounds.add("a", world.take("third"))
        world.say("second")
        yield from ()
        return 1

    assert world.rounds.take("a", 1, first)
    assert world.said[0] == "first"
    assert sorted(world.said[1:]) == ["b", "second", "third"]
    assert world.said.index("second") < world.said.index("third")


def test_others_have_their_turn_between_slices() -> None:
    """A timer that is due runs before the next slice, and a quiet room need not wait."""
    world = World()
    world.rounds.add("a", world.take("a", 2))
    assert world.said == ["a0"]
    assert not world.is_free("a")
    assert world.is_free("b")
    assert world.rounds.take("b", 1, world.say, "b")
    world.clock.callLater(0, world.say, "timer")
    world.clock.turn()
    assert world.said == ["a0", "b", "a1", "timer"]
    world.finish()
    assert world.said == ["a0", "b", "a1", "timer", "a"]


def test_what_a_quiet_room_says_in_turn_waits_with_the_others() -> None:
    """Until the next turn, behind what made it speak."""
    world = World()
    world.rounds.add("a", world.take("a", 1))
    assert world.rounds.take("b", 1, lambda: world.rounds.add("b", world.take("b")))
    assert not world.is_free("b")
    world.rounds.add("b", world.take("c"))
    assert world.said == ["a0"]
    world.finish()
    assert [one for one in world.said if one in "bc"] == ["b", "c"]


def test_rooms_take_turns() -> None:
    """One whose messages are many does not hold up another."""
    world = World()
    for number in range(5):
        world.rounds.add("a", world.take(f"a{number}.", 3))
    world.rounds.add("b", world.take("b", 1))
    for _ in range(4):
        world.clock.turn()
    assert "b" in world.said
    assert "a1.1" not in world.said
    world.finish()
    ends = [one for one in world.said if one.endswith(".")]
    assert ends == [f"a{number}." for number in range(5)]


def test_short_rounds_are_bounded_in_a_turn() -> None:
    """However many wait behind a slice, timers run before all of them are through."""
    world = World()
    world.rounds.add("a", world.take("a", 1))
    for number in range(200):
        world.rounds.add("a", world.take(str(number)))
    world.clock.callLater(0, world.say, "timer")
    world.clock.turn()
    assert 0 < world.said.index("timer") < 200
    world.finish()
    numbers = [one for one in world.said if one.isdigit()]
    assert numbers == [str(number) for number in range(200)]


def test_the_members_of_short_rounds_are_bounded_in_a_turn() -> None:
    """Rounds of nearly a slice each: one or two, and then others have their turn."""
    world = World()
    world.rounds.add("a", world.take("a", 1))
    for number in range(9):
        world.rounds.add("a", world.take(str(number), rest=SLICE - 1))
    world.clock.callLater(0, world.say, "timer")
    world.clock.turn()
    assert 0 < world.said.index("timer") <= 5
    world.finish()
    assert [one for one in world.said if one.isdigit()] == list("012345678")


def broken() -> Round:
    """A round that fails."""
    yield SLICE
    raise ValueError("broken")


def test_a_round_that_fails_is_the_last_of_itself_alone() -> None:
    """What is behind it goes on."""
    world = World()
    world.rounds.add("a", broken())
    world.rounds.add("a", world.take("a"))
    with pytest.raises(ValueError, match="broken"):
        world.clock.turn()
    world.finish()
    assert world.said == ["a"]
    assert world.is_free("a")


def test_a_short_round_that_fails_holds_up_nobody() -> None:
    """What was said meanwhile is taken round all the same."""
    world = World()

    def short() -> None:
        world.rounds.add("a", world.take("a"))
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        world.rounds.take("a", 1, short)
    assert world.said == ["a"]
    assert world.is_free("a")


def test_what_goes_to_more_than_a_slice_is_not_sent_at_once() -> None:
    """However little is on its way."""
    world = World()
    assert world.is_free("a", SLICE)
    assert not world.is_free("a", SLICE + 1)


def test_what_is_said_together_goes_round_when_all_of_it_is_said() -> None:
    """Whatever is said within it, and though it fails."""
    world = World()

    def say() -> None:
        world.rounds.add("a", world.take("a"))
        world.rounds.together(lambda: world.rounds.add("b", world.take("b")))
        assert not world.is_free("c")
        world.say("said")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        world.rounds.together(say)
    assert world.said == ["said", "a", "b"]
    assert world.is_free("c")


class Speaker(FlowControlled[str]):
    """Somebody who says things in a room."""

    def __init__(self, world: World, room: str) -> None:
        self.world, self.room = world, room
        self.reads = True

    def serve(self, message: str) -> None:
        """A round of a slice each."""
        self.world.rounds.add(self.room, self.world.take(message, 1))
        self.world.rounds.check(self.room, self)

    def pause_reading(self) -> None:
        """Note it."""
        self.reads = False

    def resume_reading(self) -> None:
        """Note it."""
        self.reads = True


@pytest.mark.parametrize("breaks", [True, False])
def test_who_says_more_than_goes_round_in_a_room_is_held_back(*, breaks: bool) -> None:
    """Until half of what is too much is left on its way there, though a round fails."""
    world = World()
    speaker, other = Speaker(world, "a"), Speaker(world, "b")
    if breaks:
        world.rounds.add("a", broken())
    names = [f"a{number}." for number in range(3 * MAX_WAITING)]
    for name in names:
        speaker.admit(name)
    other.admit("b")
    assert (speaker.reads, other.reads) == (False, True)
    turns = 0
    while not speaker.reads:
        turns += 1
        with suppress(ValueError):
            world.clock.turn()
    assert turns > MAX_WAITING
    for _ in range(9 * MAX_WAITING):
        world.clock.turn()
    assert [one for one in world.said if one.endswith(".")] == names
    assert other.reads


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 4))))
def test_each_room_keeps_its_order(steps: list[tuple[str, int]]) -> None:
    """Rounds of all lengths in some rooms, turns in between: each whole, one behind the other."""
    world = World()
    expected: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for number, (room, slices) in enumerate(steps):
        if slices < 0:
            world.clock.turn()
            continue
        name = f"{room}{number}."
        expected[room] += [*(f"{name}{one}" for one in range(slices)), name]
        if slices > 0 or not world.rounds.take(room, 1, world.say, name):
            world.rounds.add(room, world.take(name, slices))
    world.finish()
    for room, all_of_it in expected.items():
        assert [one for one in world.said if one.startswith(room)] == all_of_it
