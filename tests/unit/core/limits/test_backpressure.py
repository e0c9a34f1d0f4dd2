# SPDX-License-Identifier: MIT
"""Who is held back where too much is on its way, and goes on again once it is not."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from wsecho.core.limits.backpressure import Backpressure, FlowControlled, hold_until
from wsecho.core.promise import Promise
from wsecho.core.wire.errors import BusTimeout

BOUND = 4


@define(eq=False)
class Place:
    """Where much may be on its way."""

    grace: int = 0
    turns: list[Callable[[], None]] | None = None
    level: int = 0
    pressure: Backpressure = field(init=False)

    def __attrs_post_init__(self) -> None:
        later = None if self.turns is None else self.turns.append
        self.pressure = Backpressure(lambda: self.level, BOUND, grace=self.grace, later=later)

    def fall(self, by: int) -> None:
        """Have less be on its way."""
        self.level = max(0, self.level - by)
        self.pressure.relieve()


@define(eq=False)
class Sender(FlowControlled[int]):
    """Somebody whose messages are more on their way in some places."""

    places: list[Place]
    reads: bool = True
    served: list[int] = field(factory=list)
    breaks_at: set[int] = field(factory=set)
    departs_at: int = -1
    # Where one message brings another.
    brings: dict[int, int] = field(factory=dict)

    def serve(self, message: int) -> None:
        """Note it; each weighs two."""
        self.served.append(message)
        if message in self.brings:
            self.admit(self.brings[message])
        if message == self.departs_at:
            self.depart()
        if message in self.breaks_at:
            raise ValueError(message)
        for place in self.places:
            place.level += 2
            place.pressure.check(self)

    def pause_reading(self) -> None:
        """Pauses and resumes take turns."""
        assert self.reads
        self.reads = False

    def resume_reading(self) -> None:
        """Nothing waits any more by then."""
        assert not self.reads
        assert not self._unserved
        self.reads = True


def say(sender: Sender, number: int) -> None:
    """Have it say so much, as if all of it had been read at once."""
    for message in range(number):
        sender.admit(message)


class Machine(RuleBasedStateMachine):
    """Two places at which all go on, two at which one does in a turn, and who sends to some."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Callable[[], None]] = []
        self.places = [
            *(Place(grace=grace) for grace in (0, 2)),
            *(Place(grace=grace, turns=self.turns) for grace in (0, 2)),
        ]
        some = [[0], [1, 2], [0, 3], [0, 1, 2, 3], [2, 3]]
        self.senders = [Sender([self.places[which] for which in each]) for each in some]
        self.admitted = [0 for _ in self.senders]
        self.gone: dict[int, tuple[bool, list[int]]] = {}

    @rule(which=st.integers(0, 4), number=st.integers(1, 4))
    def say(self, which: int, number: int) -> None:
        """It comes though its sender is not to be read from: it had been read."""
        for _ in range(number if which not in self.gone else 0):
            self.senders[which].admit(self.admitted[which])
            self.admitted[which] += 1

    @rule(which=st.integers(0, 3), by=st.integers(1, 6))
    def fall(self, which: int, by: int) -> None:
        """Less is on its way."""
        self.places[which].fall(by)

    @rule(which=st.integers(0, 3))
    def end(self, which: int) -> None:
        """A place is gone, with all that was on its way there."""
        self.places[which].level = 0
        self.places[which].pressure.relieve_all()

    @rule()
    def turn(self) -> None:
        """What was asked for later comes."""
        turns, self.turns[:] = list(self.turns), []
        for turn in turns:
            turn()

    @rule(which=st.integers(0, 4), flushes=st.booleans())
    def depart(self, which: int, *, flushes: bool) -> None:
        """Its connection is lost; doors have what had come be served before."""
        sender = self.senders[which]
        if which not in self.gone:
            if flushes:
                sender.flush()
                assert len(sender.served) == self.admitted[which]
            sender.depart()
            self.gone[which] = sender.reads, list(sender.served)

    @invariant()
    def each_is_served_in_order(self) -> None:
        """Nothing is left out, said twice or out of turn."""
        for sender, admitted in zip(self.senders, self.admitted, strict=True):
            assert sender.served == list(range(len(sender.served)))
            assert len(sender.served) <= admitted

    @invariant()
    def who_is_read_from_waits_for_nothing(self) -> None:
        """And nobody is paused but where too much is on its way, or was until just now."""
        for which, sender in enumerate(self.senders):
            if which not in self.gone:
                assert sender.reads or any(place.pressure for place in sender.places)
                assert not sender.reads or len(sender.served) == self.admitted[which]
            for place in self.places if sender.reads or which in self.gone else ():
                assert sender not in place.pressure._held

    @invariant()
    def who_has_gone_is_never_resumed(self) -> None:
        """Nor is anything done in its name."""
        for which, (reads, served) in self.gone.items():
            assert (self.senders[which].reads, self.senders[which].served) == (reads, served)

    def teardown(self) -> None:
        """Once less and less is on its way everywhere, all are read from and all is served."""
        for _ in range(2 * sum(self.admitted) + 9):
            for which in range(4):
                self.fall(which, 2 * BOUND)
            self.turn()
        assert not any(place.pressure for place in self.places)
        for which, sender in enumerate(self.senders):
            if which not in self.gone:
                assert sender.reads
                assert len(sender.served) == self.admitted[which]


