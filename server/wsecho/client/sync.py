# SPDX-License-Identifier: MIT
"""Rooms for programs with threads: `connect` as the asyncio client has it, without `async`.

Each room has a thread of its own, which runs the asyncio client. What is done here is to hand
over, so that neither Ctrl-C nor another thread that leaves the room loses anything.
"""

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

from attrs import define, field

from wsecho.client import connecting, room
from wsecho.client.errors import Closed, Error, Gap
from wsecho.client.model import Event, Member, Message, Position, Status

P = ParamSpec("P")
T = TypeVar("T")

_MAX_READY: Final = 100
_MAX_OCTETS: Final = 1 << 20
"""What is ready is unread for the server no more: so it is little."""


@define(eq=False)
class Shelf:
    """Where the thread of a room lays ready what comes, for the threads that ask.

    To wake another thread for each message would cost more than all else. A wait that is broken
    off takes nothing.
    """

    _ready: deque[tuple[Event, Position]] = field(factory=deque, init=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False)
    _octets: int = field(default=0, init=False)
    _is_over: bool = field(default=False, init=False)
    _error: Error | None = field(default=None, init=False)
    _space: "asyncio.Future[None] | None" = field(default=None, init=False)

    def put(self, event: Event, position: Position) -> bool:
        """Lay something ready, with the place that counts once it is taken.

        Returns:
            whether there is place for more.
        """
        with self._changed:
            self._ready.append((event, position))
            self._octets += _size(event)
            # All of them: one that was told, but broke off its wait, would tell no other.
            self._changed.notify_all()
            return not self._is_full

    async def has_place(self) -> None:
        """Wait, in the room's thread, until some of it was taken."""
        loop = asyncio.get_running_loop()
        with self._changed:
            if not self._is_full:
                return
            space = self._space = loop.create_future()
        await space

    def take(self) -> tuple[Event, Position] | None:
        """Wait for something, and take it; None where the room was left.

        Raises:
            Error: the room is lost for good.
        """
        with self._changed:
            while not self._ready:
                if self._error is not None:
                    raise self._error
                if self._is_over:
                    return None
                self._changed.wait()
            event, position = self._ready.popleft()
            self._octets -= _size(event)
            if self._space is not None and not self._is_full:
                self._make_known(self._space)
                self._space = None
            return event, position

    def end(self, error: Error | None) -> None:
        """Nothing comes any more: for an error, or since the room was left."""
        with self._changed:
            self._is_over = True
            self._error = self._error or error
            if error is None:
                # Who leaves wants no more of it.
                self._ready.clear()
                self._octets, self._space = 0, None
            self._changed.notify_all()

    @property
    def _is_full(self) -> bool:
        return len(self._ready) >= _MAX_READY or self._octets >= _MAX_OCTETS

    @staticmethod
    def _make_known(space: "asyncio.Future[None]") -> None:
        space.get_loop().call_soon_threadsafe(_settle, space)


def _settle(space: "asyncio.Future[None]") -> None:
    if not space.done():
        space.set_result(None)


def _size(event: Event) -> int:
    return len(event.data) if isinstance(event, Message) else 0


