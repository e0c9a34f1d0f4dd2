# SPDX-License-Identifier: MIT
"""The client for threads, around a room that is none."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Final, Self, cast

import pytest
from attrs import define, field

from wsecho.client import connecting, sync
from wsecho.client.errors import BadRequest, Closed, Error, Forbidden, Gap
from wsecho.client.model import Event, Member, Message, Position, Status

URL: Final = "ws://127.0.0.1:9/broadcast/a"


def at(offset: int) -> Position:
    """A place in the room."""
    return Position("e", offset)


@define(eq=False)
class FakeRoom:
    """A room on asyncio, whose events are put into it from any thread.

    Attributes:
        fails: what entering it raises, None for nothing.
        never: whether entering it never ends.
    """

    fails: Exception | None = None
    never: bool = False
    name: str = "a"
    member: str = "me"
    pending: int = 0
    status: Status = field(factory=lambda: Status("open"))
    members: tuple[Member, ...] = (Member("me"),)
    said: list[str | bytes] = field(factory=list)
    closed: int = 0
    cancelled: int = 0
    position: Position = field(factory=lambda: at(0))
    _queue: "asyncio.Queue[Event | Exception | None]" = field(factory=asyncio.Queue)
    _loop: asyncio.AbstractEventLoop = field(init=False)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self.fails is not None:
            raise self.fails
        if self.never:
            await asyncio.Event().wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed += 1
        self._queue.put_nowait(None)

    def put(self, *events: Event | Exception) -> None:
        """Have something happen."""
        for event in events:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)

    async def events(self) -> AsyncIterator[Event]:
        """Give what happens."""
        while (event := await self._queue.get()) is not None:
            if isinstance(event, Exception) and not isinstance(event, Gap):
                raise event
            if not isinstance(event, Status):
                self.position = (
                    event.position if isinstance(event, Message | Gap) else self.position
                )
            yield event

    async def publish(self, data: str | bytes) -> Position:
        """Take all but two."""
        if data == "no":
            raise Forbidden("you may not")
        try:
            if data == "wait":
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.said.append(data)
        return at(len(self.said))


def around(fake: FakeRoom, *, raises_gaps: bool = True) -> sync.Room:
    """The room for threads around one."""
    return sync.Room(cast(connecting.Entering, fake), raises_gaps)


def break_off_the_next_wait(
    monkeypatch: pytest.MonkeyPatch, kind: type = Future, name: str = "result"
) -> None:
    """Have the next wait end as Ctrl-C ends it: for a result, or else for something to come."""
    wait = getattr(kind, name)

    def break_off(*_: Any) -> Any:
        monkeypatch.setattr(kind, name, wait)
        raise KeyboardInterrupt

    monkeypatch.setattr(kind, name, break_off)


def test_its_arguments_are_those_of_the_other() -> None:
    """Each is looked at at once; its documentation says `with`."""
    assert inspect.signature(sync.connect) == inspect.signature(connecting.connect)
    with pytest.raises(BadRequest, match="history"):
        sync.connect(URL, history=-1)
    with pytest.raises(BadRequest, match="url"):
        sync.connect("lobby")
    assert "by `with`" in (sync.connect.__doc__ or "")
    assert "async with" not in (sync.connect.__doc__ or "")


def test_messages_and_what_is_known() -> None:
    """Are handed over, and the place is that of the last message that was."""
    fake = FakeRoom()
    with around(fake) as room:
        assert (room.position, room.name, room.member, room.pending) == (at(0), "a", "me", 0)
        assert (room.members, room.status) == ((Member("me"),), Status("open"))
        fake.put(Message("x", at(1)), Status("offline"), Message(b"y", at(2)))
        assert next(room) == Message("x", at(1))
        assert room.position == at(1)
        assert next(room) == Message(b"y", at(2))
        assert room.position == at(2)
        assert room.publish("hello") == at(1)
        with pytest.raises(Forbidden):
            room.publish("no")
    assert fake.closed == 1
    assert room.status == Status("open")


def test_events() -> None:
    """All that happens, in one stream."""
    fake = FakeRoom()
    gap = Gap(at(1), at(5), "gone")
    with around(fake) as room:
        events: list[Event] = [Message("x", at(1)), Status("offline"), gap, Message("y", at(6))]
        fake.put(*events)
        stream = room.events()
        assert [next(stream) for _ in events] == events
        room.close()
        assert list(stream) == []


def test_gaps_are_raised_in_their_place() -> None:
    """And iterating goes on behind them; or it is skipped."""
    gap = Gap(at(1), at(5), "gone")
    fake = FakeRoom()
    with around(fake) as room:
        fake.put(gap, Message("y", at(6)))
        with pytest.raises(Gap):
            next(room)
        assert room.position == at(5)
        assert next(room).data == "y"
    fake = FakeRoom()
    with around(fake, raises_gaps=False) as room:
        fake.put(gap, Message("y", at(6)))
        assert next(room).data == "y"


def test_a_room_that_is_lost() -> None:
    """Is lost for whoever asks again, too."""
    fake = FakeRoom()
    with around(fake) as room:
        fake.put(Message("x", at(1)), Forbidden("you were shown out"))
        assert next(room).data == "x"
        for _ in range(2):
            with pytest.raises(Forbidden):
                next(room)


def test_what_cannot_be_entered() -> None:
    """Is raised where it is entered, and its thread is gone."""
    before = threading.active_count()
    with pytest.raises(Forbidden, match="no"), around(FakeRoom(Forbidden("no"))):
        pass
    with pytest.raises(ZeroDivisionError), around(FakeRoom(ZeroDivisionError())):
        pass
    assert threading.active_count() == before


def test_ctrl_c_while_a_message_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loses none: what came meanwhile is handed out the next time, and its place counts then."""
    fake = FakeRoom()
    with around(fake) as room:
        break_off_the_next_wait(monkeypatch, threading.Condition, "wait")
        with pytest.raises(KeyboardInterrupt):
            next(room)
        fake.put(Message("x", at(1)), Message("y", at(2)))
        assert room.position == at(0)
        assert [next(room).data, next(room).data] == ["x", "y"]


