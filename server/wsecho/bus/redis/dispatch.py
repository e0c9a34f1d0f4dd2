# SPDX-License-Identifier: MIT
"""What is told on channels, and who takes it here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.nodes.subject_log import SubjectLog
from wsecho.bus.redis.rooms.membership import PRESENCE
from wsecho.bus.redis.rooms.records import MESSAGE, PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.rooms.membership import Membership
    from wsecho.bus.redis.rooms.pattern_subscriber import PatternSubscriber
    from wsecho.bus.redis.rooms.remote_rooms import RemoteRooms


@define(eq=False)
class PushDispatch:
    """Takes what is pushed.

    Args:
        commands: Redis.
        keys: how channels are named.
        remote_rooms: the rooms that are followed here.
        membership: who is in them.
        pattern_subscriber: takes what is told of rooms that are not followed.
        node: this node's name.
        hear_other: takes what came on any other channel.
    """

    _commands: Commands
    _keys: Keys
    _remote_rooms: RemoteRooms
    _membership: Membership
    _pattern_subscriber: PatternSubscriber
    _node: str
    _hear_other: Callable[[bytes, bytes], None]
    _listeners: dict[bytes, Callable[[bytes], None]] = field(factory=dict, init=False)
    _subject_logs: list[SubjectLog] = field(factory=list, init=False)

    _log = Logger()

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, to all or to this one."""
        subject_log = SubjectLog(
            self._commands, self._keys.log(subject), self._keys.last(subject), heard
        )
        self._subject_logs.append(subject_log)
        for channel, listener in (
            (self._keys.subject(subject), heard),
            (self._keys.send_to(self._node, subject), heard),
            (self._keys.logged(subject), subject_log.take),
        ):
            self._listeners[channel.encode()] = listener
            self._commands.need("SUBSCRIBE", channel)
        if self._commands.is_up:
            subject_log.came_up()

    def came_up(self) -> None:
        """Listen again, on a fresh connection."""
        for channel in self._listeners:
            self._commands.need("SUBSCRIBE", channel.decode())
        for subject_log in self._subject_logs:
            subject_log.came_up()

    def take(self, push: list[Any]) -> None:
        """Take what was pushed; what cannot be read is no end of all else."""
        try:
            if push[0] == b"message":
                self._hear(push[1], push[2])
            elif push[0] == b"pmessage":
                self._pattern_subscriber.take(push[2], push[3])
        except Exception:  # noqa: BLE001  # the boundary: others' bytes, and the doors' own faults
            self._log.failure("cannot take what came from Redis")

    def _hear(self, channel: bytes, body: bytes) -> None:
        remote = self._remote_rooms.on_channel(channel)
        if remote is None:
            heard = self._listeners.get(channel)
            if heard is not None:
                heard(body)
            else:
                self._hear_other(channel, body)
        elif body[:1] == MESSAGE:
            self._remote_rooms.hear(remote, body)
        elif body[:1] == PLACE:
            self._remote_rooms.hear_of_large(remote)
        elif body[:1] == PRESENCE:
            self._membership.hear(remote, body)
