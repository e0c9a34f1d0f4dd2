# SPDX-License-Identifier: MIT
"""What is told on channels, and who takes it here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.nodes.asides import hear_aside
from wsecho.bus.redis.nodes.inbox import SubjectInbox
from wsecho.bus.redis.nodes.subject_log import SubjectLog
from wsecho.bus.redis.rooms.membership import PRESENCE
from wsecho.bus.redis.rooms.records import MESSAGE, PLACE
from wsecho.core.promise import Later, Promise, gather, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.nodes.inbox import Take
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
    _listeners: dict[bytes, tuple[SubjectInbox, Take]] = field(factory=dict, init=False)
    _inboxes: list[SubjectInbox] = field(factory=list, init=False)
    _subject_logs: list[SubjectLog] = field(factory=list, init=False)

    _log = Logger()

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, to all or to this one."""
        keys, inbox = self._keys, SubjectInbox()
        subject_log = SubjectLog(self._commands, keys.log(subject), keys.last(subject), heard)
        self._inboxes.append(inbox)
        self._subject_logs.append(subject_log)
        hear = partial(hear_aside, self._commands, keys, inbox, heard)
        for channel, take in (
            (keys.subject(subject), hear),
            (keys.send_to(self._node, subject), hear),
            (keys.logged(subject), subject_log.take),
        ):
            self._listeners[channel.encode()] = inbox, take
            self._commands.need("SUBSCRIBE", channel)
        if self._commands.is_up:
            subject_log.came_up()

    def came_up(self) -> None:
        """Listen again, on a fresh connection."""
        for channel in self._listeners:
            self._commands.need("SUBSCRIBE", channel.decode())
        for subject_log in self._subject_logs:
            subject_log.came_up()

    def went_down(self) -> None:
        """Give up what has yet to be fetched."""
        for inbox in self._inboxes:
            inbox.break_off()

    def catch_up(self) -> Later[None]:
        """Hear first what had been said: what is pushed and what is replied come in one order.

        Raises:
            BusUnavailable: Redis is away.
        """
        answered: Promise[bytes] = promise_of(self._commands.ask("PING"))
        return when(answered, self._pass_through)

    def _pass_through(self, _: bytes) -> Later[None]:
        waiting = {number: inbox.pass_through() for number, inbox in enumerate(self._inboxes)}
        return when(gather(waiting), lambda _: None)

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
            listener = self._listeners.get(channel)
            if listener is not None:
                inbox, take = listener
                inbox.take(take, body)
            else:
                self._hear_other(channel, body)
        elif body[:1] == MESSAGE:
            self._remote_rooms.hear(remote, body)
        elif body[:1] == PLACE:
            self._remote_rooms.hear_of_large(remote)
        elif body[:1] == PRESENCE:
            self._membership.hear(remote, body)
