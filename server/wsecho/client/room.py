# SPDX-License-Identifier: MIT
"""A room, as a program on asyncio has it: the machine's shell, with sockets, tasks and a clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Self

from attrs import define, field
from websockets.exceptions import ConnectionClosed

from wsecho.client.address import Address
from wsecho.client.errors import BadRequest, Closed, Error, Gap
from wsecho.client.link import Link, RefusedError, Way, refused_by_end
from wsecho.client.model import Event, Member, Message, Position, Status
from wsecho.client.over_http import said_by_post
from wsecho.client.protocol.actions import (
    Action,
    AskToken,
    Connect,
    Drop,
    Ping,
    Post,
    Send,
    Settle,
)
from wsecho.client.protocol.machine import Machine
from wsecho.client.protocol.phases import Phase
from wsecho.client.protocol.refusals import Refusal
from wsecho.client.protocol.renewal import expiry_of
from wsecho.client.tokens import NoTokenError, TokenSource, ask


@define(eq=False)
class Room:
    """A room of a server, read and written to over restarts of both ends.

    Iterate over it for its messages. It is made by `connect`, and belongs to the event loop that
    it was made in.
    """

    _address: Address
    _machine: Machine
    _token: TokenSource | None = field(repr=False)
    _way: Way
    _wants_presence: bool
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop, init=False)
    _arrived: asyncio.Event = field(factory=asyncio.Event, init=False)
    _readable: asyncio.Event = field(factory=asyncio.Event, init=False)
    _link: Link | None = field(default=None, init=False)
    _connection: "asyncio.Task[None] | None" = field(default=None, init=False)
    _tasks: set["asyncio.Task[None]"] = field(factory=set, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _entered: "asyncio.Future[None]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._entered = self._loop.create_future()

    # -- what a program uses

    @property
    def name(self) -> str:
        """The room's name."""
        return self._address.room

    @property
    def position(self) -> Position:
        """The place of the message that was handed out last; before the first, where one began.

        Keep it together with what was done about the message, and give it as `after` the next
        time: so each message is done once.
        """
        position = self._machine.reading.inbox.position
        assert position is not None  # noqa: S101  # it was entered
        return position

    @property
    def member(self) -> str | None:
        """One's own id in the room, as `Message.sender` has it."""
        return self._machine.reading.member

    @property
    def members(self) -> Sequence[Member]:
        """Who is in the room, as far as is known here.

        Raises:
            BadRequest: it was not asked for.
        """
        if not self._wants_presence:
            raise BadRequest("members are known where connect is given presence=True")
        return tuple((self._machine.reading.members or {}).values())

    @property
    def status(self) -> Status:
        """How the connection stands."""
        return self._machine.status

    @property
    def pending(self) -> int:
        """How many messages are not acknowledged yet."""
        return len(self._machine.publishing.outbox)

    async def publish(self, data: str | bytes) -> Position:
        """Say something in the room, and return where it stands there.

        It is said again after every break, for 4.5 minutes, and the room has it once. Messages
        are said in the order of the calls. It never waits for whoever reads: where too much is
        unread, it goes by POST.

        Args:
            data: `str` goes as text, `bytes` as binary.

        Raises:
            BadType: it is neither.
            TooLarge: it is larger than the server takes; nothing was sent.
            OverLimit: 1,000 messages or 16 MiB wait to be said already; or the time is up, and the
                server had no room for it.
            Forbidden: the token's grants do not allow it.
            Unauthorized: the token does not count.
            Unknown: the time is up; it may have arrived.
            Unavailable: the time is up, and it surely did not arrive.
            Closed: the room was left meanwhile.
        """
        waiter: asyncio.Future[Position] = self._loop.create_future()
        entry = self._machine.publish(data, self._loop.time(), waiter)
        if self._machine.phase is Phase.OPEN:
            # A connection is looked after sooner than a message is given up.
            self._act()
        else:
            self._perform()
        try:
            return await waiter
        finally:
            self._machine.withdraw(entry)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """Wait for the next message.

        Raises:
            StopAsyncIteration: the room was left.
            Gap: messages are missing, where `on_gap` is `raise`.
            Error: the room is lost for good.
        """
        while True:
            event = self._take() or await self._next()
            if isinstance(event, Message):
                return event
            if event is None:
                raise StopAsyncIteration
            if isinstance(event, Gap) and self._machine.plan.on_gap == "raise":
                raise event

    async def events(self) -> AsyncIterator[Event]:
        """Iterate over all that happens: messages, presence, gaps and how the connection stands.

        It takes from the same queue as iterating over the room: use one of the two.

        Raises:
            Error: the room is lost for good.
        """
        while (event := await self._next()) is not None:
            yield event

    async def close(self) -> None:
        """Leave the room; messages that were not acknowledged are `Closed`."""
        link, self._link = self._link, None
        self._machine.stop()
        self._perform()
        if link is not None:
            await link.close()
        while tasks := {task for task in self._tasks if task is not asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # -- how it is entered and left

    async def enter(self) -> None:
        """Wait until the room was joined.

        Raises:
            Error: it cannot be.
        """
        self._machine.start(self._loop.time())
        self._perform()
        try:
            await self._entered
        except BaseException:
            await self.close()
            raise

    def _take(self) -> Event | None:
        event = self._machine.take(self._loop.time())
        if self._machine.has_actions:
            self._perform()
        return event

    async def _next(self) -> Event | None:
        """Wait for what is to be handed out; None where nothing will be."""
        while True:
            if (event := self._take()) is not None:
                return event
            if self._machine.error is not None:
                if isinstance(self._machine.error, Closed):
                    return None
                raise self._machine.error
            self._perform()
            self._arrived.clear()
            await self._arrived.wait()

    # -- what the machine wants

    def _act(self) -> None:
        """Do what the machine wants, where nothing became due earlier than it was."""
        for action in self._machine.actions():
            self._do(action)
        self._arrived.set()

    def _perform(self) -> None:
        self._act()
        if self._machine.is_reading:
            self._readable.set()
        else:
            self._readable.clear()
        if not self._entered.done():
            self._see_whether_entered()
        self._arm()

    def _see_whether_entered(self) -> None:
        if self._machine.error is not None:
            self._entered.set_exception(self._machine.error)
        elif self._machine.has_joined:
            self._entered.set_result(None)

    def _do(self, action: Action) -> None:
        match action:
            case Send(frame):
                if self._link is not None:
                    self._link.send(frame)
            case Settle(entry, outcome):
                _settle(entry.waiter, outcome)
            case Connect():
                self._connection = self._begin(self._connect(action))
            case Drop():
                self._drop()
            case Ping():
                if self._link is not None:
                    self._link.ping()
            case AskToken():
                self._begin(self._ask())
            case Post():
                self._begin(self._post(action))

    def _begin(self, job: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = self._loop.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            # A fault of this library: whoever uses it gets to know it, with where it was.
            error = Error(f"a fault of the client: {fault!r}", "internal")
            error.__cause__ = fault
            self._machine.fail(error)
            self._perform()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.cancel()
            self._connection = None
        if self._link is not None:
            self._link.abort()
            self._link = None

    def _arm(self) -> None:
        deadline = self._machine.deadline()
        if self._timer is not None:
            # One that is too early does no harm: it sets the next.
            if deadline is not None and self._timer.when() <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._link is not None:
            self._machine.heard(self._link.heard)
        self._machine.wake(self._loop.time())
        self._perform()

    # -- what takes time

    async def _connect(self, action: Connect) -> None:
        url = self._address.reading(action.after, action.history, presence=self._wants_presence)
        try:
            link = await Link.open(url, action.token, self._way)
        except RefusedError as error:
            self._connection = None
            self._machine.disconnected(error.refusal, self._loop.time())
            self._perform()
            return
        self._link = link
        self._machine.connected(self._loop.time())
        self._perform()
        writing = self._begin(link.write())
        try:
            await self._read(link)
        except ConnectionClosed as end:
            self._link = self._connection = None
            self._machine.disconnected(refused_by_end(end), self._loop.time())
            self._perform()
        finally:
            writing.cancel()
            if self._link is link:
                self._link = None
                link.abort()

    async def _read(self, link: Link) -> None:
        """Read one connection until its end, or until the machine drops it."""
        machine, now, receive = self._machine, self._loop.time, link.receive
        while True:
            frame = await receive()
            # A binary one is no frame of wsecho.v1, and is said to be none.
            text = frame if isinstance(frame, str) else ""
            if machine.receive(text, now()):
                self._perform()
                if self._link is not link:
                    return
                if not machine.is_reading:
                    await self._readable.wait()
            elif machine.has_actions:
                self._act()
            else:
                self._arrived.set()

    async def _ask(self) -> None:
        assert self._token is not None  # noqa: S101  # else none is asked for
        try:
            token = await ask(self._token)
        except NoTokenError as error:
            self._machine.no_token(str(error), self._loop.time())
        else:
            expires = expiry_of(token)
            seconds = None if expires is None else expires - time.time()
            self._machine.token(token, seconds, self._loop.time())
        self._perform()

    async def _post(self, action: Post) -> None:
        entry = action.entry
        outcome = await said_by_post(
            self._address.posting, entry.data, entry.key, self._way, action.token
        )
        if isinstance(outcome, Refusal):
            self._machine.not_posted(entry, outcome, self._loop.time())
        else:
            self._machine.posted(entry, outcome, self._loop.time())
        self._perform()


def _settle(waiter: "asyncio.Future[Position]", outcome: Position | Error) -> None:
    if waiter.done():
        return
    if isinstance(outcome, Error):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
