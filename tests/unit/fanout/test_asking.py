# SPDX-License-Identifier: MIT
"""The rooms as one visit has them: asked about, in order, and once."""

from collections import UserDict
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.unit.fanout.test_rooms import Member, make
from wsecho import hooks
from wsecho.core.http.requests import RequestHead
from wsecho.core.limits.backpressure import FlowControlled
from wsecho.core.promise import Later, settle
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.retries import Keyed, KeyReusedError, NotSaid
from wsecho.core.rooms.rules import RoomRules, RoomTable
from wsecho.core.wire.errors import Forbidden, Internal
from wsecho.core.wire.grants import EVERYTHING
from wsecho.fanout.asking import AskedRooms, Asking
from wsecho.fanout.rooms import Rooms
from wsecho.hooks import Message, Visit
from wsecho.hooks.questions import Questions


@define(eq=False)
class Slow:
    """An application whose answers are given by the test."""

    asked: list[Any] = field(factory=list)
    answers: list[Deferred[Any]] = field(factory=list)
    claims: Any = None

    def connecting(self, _visit: Visit) -> Any:
        """Answer at once."""
        return self.claims

    def joining(self, visit: Visit, room: str) -> Deferred[Any]:
        """Answer later."""
        return self._later((visit.sub, room))

    def publishing(self, _visit: Visit, _room: str, message: Message) -> Deferred[Any]:
        """Answer later."""
        return self._later(message.data)

    def _later(self, asked: Any) -> Deferred[Any]:
        self.asked.append(asked)
        self.answers.append(Deferred())
        return self.answers[-1]


@define(eq=False)
class Sender(FlowControlled[str]):
    """A connection that says what comes in a room."""

    rooms: AskedRooms
    outcomes: list[Any] = field(factory=list)
    is_read: bool = True

    def serve(self, message: str) -> None:
        """Say it."""
        outcomes: list[Any] = []
        self.outcomes.append(outcomes)
        note(self.rooms.publish("a", message.encode(), is_binary=False), outcomes)

    def pause_reading(self) -> None:
        """Read no more."""
        self.is_read = False

    def resume_reading(self) -> None:
        """Read again."""
        self.is_read = True


def note(outcome: Later[Any], outcomes: list[Any]) -> list[Any]:
    """Keep what something comes to."""
    settle(outcome, outcomes.append, outcomes.append)
    return outcomes


def asking(app: object, *tables: RoomTable, clock: Clock | None = None) -> Asking:
    """Rooms that an application is asked about."""
    clock = clock or Clock()
    questions = Questions([app], 2.0, clock, 1000)
    return Asking(questions, make(clock), RoomRules(tables=tables), {"cookie"})


def visit(ask: Asking, sub: str | None = None) -> AskedRooms:
    """The rooms, as somebody has them."""
    return ask.rooms_of(Visit("v", "192.0.2.1"), Caller("192.0.2.1", sub=sub))


def texts(rooms: Rooms, room: str = "a") -> list[str]:
    """What a room has."""
    return [message.payload.decode() for message in rooms.read(room)]


def test_a_request_is_a_visit() -> None:
    """With the headers that were asked for, joined where one stands twice."""
    head = RequestHead.parse(
        b"GET /broadcast/a%2Fb?token=x HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\n"
        b"Cookie: a=1\r\nX-Other: y\r\nCookie: b=2\r\n\r\n"
    )
    caller = Caller("[2001:db8::1]:99", EVERYTHING, "ann", "Ann", claims={"sub": "ann", "x": 1})
    found = asking(Slow()).visit(head, caller, "v1")
    assert (found.address, found.origin, found.path) == (
        *("2001:db8::1", "https://a.test"),
        "/broadcast/a%2Fb",
    )
    assert found.headers == {"cookie": "a=1, b=2"}
    assert (found.sub, found.name, found.claims["x"], found.door) == ("ann", "Ann", 1, "v1")
    assert found.id != asking(Slow()).visit(head, caller, "v1").id


def test_claims_say_who_that_is() -> None:
    """Instead of its token."""
    app = Slow(claims={"sub": "bob", "rooms": {"join": ["b*"]}, "exp": 1_005})
    ask, known = asking(app), Caller("192.0.2.1:1", EVERYTHING, "ann", secret="s" * 16)
    caller = ask.connect(Visit("v", "192.0.2.1"), known)
    assert isinstance(caller, Caller)
    assert (caller.sub, caller.secret, caller.expires) == ("bob", "s" * 16, 1_005)
    assert caller.is_vouched_for
    assert not caller.grants.may("publish", "b")
    app.claims = None
    assert ask.connect(Visit("v", "192.0.2.1"), known) is known


class Unreadable(UserDict[str, Any]):
    """Claims whose reading fails."""

    def __iter__(self) -> Iterator[str]:
        """Fail."""
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "claims",
    [
        *({"rooms": "all"}, {"sub": 5}, {"exp": "soon"}, {"exp": 10**400}, Unreadable(sub="x")),
        *({"exp": 1_000}, {"exp": 1}, {"nbf": 1_001}),
    ],
    ids=["grants", "sub", "text", "huge", "unreadable", "over", "long-over", "early"],
)
def test_claims_that_are_none_are_the_applications_fault(claims: Any) -> None:
    """As are those whose time is over, or has not come."""
    with pytest.raises(Internal):
        asking(Slow(claims=claims)).connect(Visit("v", "192.0.2.1"), Caller("192.0.2.1:1"))