def test_whatever_happens_each_goes_on_in_the_end() -> None:
    """Pauses and resumes are balanced, whichever places hold whom back and in whatever order."""
    run_state_machine_as_test(Machine)


def test_so_much_may_be_on_its_way_and_half_of_it_when_they_go_on() -> None:
    """What had been read waits meanwhile."""
    place = Place()
    sender = Sender([place])
    say(sender, BOUND // 2)
    assert sender.reads
    say(sender, 1)
    assert not sender.reads
    sender.admit(1)
    place.fall(3)
    assert not sender.reads
    assert len(sender.served) == BOUND // 2 + 1
    place.fall(1)
    assert sender.reads
    assert len(sender.served) == BOUND // 2 + 2


def test_who_says_little_does_not_wait_for_who_says_much() -> None:
    """Each may say a few, and what it said while there was room does not count."""
    place = Place(grace=3)
    much, little = Sender([place]), Sender([place])
    say(little, 2)
    say(much, 5)
    assert not much.reads
    assert len(much.served) == 4
    say(little, 3)
    assert (little.reads, len(little.served)) == (True, 5)
    say(little, 1)
    assert not little.reads
    place.fall(place.level)
    assert little.reads
    assert (much.reads, len(much.served)) == (True, 5)


def test_a_place_that_is_behind_again_lets_no_more_go_on() -> None:
    """They go on in the order in which they came."""
    place = Place()
    senders = [Sender([place]) for _ in range(4)]
    place.level = BOUND
    for sender in senders:
        say(sender, 3)
    place.fall(place.level)
    assert [len(sender.served) for sender in senders] == [3, 1, 1, 1]
    place.fall(place.level)
    assert [len(sender.served) for sender in senders] == [3, 3, 1, 1]


def test_one_goes_on_in_a_turn_where_the_level_lags_behind() -> None:
    """However often it is said that there is less; all at once where all is gone."""
    turns: list[Callable[[], None]] = []
    place = Place(turns=turns)
    senders = [Sender([place]) for _ in range(4)]
    for sender in senders:
        place.level = BOUND
        say(sender, 1)
    place.level = 0
    for _ in range(3):
        place.pressure.relieve()
    assert not any(sender.reads for sender in senders)
    turns.pop()()
    assert [sender.reads for sender in senders] == [True, False, False, False]
    place.level = BOUND
    turns.pop()()
    assert turns == []
    assert [sender.reads for sender in senders] == [True, False, False, False]
    place.pressure.relieve_all()
    assert all(sender.reads for sender in senders)


def test_one_that_is_held_in_two_places_waits_for_both() -> None:
    """Whichever of them is relieved first."""
    for first, second in ((0, 1), (1, 0)):
        places = [Place(level=BOUND), Place(level=BOUND)]
        sender = Sender(places)
        say(sender, 1)
        assert not sender.reads
        places[first].fall(BOUND + 2)
        assert not sender.reads
        places[second].fall(BOUND + 2)
        assert sender.reads


def test_what_comes_while_the_rest_is_served_comes_behind_it() -> None:
    """Though nothing holds the sender back by then."""
    place = Place(level=BOUND)
    sender = Sender([place], brings={1: 3})
    say(sender, 3)
    assert sender.served == [0]
    place.level = -BOUND
    place.pressure.relieve()
    assert sender.served == [0, 1, 2, 3]
    assert sender.reads


def test_who_has_departed_is_not_waited_for() -> None:
    """Nor held back, whatever of it is still served."""
    place = Place(level=BOUND)
    sender, other = Sender([place]), Sender([place])
    say(sender, 2)
    assert place.pressure
    sender.flush()
    sender.depart()
    assert not place.pressure
    say(sender, 1)
    assert not place.pressure
    say(other, 1)
    place.fall(place.level)
    assert (sender.reads, other.reads) == (False, True)


def test_who_departs_while_it_goes_on_is_not_resumed() -> None:
    """What is behind the message that ends it is of no use to anybody."""
    place = Place()
    sender = Sender([place], departs_at=4)
    place.level = BOUND - 2
    say(sender, 9)
    assert sender.served == [0, 1]
    place.fall(place.level)
    place.fall(place.level)
    assert sender.served == [0, 1, 2, 3, 4]
    assert not sender.reads
    assert not place.pressure


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 5)), st.booleans()), min_size=1, max_size=4),
    st.booleans(),
)
def test_one_that_fails_keeps_nobody_else_waiting(
    fates: list[tuple[set[int], bool]],
    at_once: bool,
) -> None:
    """All of them go on, with what is not at fault, and every fault is told."""
    turns: list[Callable[[], None]] = []
    place = Place(turns=None if at_once else turns)
    senders = [Sender([place], breaks_at={3 + which for which in fate}) for fate, _ in fates]
    for sender in senders:
        place.level = BOUND
        say(sender, 3 + 6)
        assert not sender.reads
    told: list[Any] = []
    for _ in range(60):
        try:
            place.fall(place.level)
            for turn in [turns.pop() for _ in turns[:1]]:
                turn()
        except ExceptionGroup as group:
            told += group.exceptions
    assert all(sender.reads for sender in senders)
    assert all(sender.served == list(range(9)) for sender in senders)
    assert len(told) == sum(len(sender.breaks_at) for sender in senders)


