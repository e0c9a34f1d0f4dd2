# SPDX-License-Identifier: MIT
"""Rooms, members, history and positions, against a plain model."""

from collections.abc import Iterator
from itertools import count

import pytest
from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import History
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.retries import KEEP, Keyed, KeyReusedError
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.positions import Position

TTL = 10.0
LIMIT = 4
ROOMS = st.sampled_from(["a", "b", "c"])


ANYBODY = Caller("somewhere")


@define(eq=False)
class FakeMember:
    """A member that only says whether it wants its own messages."""

    wants_own: bool = True
    hears: bool = True
    is_present: bool = True
    wants_presence: bool = False
    door: str = "raw"
    caller: Caller = ANYBODY


@define
class Model:
    """What a room should be."""

    epoch: str
    used: float
    members: list[FakeMember] = field(factory=list)
    head: int = 0
    kept: list[tuple[int, bytes, float]] = field(factory=list)

    def expire(self, now: float) -> None:
        """Forget what is too old."""
        while self.kept and now - self.kept[0][2] >= TTL:
            self.kept.pop(0)


def epochs() -> Iterator[str]:
    """Words that never repeat."""
    return (f"e{number}" for number in count())


def make_hub(limit: int = LIMIT) -> Hub[FakeMember]:
    """A hub that keeps little."""
    words = epochs()
    return Hub(Rules(limit, TTL), lambda: next(words))


def say(text: str = "x", key: str | None = None, caller: str = "") -> PublishRequest:
    """Something to say."""
    keyed = None if key is None else Keyed(key, caller)
    return PublishRequest(text.encode(), is_binary=False, publication=1, keyed=keyed)


class HubMachine(RuleBasedStateMachine):
    """Joins, leaves, publishes, resumes and lets time pass, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.hub = make_hub()
        self.rooms: dict[str, Model] = {}
        self.past: list[Position] = [Position("other", 0)]

    def use(self, room: str) -> Model:
        """The model's room, made by its use."""
        if room not in self.rooms:
            epoch = self.hub.position(room, self.now).epoch
            assert all(epoch != position.epoch for position in self.past)
            self.rooms[room] = Model(epoch, self.now)
        model = self.rooms[room]
        model.used = self.now
        model.expire(self.now)
        return model

    @rule(room=ROOMS, wants_own=st.booleans())
    def join(self, room: str, wants_own: bool) -> None:
        """A new member comes."""
        member = FakeMember(wants_own)
        self.hub.join(room, member, self.now)
        self.use(room).members.append(member)

    @rule(room=ROOMS, data=st.data())
    def leave(self, room: str, data: st.DataObject) -> None:
        """A member goes, and going twice is no harm."""
        if room in self.rooms and (members := self.rooms[room].members):
            member = data.draw(st.sampled_from(members))
            self.hub.leave(room, member, self.now)
            members.remove(member)
            self.rooms[room].used = self.now
            self.hub.leave(room, member, self.now)

    @rule(room=ROOMS, payload=st.binary(max_size=3), data=st.data())
    def publish(self, room: str, payload: bytes, data: st.DataObject) -> None:
        """It gets the next position; everybody gets it in the order of joining."""
        model = self.use(room)
        sender = data.draw(st.sampled_from([None, *model.members]))
        said = PublishRequest(payload, is_binary=True, publication=7)
        delivery = self.hub.publish(room, said, sender, self.now)
        model.head += 1
        model.kept = [*model.kept, (model.head, payload, self.now)][-LIMIT:]
        assert delivery.receipt.position == Position(model.epoch, model.head)
        assert delivery.message is not None
        assert delivery.message.payload == payload
        assert delivery.audience == [
            member for member in model.members if member is not sender or member.wants_own
        ]
        self.past.append(delivery.receipt.position)

    @rule(room=ROOMS, data=st.data())
    def resume(self, room: str, data: st.DataObject) -> None:
        """Either each later message, in order, or a plain no."""
        model = self.use(room)
        history = self.hub.read(room, self.now)
        position = data.draw(st.sampled_from(self.past))
        oldest = model.head - len(model.kept)
        possible = position.epoch == model.epoch and oldest <= position.offset <= model.head
        assert history.can_resume(position) is possible
        assert history.position == Position(model.epoch, model.head)
        if possible:
            missed = [(m.position.offset, m.payload) for m in history.after(position.offset)]
            assert missed == [(o, p) for o, p, _ in model.kept if o > position.offset]

    @rule(seconds=st.floats(0, 2 * TTL))
    def time_passes(self, seconds: float) -> None:
        """Rooms that stood empty and unused for the whole time go, no other."""
        self.now += seconds
        stale = {
            name
            for name, model in self.rooms.items()
            if not model.members and self.now - model.used >= TTL
        }
        assert self.hub.sweep(self.now) == len(stale)
        for name in stale:
            del self.rooms[name]

    @invariant()
    def only_used_rooms_exist(self) -> None:
        """No room appears by itself, none is lost early."""
        assert sorted(self.hub.names()) == sorted(self.rooms)


