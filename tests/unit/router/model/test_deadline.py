# SPDX-License-Identifier: MIT
"""When a session ends by itself: one moment at a time."""

from functools import partial

from tests.unit.router.peers import World
from wsecho.router.model.deadline import Deadline


def test_what_is_set_takes_the_place_of_what_was_set(world: World) -> None:
    """Whichever of them would have come first, by either kind of time."""
    said: list[str] = []
    deadline = Deadline(world.router)
    deadline.set_after(1, partial(said.append, "a"))
    deadline.set_at(world.clock.now() + 3, partial(said.append, "b"))
    world.clock.move(2)
    assert said == []
    deadline.set_after(5, partial(said.append, "c"))
    world.clock.move(4)
    assert said == []
    world.clock.move(1)
    assert said == ["c"]
    assert not world.clock.waiting


def test_it_may_be_called_off_at_any_time(world: World) -> None:
    """Before, and after, and where nothing was set."""
    said: list[str] = []
    deadline = Deadline(world.router)
    deadline.cancel()
    deadline.set_after(1, partial(said.append, "a"))
    deadline.cancel()
    deadline.cancel()
    world.clock.move(2)
    assert said == []
    deadline.set_after(1, partial(said.append, "b"))
    world.clock.move(1)
    deadline.cancel()
    assert said == ["b"]


def test_it_may_be_set_by_what_it_calls(world: World) -> None:
    """The call that is made is over by then."""
    said: list[str] = []
    deadline = Deadline(world.router)

    def say() -> None:
        said.append("a")
        deadline.set_after(1, partial(said.append, "b"))

    deadline.set_after(1, say)
    world.clock.move(1)
    world.clock.move(1)
    assert said == ["a", "b"]


def test_a_fault_is_told(world: World) -> None:
    """It is ours, and harms nobody else."""
    deadline = Deadline(world.router)

    def fail() -> None:
        raise ValueError("a fault of ours")

    deadline.set_after(1, fail)
    world.clock.move(1)
    assert [type(fault) for fault in world.faults] == [ValueError]
    world.faults.clear()
