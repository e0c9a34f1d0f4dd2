# SPDX-License-Identifier: MIT
"""Whatever is cut, and when: nothing is lost, nothing doubled, each gap told."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.unit.client.protocol.simulated import Simulation
from wsecho.client.errors import Gap
from wsecho.client.model import Message, Position
from wsecho.client.protocol.plan import Plan
from wsecho.client.protocol.refusals import passing


class ClientOfARoom(RuleBasedStateMachine):
    """A client reads and writes while everything between it and the room's messages fails."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation()
        self.count = 0
        self.is_all_kept = True

    def fresh(self, who: str) -> str:
        """Words that nobody said before."""
        self.count += 1
        return f"{who} {self.count}"

    @initialize(on_gap=st.sampled_from(["raise", "skip"]), said=st.integers(0, 5))
    def begin(self, on_gap: str, said: int) -> None:
        """The room has had some messages before."""
        self.simulation = Simulation(Plan(on_gap=on_gap))  # type: ignore[arg-type]
        for _ in range(said):
            self.simulation.room.say(self.fresh("before"))
        self.simulation.start()
        # Whoever cannot enter is told so, which other tests show.
        self.simulation.open()
        self.simulation.deliver()

    @rule()
    def publish(self) -> None:
        """The client says something."""
        self.simulation.publish(self.fresh("mine"))

    @rule(messages=st.integers(1, 3))
    def others_publish(self, messages: int) -> None:
        """Others do."""
        for _ in range(messages):
            self.simulation.room.say(self.fresh("theirs"))

    @rule()
    def flood(self) -> None:
        """More comes than anybody reads."""
        for _ in range(1_100):
            self.simulation.room.say(self.fresh("many"))

    @precondition(lambda self: self.simulation.connecting is not None)
    @rule()
    def open(self) -> None:
        """A connection comes to be."""
        self.simulation.open()

    @precondition(lambda self: self.simulation.connecting or self.simulation.connection)
    @rule()
    def cut(self) -> None:
        """It goes, with all that is on its way: also answers to what the server did."""
        self.simulation.cut()

    @precondition(lambda self: self.simulation.connection is not None)
    @rule()
    def follow(self) -> None:
        """The server sends what there is."""
        assert self.simulation.connection is not None
        self.simulation.connection.follow()

    @precondition(
        lambda self: self.simulation.connection is not None and self.simulation.connection.to_server
    )
    @rule()
    def serve(self) -> None:
        """The server takes a frame of the client's."""
        assert self.simulation.connection is not None
        self.simulation.connection.take()

    @precondition(
        lambda self: (
            self.simulation.connection is not None
            and self.simulation.connection.epoch == self.simulation.room.epoch
            and self.simulation.connection.at < len(self.simulation.room.log)
        )
    )
    @rule()
    def skip(self) -> None:
        """The server leaves messages out, for a slow reader."""
        connection = self.simulation.connection
        assert connection is not None
        connection.skip(len(self.simulation.room.log))

    @rule(frames=st.sampled_from([1, 2, 2_000]))
    def deliver(self, frames: int) -> None:
        """Frames come to the client."""
        self.simulation.deliver(frames)

    @rule(items=st.sampled_from([1, 3, 600]))
    def read(self, items: int) -> None:
        """The program reads."""
        self.simulation.take(items)

    @precondition(lambda self: self.simulation.posts)
    @rule(is_answered=st.booleans())
    def post(self, is_answered: bool) -> None:
        """A POST arrives; its answer may not."""
        simulation = self.simulation
        post = simulation.posts.pop(0)
        offset = simulation.room.say(post.entry.data, post.entry.key)
        if is_answered:
            position = Position(simulation.room.epoch, offset)
            simulation.machine.posted(post.entry, position, simulation.now)
        else:
            simulation.machine.not_posted(post.entry, passing("eaten"), simulation.now)
        simulation.perform()

    @rule()
    def begin_anew(self) -> None:
        """The server restarts without Redis."""
        self.simulation.room.begin_anew()
        self.is_all_kept = False

    @rule()
    def forget(self) -> None:
        """What was said is not kept any more."""
        self.simulation.room.forget()
        self.is_all_kept = False

    @rule(seconds=st.sampled_from([0.1, 3.0, 30.0]))
    def pass_time(self, seconds: float) -> None:
        """Time goes by."""
        self.simulation.pass_time(seconds)

    def teardown(self) -> None:
        """In the end, when nothing fails any more, it adds up."""
        simulation = self.simulation
        simulation.settle()
        self.check_what_was_read()
        self.check_what_was_said()

    def check_what_was_read(self) -> None:
        """Each message follows the one before, or a gap between them; the last is the room's."""
        room, place = self.simulation.room, None
        if self.is_all_kept and self.simulation.plan.on_gap == "raise":
            assert self.simulation.gaps == []
        told = room.everything()
        for item in self.simulation.read:
            if isinstance(item, Gap):
                assert place in {None, item.after}
                place = item.position
            elif isinstance(item, Message):
                here = item.position
                assert place in {None, Position(here.epoch, here.offset - 1)}
                assert told[here.epoch][here.offset - 1] == item.data
                place = here
        if place is not None:
            assert place == Position(room.epoch, len(room.log))

    def check_what_was_said(self) -> None:
        """Each was acknowledged; an epoch has it once, where it was said, in the calls' order."""
        simulation = self.simulation
        told = simulation.room.everything()
        assert len(simulation.machine.publishing.outbox) == 0
        last: dict[str, int] = {}
        for settled in sorted(simulation.said, key=lambda each: each.entry.number):
            assert isinstance(settled.outcome, Position), settled.outcome
            epoch, offset = settled.outcome.epoch, settled.outcome.offset
            assert told[epoch][offset - 1] == settled.entry.data
            assert told[epoch].count(settled.entry.data) == 1
            # What an epoch that was lost had taken is said again, behind what is on its way.
            assert offset > last.get(epoch, 0) or simulation.room.past
            last[epoch] = offset


def test_nothing_is_lost_and_nothing_doubled() -> None:
    """Whatever happens between a client and a room's messages."""
    run_state_machine_as_test(ClientOfARoom)