def test_a_hub_does_as_a_plain_model_does() -> None:
    """Its rooms, their order and what they remember."""
    run_state_machine_as_test(HubMachine)


def test_a_member_may_go_while_a_message_goes_round() -> None:
    """The audience is a snapshot: leaving in the middle of a fan-out is no error."""
    hub = make_hub()
    for _ in range(3):
        hub.join("a", FakeMember(), 0)
    for member in hub.publish("a", say(), None, 0).audience:
        hub.leave("a", member, 0)
    assert hub.publish("a", say(), None, 0).audience == []


def test_a_sender_that_is_no_member_is_no_error() -> None:
    """A member that was closed for reading too slowly may still have been speaking."""
    hub = make_hub()
    listener = FakeMember()
    hub.join("a", listener, 0)
    assert hub.publish("a", say(), FakeMember(wants_own=False), 0).audience == [listener]


def test_a_room_may_remember_nothing() -> None:
    """Positions go on all the same, and only the newest can be resumed."""
    hub = make_hub(0)
    position = hub.publish("a", say(), None, 0).receipt.position
    history = hub.read("a", 0)
    assert history.can_resume(position)
    assert not history.can_resume(Position(position.epoch, 0))
    assert list(history) == []


def test_messages_that_expire_leave_the_position_as_it_is() -> None:
    """Offsets are never given twice within an epoch."""
    history = History("e", 10, TTL)
    hub = make_hub()
    hub.join("a", FakeMember(), 0)
    before = hub.publish("a", say(), None, 0).receipt.position
    assert hub.read("a", 2 * TTL).position == before
    assert hub.publish("a", say(), None, 2 * TTL).receipt.position.offset == before.offset + 1
    assert str(history.position) == "e:0"


def test_a_retry_under_its_key_happens_once() -> None:
    """The same receipt, no second message; after its time the key is a new one."""
    hub = make_hub()
    first = hub.publish("a", say("x", "k"), None, 0)
    again = hub.publish("a", say("x", "k"), None, KEEP - 1)
    assert again.receipt == first.receipt
    assert (again.message, again.audience) == (None, [])
    late = hub.publish("a", say("x", "k"), None, KEEP + 1)
    assert late.receipt.position.offset == 2


def test_a_key_is_its_callers_and_its_rooms() -> None:
    """Another caller's, or another room's, is another key."""
    hub = make_hub()
    hub.publish("a", say("x", "k"), None, 0)
    assert hub.publish("a", say("x", "k", "ann"), None, 0).message is not None
    assert hub.publish("b", say("x", "k"), None, 0).message is not None


def test_a_key_with_another_message_is_an_error() -> None:
    """Text and binary of the same bytes differ too."""
    hub = make_hub()
    hub.publish("a", say("x", "k"), None, 0)
    with pytest.raises(KeyReusedError):
        hub.publish("a", say("y", "k"), None, 0)
    with pytest.raises(KeyReusedError):
        hub.publish(
            "a", PublishRequest(b"x", is_binary=True, publication=1, keyed=Keyed("k")), None, 0
        )
