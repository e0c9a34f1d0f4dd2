# SPDX-License-Identifier: MIT
"""What is said in every room there is, for those who want to hear of all of them.

One pattern is subscribed to. What was missed while Redis was away is looked up in the logs of all
rooms, once it is back; rooms that are followed here look after themselves.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from wsecho.bus.deferreds import deferred_of, promise_of
from wsecho.bus.redis.client.scanning import scan_rooms
from wsecho.bus.redis.client.scripts import STANDING
from wsecho.bus.redis.rooms.loading import MAX_LOADS, ask_for, read_loaded, read_standing, read_time
from wsecho.bus.redis.rooms.membership import PRESENCE, read_change
from wsecho.bus.redis.rooms.records import MESSAGE, NO_TAG, PLACE, read_notice
from wsecho.core.promise import Later, Promise, gather, when
from wsecho.core.rooms.log_follower import Event, Renewed, Skipped, Took
from wsecho.core.rooms.retries import Receipt
from wsecho.core.rooms.room import Delivery
from wsecho.core.wire.errors import BusUnavailable, WireError
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twisted.python.failure import Failure

    from wsecho.bus.interface import BusListener
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.rooms.correlation import Correlation
    from wsecho.bus.redis.rooms.cursors import Cursors
    from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms
    from wsecho.core.rooms.all_rooms import AllRoomsFollower
    from wsecho.core.rooms.history import Message
    from wsecho.core.rooms.log_follower import LogFollower


@define(eq=False)
class PatternSubscriber:
    """Hears of all rooms, once it is asked to.

    Args:
        commands: Redis.
        keys: how channels are named.
        remote_rooms: the rooms that are followed here.
        cursors: draws epochs for rooms that begin.
        all_rooms: what of the others was told.
        correlation: who has said what comes back.
        listener: takes what is told of them.
    """

    _commands: Commands
    _keys: Keys
    _remote_rooms: RemoteRooms
    _cursors: Cursors
    _all_rooms: AllRoomsFollower
    _correlation: Correlation
    _listener: BusListener
    _hears: bool = field(default=False, init=False)
    # Counts what makes an answer that is on its way none of ours any more.
    _turn: int = field(default=0, init=False)
    # Of the scan: None where there is nothing to scan.
    _is_scanning: bool | None = field(default=None, init=False)
    # Rooms in the order in which they came, each once.
    _to_load: dict[str, None] = field(factory=dict, init=False)
    _asked: set[str] = field(factory=set, init=False)
    _held_correlation: dict[Message, bytes] = field(factory=dict, init=False)
    _waiting: list[Promise[None]] = field(factory=list, init=False)

    _log = Logger()

    def hear(self, *, waits: bool) -> Later[None]:
        """Hear of all rooms from now on.

        Args:
            waits: whether it matters when that is.

        Returns:
            when it is so.

        Raises:
            BusUnavailable: Redis is away.
        """
        self._hears = True
        self._commands.need("PSUBSCRIBE", self._keys.pattern_subscriber)
        if not waits:
            return None
        # Redis takes a connection's commands in their order.
        asked: Promise[list[bytes]] = promise_of(self._commands.ask("TIME"))
        return when(asked, self._begin)

    def stop(self) -> None:
        """Hear of them no more."""
        self._hears = False
        self._forget_answers()
        self._all_rooms.end()
        self._commands.cast("PUNSUBSCRIBE", self._keys.pattern_subscriber)
        self._let_in()

    def came_up(self) -> None:
        """Hear of them again, and look up what was missed."""
        if self._hears:
            self._commands.need("PSUBSCRIBE", self._keys.pattern_subscriber)
            self._is_scanning = False
            self.look_again()

    def look_again(self) -> None:
        """Ask once more for what Redis has refused to tell."""
        if not self._hears or not self._commands.is_up:
            return
        if self._is_scanning is False:
            self._is_scanning = True
            scanned = Deferred.fromCoroutine(self._scan(self._turn))
            scanned.addErrback(self._not_scanned, self._turn)
        for room in self._all_rooms.behind:
            self._load(room)

    def went_down(self) -> None:
        """Be sure of nothing."""
        self._forget_answers()
        self._all_rooms.break_off()
        self._held_correlation.clear()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.fail(BusUnavailable())

    def take(self, channel: bytes, body: bytes) -> None:
        """Take what is told of a room that is not followed."""
        if not self._hears or self._remote_rooms.on_channel(channel) is not None:
            return
        room = self._keys.room_on(channel.decode())
        if body[:1] == MESSAGE:
            self._take_notice(room, body)
        elif body[:1] == PLACE:
            self._fetch(room, body)
        elif body[:1] == PRESENCE:
            self._listener.announce(room, read_change(body))

    # -- the rest is our own

    def _begin(self, time: list[bytes]) -> Later[None]:
        if not self._hears:
            return None
        self._all_rooms.begin(read_time(time))
        if self._all_rooms.is_sure:
            return None
        # What others missed is none of what this one wants.
        waiting: Promise[None] = Promise()
        self._waiting.append(waiting)
        return waiting

    def _fetch(self, room: str, body: bytes) -> None:
        """Fetch a large message, and then take it as though it had been told whole."""
        _, epoch, offset = body.split(b" ")
        place = offset + b"-0"
        ask = partial(self._commands.ask, "XRANGE", self._keys.room(room).log, place, place)

        def fetched(entries: list[Any], turn: int) -> None:
            if entries and turn == self._turn and self._remote_rooms.get(room) is None:
                self._take_notice(room, b"m %b %b %b" % (epoch, offset, entries[0][1][3]))

        asked = self._commands.one_large.run(ask)
        asked.addCallback(fetched, self._turn).addErrback(self._not_told)

    def _take_notice(self, room: str, body: bytes) -> None:
        logged = read_notice(body)
        self._cursors.draw_after(logged.message.position.epoch)
        events = self._all_rooms.take_notice(room, logged.message)
        follower = self._all_rooms.follower(room)
        if follower is None:
            self._tell(room, events, {logged.message: logged.tag})
        elif logged.tag != NO_TAG:
            self._held_correlation[logged.message] = logged.tag
        if follower is not None:
            self._load(room)

    async def _scan(self, turn: int) -> None:
        self._all_rooms.resume(read_time(await self._commands.ask("TIME")))
        if not self._all_rooms.is_sure:
            async for rooms in scan_rooms(self._commands, self._keys):
                await self._check(rooms, turn)
                if turn != self._turn:
                    return
        if turn == self._turn:
            self._is_scanning = None
            self._end_if_done()

    async def _check(self, rooms: set[str], turn: int) -> None:
        asked: dict[str, Later[list[Any]]] = {}
        for room in rooms:
            if self._remote_rooms.get(room) is None:
                keys = self._keys.room(room)
                standing = self._commands.run(STANDING, [keys.head, keys.log], [])
                asked[room] = promise_of(standing)
        answers = await deferred_of(gather(asked))
        for room, answer in answers.items():
            if turn != self._turn:
                return
            is_ours = self._remote_rooms.get(room) is None
            if is_ours and self._all_rooms.check(room, read_standing(answer)):
                self._load(room)

    def _load(self, room: str) -> None:
        if room not in self._asked:
            self._to_load[room] = None
        self._load_next()

    def _load_next(self) -> None:
        while self._to_load and len(self._asked) < MAX_LOADS and self._commands.is_up:
            room = next(iter(self._to_load))
            del self._to_load[room]
            follower = self._all_rooms.follower(room)
            if follower is not None:
                self._ask(room, follower)

    def _ask(self, room: str, follower: LogFollower) -> None:
        self._asked.add(room)
        keys = self._keys.room(room)
        stand = partial(self._cursors.stand, room)
        answer = ask_for(self._commands, keys, follower, follower.seen, stand, is_use=False)
        answer.addBoth(self._answered, room, self._turn)
        answer.addCallback(self._loaded, room, follower, self._turn)
        answer.addErrback(self._not_told)

    def _answered(self, outcome: Any, room: str, turn: int) -> Any:
        if turn == self._turn:
            self._asked.discard(room)
        return outcome

    def _loaded(self, reply: list[Any], room: str, follower: LogFollower, turn: int) -> None:
        if turn != self._turn:
            return
        # It may be followed by now.
        if self._all_rooms.follower(room) is follower:
            # Where the log is too short to tell whether it is what it was, that is no reason to
            # have a room begin anew for those who are in it.
            answer = read_loaded(reply, was_away=False)
            loaded, correlation = answer.loaded, answer.correlation
            self._cursors.draw_after(loaded.epoch)
            self._tell(
                room, self._all_rooms.load(room, loaded), {**self._held_correlation, **correlation}
            )
        if self._all_rooms.follower(room) is not None:
            self._to_load[room] = None
        self._load_next()
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._all_rooms.behind or self._is_scanning is not None:
            return
        self._held_correlation.clear()
        if not self._all_rooms.is_sure:
            self._all_rooms.catch_up()
            self._let_in()

    def _let_in(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.give(None)

    def _forget_answers(self) -> None:
        self._turn += 1
        self._is_scanning = None
        self._to_load.clear()
        self._asked.clear()

    def _not_scanned(self, failure: Failure, turn: int) -> None:
        if turn == self._turn:
            self._is_scanning = False
        self._not_told(failure)

    def _not_told(self, failure: Failure) -> None:
        # It is asked for again: by `look_again`, or once Redis is back.
        if not failure.check(WireError):
            self._log.failure("cannot look up what was missed in every room", failure)

    def _tell(self, room: str, events: Iterable[Event], correlation: dict[Message, bytes]) -> None:
        for event in events:
            if isinstance(event, Took):
                message = event.message
                _, origin = self._correlation.take(correlation.get(message, NO_TAG))
                receipt = Receipt(message.position, message.publication)
                self._listener.on_publication(room, Delivery(receipt, message, []), origin)
            elif isinstance(event, Renewed):
                self._listener.renew(room, Position(event.epoch, event.base))
            elif isinstance(event, Skipped):
                epoch = self._all_rooms.told(room).epoch
                self._listener.skip(room, epoch, event.after, event.upto)
