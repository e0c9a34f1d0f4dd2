# SPDX-License-Identifier: MIT
"""Rooms and members, against a plain model."""

from attrs import define
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wsecho.core.rooms import Hub

TTL = 10.0
ROOMS = st.sampled_from(["a", "b", "c"])


@define(eq=False)
class FakeMember:
    """A member that only says whether it wants its own messages."""

    wants_own: bool


class HubMachine(RuleBasedStateMachine):
    """Joins, leaves, publishes and lets time pass, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.hub: Hub[FakeMember] = Hub(idle_ttl=TTL)
        self.members: dict[str, list[FakeMember]] = {}
        self.used: dict[str, float] = {}

    @rule(room=ROOMS, wants_own=st.booleans())
    def join(self, room: str, wants_own: bool) -> None:
        """A new member comes."""
        member = FakeMember(wants_own)
        self.hub.join(room, member, self.now)
        self.members.setdefault(room, []).append(member)
        self.used[room] = self.now

    @rule(room=ROOMS, data=st.data())
    def leave(self, room: str, data: st.DataObject) -> None:
        """A member goes, and going twice is no harm."""
        if members := self.members.get(room):
            member = data.draw(st.sampled_from(members))
            self.hub.leave(room, member, self.now)
            members.remove(member)
            self.used[room] = self.now
            self.hub.leave(room, member, self.now)

    @rule(room=ROOMS, data=st.data())
    def publish(self, room: str, data: st.DataObject) -> None:
        """Everybody gets it in the order of joining, the sender as it wishes."""
        members = self.members.setdefault(room, [])
        sender = data.draw(st.sampled_from([None, *members]))
        audience = self.hub.publish(room, sender, self.now)
        assert audience == [m for m in members if m is not sender or m.wants_own]
        self.used[room] = self.now

    @rule(seconds=st.floats(0, 2 * TTL))
    def time_passes(self, seconds: float) -> None:
        """Rooms that stood empty and unused for the whole time go, no other."""
        self.now += seconds
        stale = {
            room
            for room, used in self.used.items()
            if not self.members.get(room) and self.now - used >= TTL
        }
        assert self.hub.sweep(self.now) == len(stale)
        for room in stale:
            del self.used[room]

    @invariant()
    def only_used_rooms_exist(self) -> None:
        """No room appears by itself, none is lost early."""
        assert len(self.hub) == len(self.used)
        assert all(room in self.hub for room in self.used)


TestHub = HubMachine.TestCase


def test_a_member_may_go_while_a_message_goes_round() -> None:
    """The audience is a snapshot: leaving in the middle of a fan-out is no error."""
    hub: Hub[FakeMember] = Hub(idle_ttl=TTL)
    members = [FakeMember(wants_own=True) for _ in range(3)]
    for member in members:
        hub.join("a", member, 0)
    for member in hub.publish("a", None, 0):
        hub.leave("a", member, 0)
    assert hub.publish("a", None, 0) == []


def test_a_sender_that_is_no_member_is_no_error() -> None:
    """A member that was closed for reading too slowly may still have been speaking."""
    hub: Hub[FakeMember] = Hub(idle_ttl=TTL)
    listener = FakeMember(wants_own=True)
    hub.join("a", listener, 0)
    assert hub.publish("a", FakeMember(wants_own=False), 0) == [listener]
