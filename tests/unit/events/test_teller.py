# SPDX-License-Identifier: MIT
"""What listeners are told of a server that is one process, and when."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.support.buses import Member
from tests.support.told import NotingListener
from wsecho.core.events.batches import EventBatch, EventsRead, WaitingEvent
from wsecho.core.events.event_log import MAX_WAITING
from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.leases import HeldError
from wsecho.core.rooms.rules import EVENTS, RoomRules, RoomTable
from wsecho.events.listener import NotTakenError
from wsecho.events.teller import EventTeller
from wsecho.fanout.rooms import Rooms
from wsecho.server.stats import Stats


@define(eq=False)
class Server:
    """Rooms, and those who are told of them."""

    listeners: Sequence[NotingListener]
    tables: Sequence[RoomTable] = ()
    clock: Clock = field(factory=Clock)
    rooms: Rooms = field(init=False)
    teller: EventTeller = field(init=False)

    def __attrs_post_init__(self) -> None:
        rules = RoomRules(tables=tuple(self.tables))
        self.rooms = Rooms(Rules(), self.clock, Stats(self.clock, tells=False), room_rules=rules)
        self.teller = EventTeller(self.listeners, self.rooms.open_events, self.clock)
        self.teller.startService()
        self.clock.advance(0)

    def join(self, room: str = "a", **member: Any) -> Member:
        """Have somebody come."""
        made = Member(hears=False, wants_presence=False, **member)
        self.rooms.join(room, made)  # type: ignore[arg-type]  # nobody delivers to it
        self.clock.advance(0)
        return made

    def leave(self, member: Member, room: str = "a") -> None:
        """Have him go."""
        self.rooms.leave(room, member)  # type: ignore[arg-type]
        self.clock.advance(0)

    def say(self, text: str | bytes, room: str = "a") -> None:
        """Say something."""
        payload = text.encode() if isinstance(text, str) else text
        self.rooms.publish(
            room, payload, is_binary=isinstance(text, bytes), author=Author("me", "Me")
        )
        self.clock.advance(0)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(int(seconds * 4)):
            self.clock.advance(0.25)


def make_server(
    answer: Callable[[EventBatch], Any] = lambda _: None, tables: Sequence[RoomTable] = ()
) -> tuple[Server, NotingListener]:
    """Make one with one listener."""
    listener = NotingListener(answer=answer)
    return Server([listener], tables), listener


ALL = RoomTable("*", {"tell": frozenset(EVENTS)})


def test_a_visit_is_told() -> None:
    """The room is occupied, somebody comes, says something, goes, and it is vacated."""
    server, listener = make_server(tables=[ALL])
    member = server.join()
    server.say("hello")
    server.say(b"\0\xff")
    server.leave(member)
    assert listener.told() == ["occupied", "join", "message hello", "message AP8=", "leave"]
    server.wait(1.75)
    assert "vacated" not in listener.told()
    server.wait(0.5)
    assert listener.told()[-1] == "vacated"
    occupied, join, said, _, leave, vacated = listener.taken
    for event in listener.taken:
        assert event["room"] == "a"
        assert isinstance(event["time"], int)
    assert set(occupied) == set(vacated) == {"id", "time", "event", "room"}
    assert set(join["member"]) == {"id", "door", "since"}
    assert join["member"] == leave["member"]
    assert said["from"] == {"id": "me", "name": "Me"}
    assert said["position"].endswith(":1")
    identifiers = [event["id"] for event in listener.taken]
    assert identifiers == sorted(set(identifiers))


def test_whoever_comes_back_in_time_vacates_nothing() -> None:
    """Though each coming and going is told."""
    server, listener = make_server()
    for _ in range(3):
        server.leave(server.join())
        server.wait(1)
    server.wait(2)
    assert listener.told() == ["occupied", *["join", "leave"] * 3, "vacated"]


def test_what_is_said_is_told_only_where_a_rule_says_so() -> None:
    """And a rule that tells nothing tells nothing."""
    quiet = RoomTable("quiet", {"tell": frozenset()})
    server, listener = make_server(tables=[quiet, RoomTable("b", {"tell": frozenset({"message"})})])
    for room in ("a", "b", "quiet"):
        server.leave(server.join(room), room)
        server.say("x", room)
    server.wait(3)
    assert listener.told("a") == ["occupied", "join", "leave", "vacated"]
    assert listener.told("b") == ["message x"]
    assert listener.told("quiet") == []


def test_a_room_whose_presence_is_off_is_occupied_all_the_same() -> None:
    """By connections, which nobody sees; whoever only waits occupies nothing."""
    server, listener = make_server(tables=[RoomTable("a", {"presence": "off"})])
    server.join(is_present=False)
    assert listener.told() == []
    one, two = server.join(), server.join(secret="x" * 16)
    server.leave(one)
    server.leave(one)
    server.wait(3)
    assert listener.told() == ["occupied"]
    server.leave(two)
    server.wait(8)
    assert listener.told() == ["occupied", "vacated"]


def test_presence_that_is_turned_off_and_on_vacates_nothing() -> None:
    """Whoever is there stays there, seen or not."""
    server, listener = make_server()
    member = server.join()
    for presence in ("off", "on", "off"):
        server.rooms.rules.replace((RoomTable("a", {"presence": presence}),))
        server.rooms.refresh()
        server.wait(3)
    assert listener.told() == ["occupied", "join", "join"]
    server.leave(member)
    server.wait(3)
    assert listener.told() == ["occupied", "join", "join", "vacated"]


def test_a_named_member_lingers() -> None:
    """So that its leave comes before the room is vacated, and a reconnect is neither."""
    server, listener = make_server()
    one = server.join(secret="x" * 16)
    server.leave(one)
    server.wait(4)
    assert listener.told() == ["occupied", "join"]
    server.wait(4)
    assert listener.told() == ["occupied", "join", "leave", "vacated"]


def test_what_is_not_taken_comes_again() -> None:
    """The very same, after longer and longer pauses; the rest waits behind it, in order."""
    outcomes = [NotTakenError("no"), NotTakenError("busy", 30.0), None]
    server, listener = make_server(lambda _: outcomes.pop(0) if outcomes else None)
    server.join()
    server.join()
    [first] = listener.batches
    server.wait(1.25)
    assert len(listener.batches) == 2
    server.wait(29)
    assert len(listener.batches) == 2
    server.wait(1.25)
    assert [each.id for each in listener.batches[:3]] == [first.id] * 3
    assert [each.events for each in listener.batches[:3]] == [first.events] * 3
    assert listener.told() == ["occupied", "join", "join"]
    [delivery] = server.teller.deliveries
    assert (delivery.told, delivery.again, delivery.missed) == (3, 2 * len(first.events), 0)
    assert (delivery.waiting, delivery.oldest) == (0, None)


def test_what_is_not_taken_for_an_hour_is_missed() -> None:
    """With its count, in its place."""
    is_deaf = True
    server, listener = make_server(lambda _: NotTakenError("no") if is_deaf else None)
    for _ in range(50):
        server.join()
    server.wait(3610)
    is_deaf = False
    server.join()
    server.wait(60)
    first = len(listener.batches[0].events)
    assert listener.told() == [f"missed {first}", *["join"] * (52 - first)]
    assert server.teller.deliveries[0].missed == first


def test_one_request_is_under_way() -> None:
    """What happens meanwhile is told together, a hundred at most at once."""
    waiting: list[Deferred[None]] = []

    def keep(_: EventBatch) -> Deferred[None]:
        waiting.append(Deferred())
        return waiting[-1]

    server, listener = make_server(keep)
    for _ in range(250):
        server.join()
    assert [len(each.events) for each in listener.batches] == [2]
    while waiting:
        waiting.pop().callback(None)
        server.clock.advance(0)
    assert [len(each.events) for each in listener.batches] == [2, 100, 100, 49]
    assert listener.told() == ["occupied", *["join"] * 250]


def test_each_listener_has_its_own_place() -> None:
    """One that takes nothing keeps no other from it."""
    deaf = NotingListener("deaf", lambda _: NotTakenError("no"))
    well = NotingListener("well")
    server = Server([deaf, well])
    server.leave(server.join())
    server.wait(10)
    assert well.told() == ["occupied", "join", "leave", "vacated"]
    assert deaf.told() == []
    assert [each.waiting for each in server.teller.deliveries] == [4, 0]


def test_more_than_may_wait() -> None:
    """10,400 events in one step, while nothing is taken: the oldest are missed, all else comes."""
    answer: Deferred[None] = Deferred()
    server, listener = make_server(lambda _: None if answer.called else answer)
    server.join()
    for _ in range(MAX_WAITING + 400):
        member = Member(hears=False, wants_presence=False)
        server.rooms.join("a", member)  # type: ignore[arg-type]
    answer.callback(None)
    server.wait(1)
    assert listener.told() == ["occupied", "join", "missed 400", *["join"] * MAX_WAITING]


def test_every_second_answer_is_lost() -> None:
    """A thousand batches: each event is taken once, in order, and those told again are the same."""
    lost: set[str] = set()

    def lose_first(batch: EventBatch) -> NotTakenError | None:
        if batch.id in lost:
            return None
        lost.add(batch.id)
        return NotTakenError("the answer is lost")

    server, listener = make_server(lose_first)
    for _ in range(1000):
        server.join()
        server.wait(1.5)
    by_id: dict[str, tuple[str, ...]] = {}
    for batch in listener.batches:
        assert by_id.setdefault(batch.id, batch.events) == batch.events
    assert len(listener.batches) == 2 * len(by_id) == 2000
    assert listener.told() == ["occupied", *["join"] * 1000]
    [delivery] = server.teller.deliveries
    assert (delivery.told, delivery.again, delivery.missed) == (1001, 1001, 0)


def test_the_end_tells_what_waits() -> None:
    """Until its time is over; and that nobody is there any more."""
    server, listener = make_server()
    server.leave(server.join())
    ended = server.teller.end(5.0)
    server.wait(1)
    assert ended.called
    assert listener.told() == ["occupied", "join", "leave", "vacated"]


def test_the_end_does_not_wait_for_ever() -> None:
    """What is left is counted in the log."""
    server, listener = make_server(lambda _: NotTakenError("no"))
    server.join()
    ended = server.teller.end(5.0)
    server.wait(4.5)
    assert not ended.called
    server.wait(1)
    assert ended.called
    assert listener.told() == []
    assert len(listener.batches) == 3


@define(eq=False)
class SharedQueue:
    """A queue that another node may lead, which always has the same event."""

    outlives: bool = True
    is_held: bool = False
    lost: Callable[[], None] = lambda: None
    ceded: int = 0

    def lead(self, lost: Callable[[], None]) -> None:
        """Lead, if nobody else does."""
        if self.is_held:
            raise HeldError("")
        self.lost = lost

    def cede(self) -> None:
        """Count it."""
        self.ceded += 1

    def read(self, listener: str) -> EventsRead:
        """Read the event."""
        return EventsRead("run", 0, 0, 5, [WaitingEvent(1, 5, '"event":"occupied"')], 1)

    def sweep(self, *, closes: bool = False) -> None:
        """There is nothing to find."""


def test_whoever_leads_no_more_leaves_all_to_who_does() -> None:
    """Also what was to come again much later; and leads again once that is gone."""
    clock, queue = Clock(), SharedQueue()
    listener = NotingListener(answer=lambda _: NotTakenError("no", 3000.0))
    teller = EventTeller([listener], lambda *_: queue, clock)  # type: ignore[arg-type]
    teller.startService()
    queue.is_held = True
    queue.lost()
    for _ in range(20):
        clock.advance(0.25)
    assert len(listener.batches) == 1
    assert queue.ceded >= 1
    assert teller.deliveries[0].waiting == 0
    queue.is_held = False
    for _ in range(8):
        clock.advance(0.25)
    assert len(listener.batches) == 2
    ended = teller.end(5.0)
    clock.advance(5.0)
    assert ended.called


def test_the_end_is_cut() -> None:
    """By whoever asks twice."""
    server, _ = make_server(lambda _: Deferred())
    server.join()
    ended = server.teller.end(5.0)
    assert not ended.called
    server.teller.cut()
    assert ended.called