def test_ctrl_c_while_it_is_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves nothing behind."""
    before = threading.active_count()
    room = around(FakeRoom(never=True))
    break_off_the_next_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt), room:
        pass
    assert threading.active_count() == before


def test_ctrl_c_while_something_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes it back where that is still possible."""
    fake = FakeRoom()
    with around(fake) as room:
        break_off_the_next_wait(monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            room.publish("wait")
        assert room.publish("next") == at(1)
    assert fake.said == ["next"]


def test_another_thread_leaves_it() -> None:
    """Whoever iterates comes to an end, whoever says something is told."""
    fake = FakeRoom()
    with around(fake) as room, ThreadPoolExecutor(4) as pool:
        fake.put(Message("x", at(1)))
        taken = threading.Event()
        handed: list[Any] = []

        def read() -> list[Any]:
            for message in room:
                handed.append(message.data)
                taken.set()
            return handed

        reading = [pool.submit(read), pool.submit(read)]
        saying = pool.submit(room.publish, "wait")
        assert taken.wait(30)
        room.close()
        assert [each.result(30) for each in reading] == [["x"], ["x"]]
        assert isinstance(saying.exception(30), Closed)
        room.close()
    assert fake.closed == 1
    with pytest.raises(Closed):
        room.publish("late")
    assert list(room) == []


def test_many_threads_at_once() -> None:
    """Each message is handed to one of them, and nothing that is said is lost."""
    fake = FakeRoom()
    with around(fake) as room, ThreadPoolExecutor(8) as pool:
        fake.put(*(Message(str(n), at(n)) for n in range(1, 101)))
        read: list[Any] = list(pool.map(lambda _: next(room).data, range(100)))
        places = list(pool.map(room.publish, map(str, range(100))))
    assert sorted(map(int, read)) == list(range(1, 101))
    assert sorted(place.offset for place in places) == list(range(1, 101))


def test_rooms_are_threads_of_their_own() -> None:
    """One that is lost harms no other."""
    one, other = FakeRoom(), FakeRoom()
    with around(one) as first, around(other) as second:
        one.put(Error("it is lost"))
        other.put(Message("x", at(1)))
        with pytest.raises(Error, match="it is lost"):
            list(first)
        assert next(second).data == "x"


@pytest.mark.parametrize("data", ["x", "x" * 200_000, b"x" * 2_000_000])
def test_little_is_laid_ready(data: str | bytes) -> None:
    """So that who does not read is slow for the server too; all of it comes when asked for."""
    fake = FakeRoom()
    with around(fake) as room:
        fake.put(*(Message(data, at(n)) for n in range(1, 301)), Message("last", at(301)))
        assert [next(room).position.offset for _ in range(5)] == [1, 2, 3, 4, 5]
        # It has looked at all that there was place for as soon as it answers to anything else.
        for _ in range(500):
            assert room.pending == 0
        assert fake.position.offset <= 5 + 101
        assert fake.position.offset * len(data) <= 5 * len(data) + (1 << 20) + 2 * len(data)
        assert room.position == at(5)
        assert [message.position.offset for message in islice(room, 296)] == list(range(6, 302))
