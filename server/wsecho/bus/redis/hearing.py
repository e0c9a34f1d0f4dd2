# SPDX-License-Identifier: MIT
"""What is told on channels, and who takes it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.attendance import PRESENCE
from wsecho.bus.redis.chronicle import Chronicle
from wsecho.bus.redis.records import MESSAGE, PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.redis.attendance import Attendance
    from wsecho.bus.redis.commands import Commands
    from wsecho.bus.redis.everyroom import EveryRoom
    from wsecho.bus.redis.following import Following
    from wsecho.bus.redis.keys import Keys


@define(eq=False)
class Hearing:
    """Takes what is pushed.

    Args:
        commands: Redis.
        keys: how channels are named.
        following: the rooms that are followed here.
        attendance: who is in them.
        every_room: takes what is told of rooms that are not followed.
        node: this node's name.
        hear_other: takes what came on any other channel.
    """

    _commands: Commands
    _keys: Keys
    _following: Following
    _attendance: Attendance
    _every_room: EveryRoom
    _node: str
    _hear_other: Callable[[bytes, bytes], None]
    _listeners: dict[bytes, Callable[[bytes], None]] = field(factory=dict, init=False)
    _chronicles: list[Chronicle] = field(factory=list, init=False)

    _log = Logger()

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, to all or to this one."""
        chronicle = Chronicle(
            self._commands, self._keys.log(subject), self._keys.last(subject), heard
        )
        self._chronicles.append(chronicle)
        for channel, listener in (
            (self._keys.subject(subject), heard),
            (self._keys.whisper(self._node, subject), heard),
            (self._keys.logged(subject), chronicle.take),
        ):
            self._listeners[channel.encode()] = listener
            self._commands.need("SUBSCRIBE", channel)
        if self._commands.is_up:
            chronicle.came_up()

    def came_up(self) -> None:
        """Listen again, on a fresh connection."""
        for channel in self._listeners:
            self._commands.need("SUBSCRIBE", channel.decode())
        for chronicle in self._chronicles:
            chronicle.came_up()

    def take(self, push: list[Any]) -> None:
        """Take what was pushed; what cannot be read is no end of all else."""
        try:
            if push[0] == b"message":
                self._hear(push[1], push[2])
            elif push[0] == b"pmessage":
                self._every_room.take(push[2], push[3])
        except Exception:  # noqa: BLE001  # the boundary: others' bytes, and the doors' own faults
            self._log.failure("cannot take what came from Redis")

    def _hear(self, channel: bytes, body: bytes) -> None:
        followed = self._following.on_channel(channel)
        if followed is None:
            heard = self._listeners.get(channel)
            if heard is not None:
                heard(body)
            else:
                self._hear_other(channel, body)
        elif body[:1] == MESSAGE:
            self._following.hear(followed, body)
        elif body[:1] == PLACE:
            self._following.hear_of_large(followed)
        elif body[:1] == PRESENCE:
            self._attendance.hear(followed, body)