@define(eq=False)
class Room:
    """A room of a server, read and written to over restarts of both ends.

    Iterate over it for its messages. It is made by `connect`; any thread may use it, and several
    at once.
    """

    _entering: connecting.Entering
    _raises_gaps: bool
    _thread: threading.Thread = field(init=False)
    _begun: threading.Event = field(factory=threading.Event, init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _task: "asyncio.Task[None]" = field(init=False)
    _entered: "Future[None]" = field(factory=Future, init=False)
    _room: room.Room = field(init=False)
    _position: Position = field(init=False)
    _gate: threading.Lock = field(factory=threading.Lock, init=False)
    _is_over: bool = field(default=False, init=False)
    _shelf: Shelf = field(factory=Shelf, init=False)

    def __enter__(self) -> Self:
        """Wait until the room was joined.

        Raises:
            Error: it cannot be joined, or not within 30 s (`give_up_after`).
        """
        self._thread = threading.Thread(target=self._run, name="wsecho-room", daemon=True)
        self._thread.start()
        try:
            self._entered.result()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the room."""
        self.close()

    # -- what a program uses

    @property
    def name(self) -> str:
        """The room's name."""
        return self._room.name

    @property
    def position(self) -> Position:
        """The place of the message that was handed out last; before the first, where one began.

        Keep it together with what was done about the message, and give it as `after` the next
        time: so each message is done once.
        """
        return self._position

    @property
    def member(self) -> str | None:
        """One's own id in the room, as `Message.sender` has it."""
        return self._look(lambda: self._room.member)

    @property
    def members(self) -> Sequence[Member]:
        """Who is in the room, as far as is known here.

        Raises:
            BadRequest: it was not asked for.
        """
        return self._look(lambda: self._room.members)

    @property
    def status(self) -> Status:
        """How the connection stands."""
        return self._look(lambda: self._room.status)

    @property
    def pending(self) -> int:
        """How many messages are not acknowledged yet."""
        return self._look(lambda: self._room.pending)

    def publish(self, data: str | bytes) -> Position:
        """Say something in the room, and return where it stands there.

        It raises what the asyncio client's `publish` raises. Where the wait is broken off, as by
        Ctrl-C, it may have arrived.
        """
        future = self._begin(self._room.publish(data))
        try:
            return future.result()
        except CancelledError:
            raise Closed("the room was left meanwhile") from None
        except BaseException:
            future.cancel()
            raise

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        """Wait for the next message.

        Raises:
            StopIteration: the room was left.
            Gap: messages are missing, where `on_gap` is `raise`.
            Error: the room is lost for good.
        """
        while (event := self._next()) is not None:
            if isinstance(event, Message):
                return event
            if isinstance(event, Gap) and self._raises_gaps:
                raise event
        raise StopIteration

    def events(self) -> Iterator[Event]:
        """Iterate over all that happens: messages, presence, gaps and how the connection stands.

        It takes from the same queue as iterating over the room: use one of the two.

        Raises:
            Error: the room is lost for good.
        """
        while (event := self._next()) is not None:
            yield event

    def close(self) -> None:
        """Leave the room, from any thread: whoever iterates over it comes to an end.

        Messages that were not acknowledged are `Closed`.
        """
        self._begun.wait()
        with self._gate:
            if not self._is_over:
                self._loop.call_soon_threadsafe(self._task.cancel)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # -- in its thread

    def _run(self) -> None:
        try:
            asyncio.run(self._stay())
        except asyncio.CancelledError:
            # That is how it is left.
            self._fail_to_enter(Closed("the room was left"))
        except BaseException as error:  # noqa: BLE001  # whoever enters is told
            self._fail_to_enter(error)

    def _fail_to_enter(self, error: BaseException) -> None:
        if not self._entered.done():
            self._entered.set_exception(error)

    async def _stay(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # this runs in one
        self._loop, self._task = asyncio.get_running_loop(), task
        self._begun.set()
        try:
            async with self._entering as self._room:
                self._position = self._room.position
                self._entered.set_result(None)
                await self._fetch()
                await asyncio.Event().wait()
        finally:
            self._shelf.end(None)
            with self._gate:
                self._is_over = True
            # What was begun before is a task then, and so its end is told to whoever waits.
            await asyncio.sleep(0)

    async def _fetch(self) -> None:
        """Lay ready what comes, as long as there is place for it."""
        room, shelf = self._room, self._shelf
        try:
            async for event in room.events():
                if not shelf.put(event, room.position):
                    await shelf.has_place()
        except Error as error:
            shelf.end(error)
        else:
            shelf.end(None)

    # -- handing over

    def _next(self) -> Event | None:
        taken = self._shelf.take()
        if taken is None:
            return None
        event, self._position = taken
        return event

    def _look(self, read: Callable[[], T]) -> T:
        async def look() -> T:
            return read()

        try:
            return self._begin(look()).result()
        except (CancelledError, Closed):
            # Nothing changes any more.
            return read()

    def _begin(self, job: Coroutine[Any, Any, T]) -> "Future[T]":
        with self._gate:
            if self._is_over:
                job.close()
                raise Closed("the room was left")
            return asyncio.run_coroutine_threadsafe(job, self._loop)


def _for_threads(connect: Callable[P, connecting.Entering]) -> Callable[P, Room]:
    """Return the same for threads, with the same arguments."""

    @functools.wraps(connect)
    def connect_for_threads(*args: P.args, **options: P.kwargs) -> Room:
        return Room(connect(*args, **options), options.get("on_gap", "raise") == "raise")

    text = connect.__doc__ or ""
    connect_for_threads.__doc__ = text.replace("`async with`", "`with`")
    return connect_for_threads


connect = _for_threads(connecting.connect)
