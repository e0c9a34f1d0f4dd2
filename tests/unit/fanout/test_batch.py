# SPDX-License-Identifier: MIT
"""What may go round a room together, and how it goes."""

from typing import Any

from attrs import define, field

from wsecho.core.rooms.history import Message
from wsecho.core.wire.positions import Position
from wsecho.fanout.batch import MAX_MESSAGES, MAX_OCTETS, Batch


@define(eq=False)
class Member:
    """Who is delivered to by itself."""

    heard: list[bytes] = field(factory=list)

    def deliver(self, message: Message) -> None:
        """Hear a message."""
        self.heard.append(message.payload)


@define(eq=False)
class Group:
    """Members that are sent to together, and what goes round among them."""

    members: list[Member]
    sent: list[bytes] = field(factory=list)
    went: int = 0

    @property
    def first(self) -> Any:
        """One of them, which writes for all."""
        return self

    def written(self, message: Message) -> bytes:
        """Write a message."""
        return b"<" + message.payload + b">"

    def begin(self, octets: bytes) -> "Group":
        """Begin to send something."""
        self.sent.append(octets)
        return self

    def add(self, octets: bytes) -> None:
        """Send something more."""
        self.sent.append(octets)

    def is_for(self, other: "Group") -> bool:
        """Tell whether it goes round in a group."""
        return other is self

    def __len__(self) -> int:
        return len(self.members) - self.went

    def advance(self, count: int) -> list[Member]:
        """Send to some; return those whom it could not be sent to."""
        begin, self.went = self.went, min(self.went + count, len(self.members))
        return self.members[begin : begin + 1]


def group_of(count: int) -> Any:
    """A group of some members."""
    return Group([Member() for _ in range(count)])


def message(payload: bytes = b"x", offset: int = 1) -> Message:
    """A message."""
    return Message(Position("e", offset), payload, is_binary=False, time=0.0, publication=1)


def batch(audience: Any = (), groups: Any = (), payload: bytes = b"x") -> Batch:
    """A batch that has not gone yet."""
    return Batch(message(payload), None, audience, groups)


def roll(made: Batch) -> list[int]:
    """Have it go; how many were served before each rest."""
    rests, steps = [], made.roll()
    try:
        while True:
            rests.append(next(steps))
    except StopIteration as end:
        return [*rests, end.value]


def test_it_comes_to_everybody() -> None:
    """In slices, and what could not be sent to some is delivered to them."""
    alone = [Member() for _ in range(3)]
    group = group_of(2_500)
    rests = roll(batch(alone, [group]))
    assert sum(rests) == 2_503
    assert len(rests) > 2
    assert [member.heard for member in alone] == [[b"x"]] * 3
    assert group.sent == [b"<x>"]
    assert group.members[0].heard == [b"x"]
    assert len(group) == 0


def test_what_goes_to_the_same_goes_along() -> None:
    """Written once for all, and in its order."""
    group = group_of(1)
    made = batch((), [group], b"a")
    assert made.add(message(b"b"), "origin", (), [group])
    assert made.add(message(b"c"), None, (), [group])
    assert [(each.payload, origin) for each, origin in made.messages] == [
        *((b"a", None), (b"b", "origin"), (b"c", None)),
    ]
    roll(made)
    assert group.sent == [b"<a>", b"<b>", b"<c>"]
    assert group.members[0].heard == [b"a", b"b", b"c"]


def test_what_goes_to_others_does_not_go_along() -> None:
    """Nor where somebody is delivered to by itself: he hears it in the order of all."""
    group, other = group_of(1), group_of(1)
    alone: Any = [Member()]
    assert not batch(alone, [group]).add(message(), None, (), [group])
    assert not batch((), [group]).add(message(), None, alone, [group])
    assert not batch((), [group]).add(message(), None, (), [other])
    assert not batch((), [group]).add(message(), None, (), [group, other])
    assert not batch((), [group]).add(message(), None, (), [])
    assert len(group.sent) == 5
    assert other.sent == []


def test_no_more_go_together_than_are_good_for_others() -> None:
    """In number, and in octets; one of any size goes by itself."""
    group = group_of(1)
    made = batch((), [group])
    while made.add(message(), None, (), [group]):
        assert len(made.messages) <= MAX_MESSAGES
    assert len(made.messages) == MAX_MESSAGES
    half = b"x" * (MAX_OCTETS // 2)
    made = batch((), [group], half)
    assert made.add(message(half), None, (), [group])
    assert not made.add(message(b"x"), None, (), [group])
    assert not batch((), [group], half * 3).add(message(), None, (), [group])