def test_rules_say_which_questions_are_asked() -> None:
    """Of a room that asks nothing nobody waits for anything."""
    table = RoomTable("quiet", {"ask": frozenset()})
    ask = asking(app := Slow(), table)
    rooms = visit(ask)
    assert rooms.attach("quiet") is None
    rooms.publish("quiet", b"x", is_binary=False)
    assert (app.asked, texts(ask.rooms, "quiet")) == ([], ["x"])
    assert (ask.asks_to_join("quiet"), ask.asks_to_join("other")) == (False, True)


@given(st.lists(st.sampled_from(["yes", "no", "drop", "other"]), max_size=6), st.booleans())
def test_messages_stay_in_order(answers: list[str], ends: bool) -> None:
    """One question at a time, and nothing is read meanwhile; an end lets none be forgotten."""
    ask = asking(app := Slow())
    sender = Sender(visit(ask))
    sender.rooms.belong_to(sender)
    for number in range(len(answers)):
        sender.admit(str(number))
    if ends:
        sender.flush()
        sender.depart()
    expected = []
    for number, answer in enumerate(answers):
        assert app.asked == [str(each) for each in range(number + 1)]
        assert not sender.is_read
        if answer == "no":
            app.answers[number].errback(hooks.Forbidden())
        elif answer == "drop":
            app.answers[number].errback(hooks.Drop())
        else:
            app.answers[number].callback("other" if answer == "other" else None)
            expected.append("other" if answer == "other" else str(number))
        assert len(sender.outcomes[number]) == 1
    assert texts(ask.rooms) == expected
    assert sender.is_read is not (ends and bool(answers))
    kinds = [type(outcome[0]) for outcome in sender.outcomes]
    assert [kind is Forbidden for kind in kinds] == [answer == "no" for answer in answers]
    assert [kind is NotSaid for kind in kinds] == [answer == "drop" for answer in answers]


def test_what_waits_can_be_forgotten() -> None:
    """Behind a no, by a door that ends with it."""
    ask = asking(app := Slow())
    sender = Sender(visit(ask))
    sender.rooms.belong_to(sender)
    sender.admit("1")
    sender.admit("2")
    sender.flush()
    sender.rooms.forget_waiting()
    app.answers[0].callback(None)
    assert (app.asked, texts(ask.rooms)) == (["1"], ["1"])


def test_a_room_is_asked_about_before_it_is_there() -> None:
    """By who that is now."""
    ask = asking(app := Slow())
    rooms = visit(ask, "ann")
    heard = note(rooms.attach("a"), [])
    assert (app.asked, heard, "a" in ask.rooms.hub) == ([("ann", "a")], [], False)
    app.answers[0].callback(None)
    assert heard == [None]
    rooms.present_as(Caller("192.0.2.1", sub="bob"))
    heard = note(rooms.ask_to_join("a"), [])
    app.answers[1].errback(hooks.Forbidden("members only"))
    assert app.asked[1] == ("bob", "a")
    assert [error.reason for error in heard] == ["members only"]


def test_a_key_is_looked_up_before_anybody_is_asked() -> None:
    """By what was sent, whatever was said in its place."""
    ask, keyed = asking(app := Slow()), Keyed("k")
    rooms = visit(ask)
    first = note(rooms.publish("a", b"x", is_binary=False, keyed=keyed), [])
    app.answers[0].callback("y")
    again = note(rooms.publish("a", b"x", is_binary=False, keyed=keyed), [])
    assert again == first
    with pytest.raises(KeyReusedError):
        rooms.publish("a", b"y", is_binary=False, keyed=keyed)
    assert (app.asked, texts(ask.rooms)) == (["x"], ["y"])


def test_one_refusal_refuses_the_whole() -> None:
    """Of the same in many rooms; else each room has its own answer."""
    ask = asking(app := Slow())
    rooms = visit(ask)
    said: dict[str, Any] = {"is_binary": False, "keyed": Keyed("k")}
    heard = note(rooms.publish_to_all(["a", "b", "c"], b"x", **said), [])
    app.answers[0].callback(None)
    app.answers[1].callback(b"other")
    assert heard == []
    app.answers[2].errback(hooks.Forbidden())
    assert [type(error) for error in heard] == [Forbidden]
    assert texts(ask.rooms) == []
    heard = note(rooms.publish_to_all(["a", "b", "c"], b"x", **said), [])
    app.answers[3].callback(None)
    app.answers[4].callback(b"other")
    app.answers[5].errback(hooks.Drop())
    [receipts] = heard
    assert [type(receipts[room]) is NotSaid for room in "abc"] == [False, False, True]
    assert [texts(ask.rooms, room) for room in "abc"] == [["x"], ["other"], []]
    heard = note(rooms.publish_to_all(["a", "b"], b"x", **said), [])
    assert len(app.asked) == 6
    assert heard == [{"a": receipts["a"], "b": receipts["b"]}]


def test_who_is_gone_is_not_waited_for() -> None:
    """A single request's question is given up with it, and its message is not said."""
    ask = asking(app := Slow())
    outcome = visit(ask).publish("a", b"x", is_binary=False)
    outcome.cancel()  # type: ignore[union-attr]  # it has to wait
    assert app.answers[0].called
    assert texts(ask.rooms) == []


def test_all_shares_one_set_of_rooms() -> None:
    """Whoever comes by which visit."""
    ask = asking(Slow(), RoomTable("*", {"ask": frozenset()}))
    first, second, member = visit(ask), visit(ask), Member()
    first.join("a", member)
    second.publish("a", b"x", is_binary=False)
    assert member.texts == ["x"]
    assert len(ask.rooms.hub) == len(first.hub) == 1
