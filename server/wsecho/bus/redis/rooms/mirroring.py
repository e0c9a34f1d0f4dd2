# SPDX-License-Identifier: MIT
"""What follows of what a room's log says: the hub is put in its state, and the doors are told."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from attrs import define

from wsecho.bus.redis.rooms.records import NO_TAG
from wsecho.core.rooms.log_follower import Began, Event, Renewed, Skipped, Took
from wsecho.core.wire.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wsecho.bus.interface import BusListener
    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.rooms.correlation import Correlation
    from wsecho.bus.redis.rooms.remote_room import RemoteRoom
    from wsecho.core.rooms.all_rooms import AllRoomsFollower
    from wsecho.core.rooms.history import Message
    from wsecho.core.rooms.hub import Hub


@define(eq=False)
class Mirroring:
    """Keeps the hub's rooms what they are in Redis.

    Args:
        hub: where the rooms are mirrored.
        listener: delivers.
        correlation: who has said what comes back.
        now: seconds, by which ages and waits are measured.
        measures: counts.
        all_rooms: what of each room was told to those who hear of all.
    """

    _hub: Hub[Any]
    _listener: BusListener
    _correlation: Correlation
    _now: Callable[[], float]
    _measures: Measures
    _all_rooms: AllRoomsFollower

    def apply(
        self,
        remote: RemoteRoom,
        events: Iterable[Event],
        correlation: dict[Message, bytes],
        asked_at: float = -inf,
    ) -> None:
        """Have everybody know what follows.

        Args:
            remote: the room.
            events: what follows.
            correlation: of the messages.
            asked_at: Redis's time, where its log says how old they are. Its clock and this
                machine's need not agree, and either may be set.
        """
        now = self._now()
        if remote.correlation or not remote.is_current:
            remote.correlation.update(correlation)
            correlation = remote.correlation
        for event in events:
            if isinstance(event, Took):
                message = event.message
                age = max(0.0, asked_at - message.taken)
                self._take(remote, message, correlation.pop(message, NO_TAG), now, age)
            else:
                self._move(remote, event, now)
        if remote.correlation and remote.is_current:
            remote.correlation.clear()

    def end_straying(self, remote: RemoteRoom) -> None:
        """Tell that what was said here alone is over."""
        remote.has_strayed = False
        self._listener.renew(remote.name, Position(remote.seen.epoch, remote.seen.offset))

    def _move(self, remote: RemoteRoom, event: Event, now: float) -> None:
        room = remote.name
        if isinstance(event, Began):
            self._hub.reset(room, event.epoch, event.base, now)
            if not remote.has_strayed:
                self._tell_pattern_subscribers(room, event)
        elif isinstance(event, Renewed):
            self._measures.renewals += 1
            self._hub.reset(room, event.epoch, event.base, now)
            self._listener.renew(room, Position(event.epoch, event.base))
        elif isinstance(event, Skipped):
            epoch = remote.seen.epoch
            self._hub.reset(room, epoch, event.upto, now)
            if not remote.is_quiet:
                self._listener.skip(room, epoch, event.after, event.upto)

    def _take(
        self, remote: RemoteRoom, message: Message, tag: bytes, now: float, age: float
    ) -> None:
        sender, origin = self._correlation.take(tag)
        delivery = self._hub.take(remote.name, message, sender, now, age)
        if not remote.is_quiet:
            self._all_rooms.passed(message)
        elif remote.has_strayed or not self._all_rooms.is_news(remote.name, message):
            return
        self._listener.on_publication(remote.name, delivery, origin)

    def _tell_pattern_subscribers(self, room: str, event: Began) -> None:
        for news in self._all_rooms.began(room, event.epoch, event.base):
            if isinstance(news, Renewed):
                self._listener.renew(room, Position(news.epoch, news.base))
            elif isinstance(news, Skipped):
                self._listener.skip(room, event.epoch, news.after, news.upto)