def test_a_sender_says_itself_how_it_is_paused() -> None:
    """And what its messages are for."""
    sender: FlowControlled[int] = FlowControlled()
    with pytest.raises(NotImplementedError):
        sender.admit(1)
    with pytest.raises(NotImplementedError):
        sender.pause_reading()
    with pytest.raises(NotImplementedError):
        sender.resume_reading()


@pytest.mark.parametrize("comes", [True, False], ids=["comes", "fails"])
def test_a_sender_waits_until_something_is_known(comes: bool) -> None:
    """Behind those who waited for the same before; whatever it comes to."""
    sender, outcome = Sender([]), Promise[int]()
    outcome.then(sender.served.append, lambda _: sender.served.append(-1))
    hold_until(sender, outcome)
    sender.admit(7)
    assert (sender.reads, sender.served) == (False, [])
    outcome.give(1) if comes else outcome.fail(BusTimeout())
    assert (sender.reads, sender.served) == (True, [1 if comes else -1, 7])


def test_a_sender_that_waits_for_two_goes_on_with_the_later() -> None:
    """And one that has departed is waited with by nobody."""
    sender, first, second = Sender([]), Promise[int](), Promise[int]()
    hold_until(sender, first)
    hold_until(sender, second)
    second.give(1)
    assert not sender.reads
    first.give(1)
    assert sender.reads
    third = Promise[int]()
    hold_until(sender, third)
    sender.depart()
    third.give(1)
    assert not sender.reads
