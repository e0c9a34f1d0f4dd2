# SPDX-License-Identifier: MIT
"""`GET /broadcast/R?after=P&wait=S`: what was said behind a position, or what is said next.

A reader is in the room while it waits, so that the room stays and the next message reaches it.
Others see it only where it named itself (`?member=`): then it is one member from poll to poll.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.server import NOT_DONE_YET, Request

from wsecho.core.http.pages import Page, read_page
from wsecho.core.http.queries import PollQuery, RoomQuery
from wsecho.core.http.responses import JSON_TYPE
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.presence import Change
from wsecho.core.wire.errors import TOKEN_EXPIRED, Unauthorized
from wsecho.core.wire.positions import Position
from wsecho.doors.http.request import answer_error
from wsecho.fanout.rooms import Rooms
from wsecho.fanout.vocabulary_reader import shared_json
from wsecho.server.state import ServerState

if TYPE_CHECKING:
    from wsecho.server.wallclock import Alarm

_TYPE: Final = JSON_TYPE.encode()


class Poll:
    """One request of a reader.

    Args:
        rooms: all rooms.
        room: the room's name.
        query: where the reader stands.
        poll: how long it waits, and for how much at most.
        caller: who it is.
    """

    door: ClassVar = "longpoll"
    hears: ClassVar = True
    wants_own: ClassVar = True
    wants_presence: ClassVar = False
    is_paced: ClassVar = True
    is_idle: ClassVar = False

    def __init__(
        self, rooms: Rooms, room: str, query: RoomQuery, poll: PollQuery, caller: Caller
    ) -> None:
        self._rooms = rooms
        self.room = room
        self.query = query
        self.caller = caller
        self._poll = poll
        self._request: Any = None
        self._state: ServerState | None = None
        self._deadlines: list[IDelayedCall | Alarm] = []

    @property
    def is_present(self) -> bool:
        """Whether others see it: it must be the same one when it comes again."""
        return self.caller.secret is not None

    def peek(self, request: Request) -> bytes:
        """Return what there is now, without being here.

        Raises:
            OverLimit: there are too many rooms.
        """
        request.setHeader(b"content-type", _TYPE)
        return self._page().write()

    def begin(self, request: Any, state: ServerState, clock: IReactorTime) -> Any:
        """Answer with what there is, or let the request wait.

        Raises:
            OverLimit: the room is full, or there are too many rooms.
        """
        page = self._page()
        waits = self._poll.wait > 0 and page.recovered is True and not page.frames
        if waits or self.is_present:
            self._rooms.join(self.room, self)
        if not waits:
            self._rooms.leave(self.room, self)
            request.setHeader(b"content-type", _TYPE)
            return page.write()
        self._request, self._state = request, state
        state.connections.add(self)
        request.notifyFinish().addBoth(lambda _: self._over())
        self._deadlines.append(clock.callLater(self._poll.wait, self._answer, page))
        if self.caller.expires is not None:
            self._deadlines.append(state.wall.call_at(self.caller.expires, self._expire))
        request.when_input_ends(lambda: self._answer(self._page()))
        return NOT_DONE_YET

    def deliver(self, message: Message) -> None:
        """Answer with the message that was waited for."""
        after = self.query.after
        assert after is not None  # noqa: S101  # who gives no position does not wait
        epoch, offset = message.position.epoch, message.position.offset
        if epoch != after.epoch:
            self._answer_lost(Position(epoch, offset - 1))
        else:
            self._answer(Page(message.position, recovered=True, frames=(shared_json(message),)))

    def tell(self, change: Change) -> None:
        """Say nothing: the answer has messages only."""

    def renew(self, position: Position) -> None:
        """Answer that the place that was given is gone."""
        self._answer_lost(position)

    def skip(self, epoch: str, after: int, upto: int) -> None:
        """Answer that the messages that were waited for are gone."""
        self._answer_lost(Position(epoch, upto))

    def drain(self, retry: float) -> None:
        """Answer that nothing came, for the server is about to stop."""
        if self._request is not None:
            self._request.setHeader(b"retry-after", b"%d" % max(1, round(retry)))
            self._request.setHeader(b"connection", b"close")
            self._request.channel.persistent = False
            self._answer(self._page())

    def abort(self) -> None:
        """Cut the connection."""
        if self._request is not None:
            self._request.channel.transport.abortConnection()

    def _page(self) -> Page:
        return read_page(self._rooms.read(self.room), self.query, self._poll.limit, shared_json)

    def _answer_lost(self, position: Position) -> None:
        """Answer that the place is gone, and with the last messages where those were asked for."""
        self._answer(self._page() if self.query.history else Page(position, recovered=False))

    def _answer(self, page: Page) -> None:
        request = self._over()
        if request is not None:
            request.setHeader(b"content-type", _TYPE)
            _finish(request, page.write())

    def _expire(self) -> None:
        request = self._over()
        if request is not None:
            _finish(request, answer_error(request, Unauthorized(TOKEN_EXPIRED.reason)))

    def _over(self) -> Any:
        request, self._request = self._request, None
        if request is not None:
            for deadline in self._deadlines:
                if deadline.active():
                    deadline.cancel()
            self._rooms.leave(self.room, self)
            assert self._state is not None  # noqa: S101  # it waited
            self._state.connections.discard(self)
        return request


def _finish(request: Request, body: bytes) -> None:
    request.setHeader(b"content-length", b"%d" % len(body))
    request.write(body)
    request.finish()
