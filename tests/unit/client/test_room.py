# SPDX-License-Identifier: MIT
"""A room as a program on asyncio has it, on connections that are none."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from attrs import define, field
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from wsecho.client import room as module
from wsecho.client.connecting import connect
from wsecho.client.errors import Error, Gap, NotWsecho, Unavailable
from wsecho.client.link import RefusedError, Way
from wsecho.client.model import Message, Status
from wsecho.client.protocol.refusals import Refusal, passing
from wsecho.client.room import Room
from wsecho.core.wire.positions import Position

URL = "ws://127.0.0.1:8080/broadcast/lobby"


@define(eq=False)
class NoLink:
    """What stands for a connection: the test says what comes, and sees what goes."""

    opened: ClassVar[list["NoLink"]] = []
    refusals: ClassVar[list[Refusal]] = []

    url: str
    token: str | None
    heard: float = 0.0
    coming: "asyncio.Queue[Any]" = field(factory=asyncio.Queue)
    sent: list[Any] = field(factory=list)
    pings: int = 0
    ends: list[str] = field(factory=list)

    @classmethod
    async def open(cls, url: str, token: str | None, way: Way) -> "NoLink":
        """Be there, and greet; or be refused."""
        await asyncio.sleep(0)
        if cls.refusals:
            raise RefusedError(cls.refusals.pop(0))
        link = cls(url, token, asyncio.get_running_loop().time())
        assert way.proxy is True
        cls.opened.append(link)
        where = "a:0" if len(cls.opened) == 1 else f"a:{len(cls.opened) - 1}"
        link.come(type="joined", member="me", position=where, recovered=len(cls.opened) > 1)
        return link

    def come(self, **frame: Any) -> None:
        """Let a frame come."""
        self.coming.put_nowait(json.dumps(frame))

    def end(self, code: int = 1001, reason: str = "") -> None:
        """Let it end."""
        self.ends.append("ended")
        self.coming.put_nowait(ConnectionClosedError(Close(code, reason), None))

    async def receive(self) -> str | bytes:
        """Give what comes."""
        item = await self.coming.get()
        if isinstance(item, Exception):
            raise item
        return str(item)

    async def write(self) -> None:
        """Have nothing to do."""
        await asyncio.Event().wait()

    def send(self, frame: bytes) -> None:
        """See what goes."""
        self.sent.append(json.loads(frame))

    def ping(self) -> None:
        """See a ping."""
        self.pings += 1

    async def close(self) -> None:
        """See its end."""
        self.ends.append("closed")

    def abort(self) -> None:
        """See its end."""
        self.ends.append("aborted")


@pytest.fixture(autouse=True)
def _no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Link", NoLink)
    NoLink.opened, NoLink.refusals = [], []


def run(main: Callable[[Room, NoLink], Awaitable[None]], **arguments: Any) -> None:
    """Run something in a room; nothing is left running after it."""

    async def whole() -> None:
        async with asyncio.timeout(30), connect(URL, **arguments) as room:
            await main(room, NoLink.opened[0])
        assert len(asyncio.all_tasks()) == 1
        assert NoLink.opened[-1].ends

    asyncio.run(whole())


def test_messages_are_handed_out_with_their_place() -> None:
    """And no sooner than they are asked for."""

    async def main(room: Room, link: NoLink) -> None:
        for number in (1, 2):
            link.come(type="message", position=f"a:{number}", data=str(number))
        assert (room.position, room.name, room.member) == (Position("a", 0), "lobby", "me")
        first = await anext(room)
        assert (first.data, room.position) == ("1", Position("a", 1))
        second = await anext(room)
        assert (second.data, room.position) == ("2", Position("a", 2))

    run(main)


def test_what_is_said_waits_for_its_place() -> None:
    """Whoever does not wait any more has it said, but not again."""

    async def main(room: Room, link: NoLink) -> None:
        saying = asyncio.create_task(room.publish("x"))
        other = asyncio.create_task(room.publish("y"))
        await asyncio.sleep(0)
        assert [frame["data"] for frame in link.sent] == ["x", "y"]
        assert room.pending == 2
        other.cancel()
        link.come(type="published", id=1, position="a:1")
        assert await saying == Position("a", 1)
        link.end()
        while len(NoLink.opened) < 2:
            await asyncio.sleep(0.01)
        link = NoLink.opened[1]
        third = asyncio.create_task(room.publish("z"))
        while not link.sent:
            await asyncio.sleep(0)
        assert [frame["data"] for frame in link.sent] == ["z"]
        third.cancel()

    run(main)


def test_a_gap_is_raised_and_iterating_goes_on_behind_it() -> None:
    """In its place."""

    async def main(room: Room, link: NoLink) -> None:
        link.come(type="message", position="a:1", data="1")
        link.come(type="joined", member="me", position="b:0", recovered=False)
        link.come(type="message", position="b:1", data="2")
        found: list[Any] = []
        while len(found) < 3:
            try:
                async for message in room:
                    found.append(message.data)
                    if len(found) == 3:
                        break
            except Gap as gap:
                found.append(gap)
        assert [found[0], found[2]] == ["1", "2"]
        assert (found[1].after, found[1].position) == (Position("a", 1), Position("b", 0))

    run(main)


def test_a_gap_is_skipped_where_that_is_wanted_and_stands_among_the_events() -> None:
    """Never silently."""

    async def main(room: Room, link: NoLink) -> None:
        link.come(type="skipped", **{"from": "a:0", "to": "a:4"})
        link.come(type="message", position="a:5", data="5")
        assert (await anext(room)).data == "5"
        link.come(type="skipped", **{"from": "a:5", "to": "a:6"})
        link.come(type="message", position="a:7", data="7")
        found = []
        async for event in room.events():
            found.append(event)
            if isinstance(event, Message):
                break
        assert isinstance(found[0], Gap)
        assert found[0].position == Position("a", 6)

    run(main, on_gap="skip")


def test_after_a_break_it_comes_back() -> None:
    """After the place that it had, as the same member, with what the server says of it."""

    async def main(room: Room, link: NoLink) -> None:
        link.come(type="message", position="a:1", data="1")
        link.end(1001, "stopping")
        events = room.events()
        states = [await anext(events) for _ in range(4)]
        assert states[0] == Status("open")
        assert isinstance(states[1], Message)
        offline = states[2]
        assert isinstance(offline, Status)
        assert (offline.state, offline.why) == ("offline", "stopping")
        while len(NoLink.opened) < 2:
            await asyncio.sleep(0.01)
        url = NoLink.opened[1].url
        assert "after=a%3A1&history=" in url
        assert url.partition("member=")[2] == link.url.partition("member=")[2]

    run(main)


def test_what_does_not_pass_is_raised_at_every_turn() -> None:
    """By reading, by saying, and by what is being said."""

    async def main(room: Room, link: NoLink) -> None:
        saying = asyncio.create_task(room.publish("x"))
        await asyncio.sleep(0)
        link.end(4403, "no")
        for turn in (anext(room), saying, room.publish("y"), anext(room.events()), anext(room)):
            try:
                while isinstance(await turn, Status):
                    turn = anext(room.events())  # noqa: PLW2901  # how it stands comes first
            except Error as error:
                assert (error.code, error.reason) == ("forbidden", "no")  # noqa: PT017
            else:
                raise AssertionError(turn)

    run(main)


def test_entering_raises_what_does_not_pass_and_waits_for_what_does() -> None:
    """And leaves nothing behind."""

    async def refused() -> None:
        NoLink.refusals = [passing("once"), Refusal(NotWsecho("url: no"), passes=False)]
        with pytest.raises(NotWsecho):
            await connect(URL).__aenter__()
        NoLink.refusals = [passing("again and again") for _ in range(99)]
        # Where the machine is slow, the time is over while it asks once more.
        with pytest.raises(Unavailable, match=r"again and again|no answer within"):
            await connect(URL, give_up_after=0.01).__aenter__()
        NoLink.refusals = [passing("again and again") for _ in range(99)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await connect(URL).__aenter__()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(refused())


def test_a_token_is_asked_for_and_shown() -> None:
    """By the door, and a fresh one in a frame."""
    given = iter(["one", "two"])

    async def main(room: Room, link: NoLink) -> None:
        assert link.token == "one"
        room._machine._renewal.renew_at = 0.0
        room._wake()
        while not link.sent:
            await asyncio.sleep(0.001)
        assert link.sent == [{"type": "token", "token": "two"}]

    run(main, token=lambda: next(given))


def test_a_token_function_that_fails_is_told_by_the_argument_s_name() -> None:
    """With what it threw as the cause of what is raised, in words."""

    async def main() -> None:
        with pytest.raises(Error, match="token: the function failed: ZeroDivisionError"):
            await connect(URL, token=lambda: str(1 // 0)).__aenter__()
        assert NoLink.opened == []

    asyncio.run(main())


def test_where_nobody_reads_it_goes_by_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the same member, under the key."""
    posted: list[Any] = []

    async def said_by_post(url: str, data: str, key: str, way: Way, token: str | None) -> Any:
        posted.append((url, data, key, token))
        assert way.proxy is True
        return passing("eaten") if len(posted) == 1 else Position("a", 9_000)

    monkeypatch.setattr(module, "said_by_post", said_by_post)

    async def main(room: Room, link: NoLink) -> None:
        for number in range(1, 1_500):
            link.come(type="message", position=f"a:{number}", data="x")
        while not link.coming.empty() and room._machine.is_reading:
            await asyncio.sleep(0)
        assert not link.coming.empty()
        assert await room.publish("out") == Position("a", 9_000)
        assert link.sent == []
        assert posted[0] == posted[1]
        assert "member=" in posted[0][0]
        for number in range(1, 1_500):
            assert (await anext(room)).position.offset == number

    run(main)


def test_a_silent_connection_is_pinged_and_left() -> None:
    """As the machine says, by the time at which octets came last."""

    async def main(room: Room, link: NoLink) -> None:
        room._machine._liveness._heard = link.heard = -1_000_000.0
        room._wake()
        assert link.pings == 1
        room._machine._liveness._asked = -1_000_000.0
        room._wake()
        assert link.ends == ["aborted"]
        while len(NoLink.opened) < 2:
            await asyncio.sleep(0.01)

    run(main)


def test_a_fault_of_the_client_is_told_and_not_swallowed() -> None:
    """Whoever reads gets to know it, with where it was."""

    async def main(room: Room, link: NoLink) -> None:
        link.coming.put_nowait(ZeroDivisionError("here"))
        with pytest.raises(Error, match="here") as told:
            await anext(room)
        assert told.value.code == "internal"
        assert isinstance(told.value.__cause__, ZeroDivisionError)

    run(main)
