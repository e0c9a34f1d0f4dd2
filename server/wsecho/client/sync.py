# SPDX-License-Identifier: MIT
"""Rooms for programs with threads: `connect` as the asyncio client has it, without `async`.

Each room has a thread of its own, which runs the asyncio client. What is done here is to hand
over, so that neither Ctrl-C nor another thread that leaves the room loses anything.
"""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from attrs import define, field

from wsecho.client import connecting, room
from wsecho.client.errors import Closed, Error, Gap
from wsecho.client.model import Event, Member, Message, Position, Status

P = ParamSpec("P")
T = TypeVar("T")


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
    _events: AsyncIterator[Event] = field(init=False)
    _position: Position = field(init=False)
    _gate: threading.Lock = field(factory=threading.Lock, init=False)
    _is_over: bool = field(default=False, init=False)
    _reading: threading.Lock = field(factory=threading.Lock, init=False)
    _fetching: "Future[tuple[Event | None, Position]] | None" = field(default=None, init=False)
    _error: Error | None = field(default=None, init=False)

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
                self._events = self._room.events()
                self._position = self._room.position
                self._entered.set_result(None)
                await asyncio.Event().wait()
        finally:
            with self._gate:
                self._is_over = True
            # What was begun before is a task then, and so its end is told to whoever waits.
            await asyncio.sleep(0)

    async def _fetch(self) -> tuple[Event | None, Position]:
        return await anext(self._events, None), self._room.position

    # -- handing over

    def _next(self) -> Event | None:
        with self._reading:
            if self._error is not None:
                raise self._error
            try:
                if self._fetching is None:
                    self._fetching = self._begin(self._fetch())
                # Where this is broken off, what was fetched is handed out the next time.
                event, position = self._fetching.result()
            except (CancelledError, Closed):
                return None
            except Error as error:
                self._error = error
                raise
            self._position, self._fetching = position, None
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
