# SPDX-License-Identifier: MIT
"""How long an answer is waited for, against a peer, its system and a link that are made up."""

from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.progress import LOOKS, PLACE, Patience, Progress

WITHIN = 30.0
STEP = WITHIN / LOOKS


@define
class World:
    """A connection, octet by octet: ours and the system's buffers, the link, and what is read."""

    place: int
    """Octets that the peer's system keeps for it."""
    waiting: int = 0
    arrived: int = 0
    read: int = 0
    received: int = 0

    def say(self, octets: int) -> None:
        """Give something to the connection."""
        self.waiting += octets

    def carry(self, octets: int) -> None:
        """Let the link carry so much, as far as there is place for it."""
        carried = min(octets, self.waiting, self.place - (self.arrived - self.read))
        self.waiting -= carried
        self.arrived += carried

    def take(self, octets: int) -> None:
        """Let the peer read."""
        self.read = min(self.read + octets, self.arrived)

    @property
    def seen(self) -> Progress:
        """What the system tells."""
        # As Linux does, which shows half of its place, and less only once the rest is taken.
        window = min(self.place // 2, self.place - (self.arrived - self.read))
        return Progress(self.received, self.arrived, window, self.waiting)


def wait(world: World, patience: Patience, seconds: float, each: tuple[int, int, int]) -> bool:
    """Let time pass by looks, in each of which so much is said, carried and read; is it over?"""
    now = 0.0
    while now < seconds:
        now += STEP
        said, carried, taken = each
        world.say(said)
        world.carry(carried)
        world.take(taken)
        if not patience.look(world.seen, now):
            return True
    return False


def ask(world: World) -> Patience:
    """Send a ping behind all that waits."""
    patience = Patience(world.seen, 0.0, WITHIN)
    world.say(14)
    return patience


@given(st.integers(1, 100_000), st.integers(0, 50), st.integers(100, 1 << 20))
def test_who_does_nothing_has_its_time_and_no_more(place: int, ahead: int, said: int) -> None:
    """Whatever waits for it, and however much its system takes before it is full."""
    world = World(place)
    world.say(ahead * said)
    patience = ask(world)
    # The system takes what it has place for at once.
    assert wait(world, patience, 2 * WITHIN, (0, 1 << 40, 0))


def test_nothing_ahead_means_the_time_to_the_second() -> None:
    """As the option says."""
    world = World(65_536)
    patience = ask(world)
    world.carry(100)
    waits, now = [], 0.0
    while left := patience.look(world.seen, now):
        waits.append(left)
        now += left
    assert now == WITHIN


@given(st.integers(1, 1 << 20), st.integers(1, 1_000))
def test_who_reads_nothing_is_not_kept_by_what_others_say(place: int, said: int) -> None:
    """A room goes on, and the peer's system takes that: little of it passes for the peer's."""
    world = World(place)
    kept = 0 if place // 2 >= PLACE else place / said * STEP
    assert wait(world, ask(world), 2 * WITHIN + kept, (said, 1 << 40, 0))


@given(st.data())
def test_who_reads_has_time_until_it_is_there(data: st.DataObject) -> None:
    """Though others go on to say something, where its place is usual.

    That it reads the last of it nobody tells: so it must read half its place within its time.
    """
    pace = data.draw(st.integers(500, 100_000))
    said = data.draw(st.just(0) | st.integers(1, pace))
    most = (LOOKS - 1) * 2 * pace
    world = World(data.draw(st.integers(1_000, min(most, PLACE) if said else most)))
    world.say(data.draw(st.integers(1, 200)) * 1_000)
    world.carry(1 << 40)
    patience = ask(world)
    end = world.arrived + world.waiting
    now = 0.0
    while world.read < end:
        now += STEP
        world.say(said)
        world.carry(1 << 40)
        world.take(pace)
        world.carry(1 << 40)
        assert patience.look(world.seen, now) or world.read >= end


@given(st.integers(1, 100), st.integers(1, 200))
def test_a_slow_link_takes_its_time(pace: int, ahead: int) -> None:
    """And the peer has all of its own once it is through."""
    world = World(65_536)
    world.say(ahead * 100)
    patience = ask(world)
    now = 0.0
    while world.waiting:
        now += STEP
        world.carry(pace * 10)
        world.take(1 << 40)
        assert patience.look(world.seen, now)
    while patience.look(world.seen, now + STEP):
        now += STEP
    through = now - WITHIN
    assert through >= 0


@given(st.integers(1, 40))
def test_who_sends_is_alive(octets: int) -> None:
    """An octet now and then is enough."""
    world = World(0)
    world.say(1_000)
    patience = ask(world)
    for number in range(1, 50):
        world.received += octets * (number % (LOOKS - 1) == 0)
        assert patience.look(world.seen, number * STEP)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=40))
def test_where_only_what_waits_is_known(waits: list[int]) -> None:
    """What waits less was taken; who takes nothing is cut; none that gets on is."""
    patience = Patience(Progress(taken=-1_000, waiting=1_000), 0.0, WITHIN)
    least, since, now = 1_000, 0.0, 0.0
    for waiting in waits:
        now += STEP
        left = patience.look(Progress(taken=-waiting, waiting=waiting), now)
        since = now if waiting < least else since
        least = waiting
        assert bool(left) is (now - since < WITHIN)
        if not left:
            break


def test_what_was_not_its_fault_does_not_count() -> None:
    """Such as our not reading."""
    world = World(100)
    patience = ask(world)
    for number in range(1, 20):
        patience.extend(number * STEP)
        assert patience.look(world.seen, number * STEP)
