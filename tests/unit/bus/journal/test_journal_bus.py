# SPDX-License-Identifier: MIT
"""Nothing is told before it is written, and nothing written is forgotten."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.bus.journal.world import World, outcome
from wsecho.bus.journal.store import StoreFullError
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import KeyReusedError, TooManyKeysError
from wsecho.core.rooms.wills import Will
from wsecho.core.wire.errors import BusUnavailable
from wsecho.core.wire.positions import Position

FULL = StoreFullError("there is no room on the disk")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., World]:
    """Makes a process on a folder."""
    return lambda **rules: World(tmp_path, Rules(**rules))


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """One with the default rules."""
    return make()


def test_nothing_is_told_before_it_is_written(world: World) -> None:
    """Neither to readers nor to whoever said it; what is said meanwhile is the next transaction."""
    receipts = [outcome(world.say(text)) for text in ("1", "2", "3")]
    assert len(world.hand.jobs) == 1
    assert (world.said(), receipts) == ([], [[], [], []])
    world.hand.write()
    assert world.said() == [b"1", b"2", b"3"]
    assert [receipt.position.offset for [receipt] in receipts] == [1, 2, 3]


def test_a_silent_room_s_place_is_written_before_it_is_told(world: World) -> None:
    """By whoever asks first, and whoever asks meanwhile; then it is known at once."""
    first, second = outcome(world.bus.attach("a")), outcome(world.bus.attach("a"))
    assert (first, second) == ([], [])
    world.hand.write()
    assert (first, second) == ([None], [None])
    place = world.hub.position("a", 0.0)
    assert world.bus.attach("a") is None
    world.restart()
    assert world.bus.attach("a") is None
    assert world.hub.position("a", 0.0) == place


def test_a_group_that_fails_takes_along_what_waits_behind_it(world: World) -> None:
    """It was not said, whatever its kind; its positions are given to what comes next."""
    outcome(world.say("before"))
    world.hand.write()
    kinds = (
        lambda: world.say("first"),
        lambda: world.say("again", key="k"),
        lambda: world.say_to_all("many", ["a", "b"]),
        lambda: world.bus.attach("new"),
        lambda: world.bus.broadcast_logged("s", b"x", keep="y"),
        lambda: world.bus.bequeath("s", "w", b"x"),
        world.bus.catch_up,
    )
    waiting = [outcome(kind()) for kind in kinds]
    world.hand.write(FULL)
    assert [type(error) for [error] in waiting] == [BusUnavailable] * len(kinds)
    assert world.said() == [b"before"]
    assert world.bus.kept("s") == {}
    assert not world.bus.is_up
    for refused in (*kinds[:-1], world.bus.check_health):
        with pytest.raises(BusUnavailable):
            refused()
    assert world.bus.attach("a") is None
    world.clock.advance(1.0)
    world.hand.write(FULL)
    assert not world.bus.is_up
    world.clock.advance(1.0)
    world.hand.write()
    assert world.bus.is_up
    after = outcome(world.say("after", key="k"))
    world.hand.write()
    assert after[0].position.offset == 2
    assert world.said() == [b"before", b"after"]
    world.restart()
    assert [said.payload for said in world.hub.read("a", 0.0)] == [b"before", b"after"]


def test_the_same_under_the_same_key_is_said_once(world: World) -> None:
    """While it is being written, afterwards, and after a restart."""
    first, again = outcome(world.say("x", key="k")), outcome(world.say("x", key="k"))
    with pytest.raises(KeyReusedError):
        world.say("y", key="k")
    world.hand.write()
    assert first == again
    assert outcome(world.say("x", key="k")) == first
    world.restart()
    assert outcome(world.say("x", key="k")) == first
    with pytest.raises(KeyReusedError):
        world.say("y", key="k")
    world.clock.advance(301.0)
    later = outcome(world.say("x", key="k"))
    world.hand.write()
    assert later[0].position != first[0].position


def test_keys_count_while_they_are_written_and_after_a_restart(make: Callable[..., World]) -> None:
    """As many as one may have, and no more."""
    world = make(max_keys=2)
    world.say("1", key="a")
    world.say("2", key="b")
    with pytest.raises(TooManyKeysError):
        world.say("3", key="c")
    world.hand.write()
    world.restart()
    with pytest.raises(TooManyKeysError):
        world.say("3", key="c")
    world.clock.advance(301.0)
    world.say("3", key="c")


def test_many_rooms_are_one_group(world: World) -> None:
    """All of them, or none; each has its place."""
    told = outcome(world.say_to_all("x", ["a", "b", "c"]))
    assert len(world.hand.jobs) == 1
    world.hand.write()
    assert {room: receipt.position.offset for room, receipt in told[0].items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }


def test_a_room_that_the_hub_let_go_of_meanwhile_keeps_its_place(
    make: Callable[..., World],
) -> None:
    """For want of space there is none, when what was said arrives."""
    world = make(max_rooms=1)
    told = outcome(world.say("x"))
    world.hub.use("b", 0.0)
    assert "a" not in world.hub
    world.hand.write()
    assert world.said() == [b"x"]
    assert world.hub.position("a", 0.0) == told[0].position


def test_what_is_not_remembered_goes_from_the_file(make: Callable[..., World]) -> None:
    """Messages that are too many or too old, and rooms that are unused for long."""
    world = make(history=2, history_ttl=60.0)
    for number in range(5):
        world.say(f"{number}")
    world.say("x", room="b")
    world.hand.write()
    world.clock.advance(5.0)
    world.hand.write()
    world.restart()
    assert [said.payload for said in world.hub.read("a", world.clock.seconds())] == [b"3", b"4"]
    assert world.hub.position("a", world.clock.seconds()).offset == 5
    world.clock.advance(61.0)
    world.hub.sweep(world.clock.seconds())
    world.clock.pump([5.0] * 12)
    world.hand.write()
    world.restart()
    assert len(world.hub) == 0


def test_what_is_kept_and_left_outlives_the_process(world: World) -> None:
    """Until it is dropped, taken back, or carried out: once."""
    heard: list[bytes] = []
    world.bus.listen("s", heard.append)
    world.bus.keep("s", "a", b"1")
    world.bus.keep("s", "b", b"2")
    told = outcome(world.bus.broadcast_logged("s", b"3", keep="c"))
    for name in ("v", "w", "x"):
        world.bus.bequeath("s", name, name.encode())
    world.hand.write()
    assert (told, heard) == ([True], [b"3"])
    world.bus.drop("s", ["b"])
    world.bus.revoke("s", ["x"])
    world.restart()
    assert world.bus.kept("s") == {"a": b"1", "c": b"3"}
    left: list[tuple[Will, bytes]] = []
    world.bus.inherit("s", lambda will, payload: left.append((will, payload)))
    assert [payload for _, payload in left] == [b"v", b"w"]
    will = left[0][0]
    assert not world.bus.is_spent("s", will)
    done = outcome(world.bus.broadcast_logged("s", b"v", will=will))
    world.hand.write()
    assert done == [True]
    assert world.bus.broadcast_logged("s", b"v", will=will) is False
    world.restart()
    assert world.bus.is_spent("s", will)
    assert not world.bus.is_spent("s", left[1][0])


def test_what_nodes_say_keeps_its_order(world: World) -> None:
    """What is written and what is not, on one subject."""
    heard: list[bytes] = []
    world.bus.listen("s", heard.append)
    world.bus.broadcast("s", b"0")
    assert heard == [b"0"]
    world.bus.broadcast_logged("s", b"1", keep="k")
    world.bus.broadcast("s", b"2")
    sent = outcome(world.bus.send_to(world.bus.node, "s", b"3"))
    caught_up = outcome(world.bus.catch_up())
    assert (heard, sent, caught_up) == ([b"0"], [], [])
    world.hand.write()
    assert heard == [b"0", b"1", b"2", b"3"]
    assert (sent, caught_up) == ([True], [None])
    assert world.bus.catch_up() is None
    assert world.bus.send_to("nobody", "s", b"") is False


def test_ages_go_on_while_no_process_runs(make: Callable[..., World]) -> None:
    """What was too old meanwhile is not there; what is not, is."""
    world = make(history_ttl=60.0)
    world.say("old")
    world.hand.write()
    world.clock.advance(50.0)
    world.say("young")
    world.hand.write()
    world.bus.stop()
    world.wall += 20.0
    world.start()
    found = [said.payload for said in world.hub.read("a", world.clock.seconds())]
    assert found == [b"young"]
    assert world.hub.position("a", world.clock.seconds()).offset == 2


def test_a_position_is_resumed_after_a_restart(world: World) -> None:
    """Under the same epoch, behind what had been said."""
    told = outcome(world.say("x"))
    world.hand.write()
    world.restart()
    history = world.hub.read("a", 0.0)
    assert history.can_resume(told[0].position)
    assert history.can_resume(Position(told[0].position.epoch, 0))
