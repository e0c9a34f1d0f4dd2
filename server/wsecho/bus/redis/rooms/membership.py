# SPDX-License-Identifier: MIT
"""Who is in a room on which node, as Redis keeps it: an entry of each member, alive with its node.

A node says every few seconds that it lives. One that has not for `--node-ttl` is dead to all
others: each of them drops its members from its own lists, and tells those who watch there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.bus.redis.client.scripts import ATTEND, BEAT
from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.roster import Entry
from wsecho.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.rooms.remote_room import RemoteRoom

PRESENCE: Final = b"p"
_BEATS: Final = 3
"""Signs of life that a node gives within its time."""


@define(eq=False)
class Membership:
    """This node's part in who is where.

    Args:
        node: this node's name.
        commands: Redis.
        nodes: the name of the set of nodes.
        outlasting: names what goes some time after the last of them.
        node_ttl: seconds after which a silent node is dead.
        ttl: seconds that what is not a room's lasts.
        lasting: seconds that a room's entries last after their last use, by its name.
        clock: Twisted's.
        announce: tells a room's members here that somebody came or went.
        renew: claims again what this node holds, where it may have been taken for dead; whoever
            watches nodes hears of them only then, for this one may hold less.
        beaten: takes who lives, with each sign of life that was taken; None where one was not.
        remote: the rooms that are followed here.
        here: lists this node's own members of a room.
    """

    node: str
    _commands: Commands
    _nodes: str
    _outlasting: Callable[[], list[str]]
    _node_ttl: float
    _ttl: float
    _room_lasting: Callable[[str], float]
    _clock: Any
    _announce: Callable[[RemoteRoom, Change, bytes], None]
    _renew: Callable[[], Deferred[None]]
    _after_beat: Callable[[frozenset[str] | None], None]
    _remote: Callable[[], Iterable[RemoteRoom]]
    _here: Callable[[str], Iterable[Card]]
    alive: set[str] = field(factory=set, init=False)
    _watchers: list[Callable[[frozenset[str]], None]] = field(factory=list, init=False)
    _told: frozenset[str] = field(default=frozenset(), init=False)
    _is_cut_off: bool = field(default=True, init=False)
    _loop: Loop = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._told = frozenset({self.node})
        self._loop = Loop("giving signs of life", self.beat, self._clock)

    @property
    def _lasting(self) -> str:
        return str(int(max(self._ttl, self._node_ttl) * 1000))

    def start(self) -> None:
        """Begin to give signs of life."""
        self._loop.start(self._node_ttl / _BEATS)

    def stop(self) -> None:
        """Take back what is here, and give no sign of life any more."""
        self._loop.stop()
        self._commands.cast("ZREM", self._nodes, self.node)

    def watch(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Tell who lives, now and whenever that changes."""
        self._watchers.append(changed)
        changed(self._told)

    def doubt(self) -> None:
        """Know of no other node any more: what they say is not heard."""
        self.alive.clear()
        self._is_cut_off = True
        self._tell_watchers(always=True)

    def _tell_unless_cut_off(self, *, always: bool) -> None:
        if not self._is_cut_off:
            self._tell_watchers(always=always)

    def _tell_watchers(self, *, always: bool) -> None:
        alive = frozenset(self.alive | {self.node})
        if always or alive != self._told:
            self._told = alive
            for changed in self._watchers:
                changed(alive)

    def beat(self) -> None:
        """Give a sign of life, and see who else does."""
        if self._commands.is_up:
            self._ask().addCallbacks(self._beaten, self._not_beaten)

    def look(self) -> Deferred[frozenset[str]]:
        """See who lives now, as with each `beat`.

        Raises:
            BusUnavailable: Redis is away.
        """
        beaten = self._ask().addCallback(self._beaten)
        return beaten.addCallback(lambda _: frozenset(self.alive))

    def _ask(self) -> Deferred[list[Any]]:
        words: list[bytes | str] = [self.node, str(int(self._node_ttl * 1000)), self._lasting]
        return self._commands.run(BEAT, [self._nodes, *self._outlasting()], words)

    def _not_beaten(self, _: Failure) -> None:
        self._after_beat(None)

    def _beaten(self, reply: list[Any]) -> None:
        was_alive, *alive = reply
        self.alive = {name.decode() for name in alive}
        came_back, self._is_cut_off = self._is_cut_off, False
        if came_back or not was_alive:
            self._renew().addCallback(lambda _: self._tell_unless_cut_off(always=came_back))
        else:
            self._tell_watchers(always=False)
        for remote in self._remote():
            for node in remote.roster.nodes() - self.alive:
                self._bury(remote, node)
            if not was_alive:
                # Others have taken this node for dead, and its members for gone.
                for card in self._here(remote.name):
                    self._enter(remote, card, b"-")
        self._after_beat(frozenset(self.alive))

    def _bury(self, remote: RemoteRoom, node: str) -> None:
        names = [entry.id for entry in remote.roster.entries() if entry.node == node]
        self._commands.cast("HDEL", remote.keys.who, *(f"{node}/{name}" for name in names))
        for change in remote.roster.drop(node):
            self._announce(remote, change, b"-")

    # -- comings and goings

    def tell(self, remote: RemoteRoom, change: Change, tag: bytes) -> None:
        """Let everybody know that a member of this node came or went."""
        if not self._commands.is_up:
            self._take(remote, self.node, change, tag)
        elif change.action == "join":
            self._enter(remote, change.card, tag)
        else:
            self._leave(remote, change.card, tag)

    def hear(self, remote: RemoteRoom, body: bytes) -> None:
        """Take note of what the channel told."""
        _, _, node, tag, _ = body.split(b" ", 4)
        self._take(remote, node.decode(), read_change(body), tag)

    def load(self, remote: RemoteRoom, found: Mapping[bytes, bytes]) -> None:
        """Take all entries of a room, and put right those of this node."""
        entries = {_entry(name): _read(text) for name, text in found.items()}
        here = {card.id: card for card in self._here(remote.name)}
        for entry, card in list(entries.items()):
            if entry.node == self.node and entry.id not in here:
                del entries[entry]
                self._leave(remote, card, b"-")
        for name, card in here.items():
            if Entry(self.node, name) not in entries:
                self._enter(remote, card, b"-")
                entries[Entry(self.node, name)] = card
        if any(entry.node not in self.alive for entry in entries):
            # Either it has just come, or it is dead: which of the two, the next beat shows.
            self.beat()
        for change in remote.roster.replace(entries):
            if not remote.is_quiet:
                self._announce(remote, change, b"-")

    def _take(self, remote: RemoteRoom, node: str, change: Change, tag: bytes) -> None:
        if change.action == "join":
            self.alive.add(node)
            told = remote.roster.enter(node, change.card)
        else:
            told = remote.roster.leave(node, change.card.id)
        if told is not None:
            self._announce(remote, told, tag)

    def _enter(self, remote: RemoteRoom, card: Card, tag: bytes) -> None:
        self._write(remote, "join", card, tag)

    def _leave(self, remote: RemoteRoom, card: Card, tag: bytes) -> None:
        self._write(remote, "leave", card, tag)

    def _write(self, remote: RemoteRoom, action: str, card: Card, tag: bytes) -> None:
        if not self._commands.is_up:
            return
        text = _write_card(card)
        notice = b"p %s %s %s %s" % (action.encode(), self.node.encode(), tag, text)
        lasting = max(self._room_lasting(remote.name), self._node_ttl)
        words: list[bytes | str] = [
            f"{self.node}/{card.id}",
            text if action == "join" else b"",
            str(int(lasting * 1000)),
            remote.keys.channel,
            notice,
        ]
        self._commands.run(ATTEND, [remote.keys.who], words).addErrback(_not_written, remote)


def read_change(body: bytes) -> Change:
    """Read what a channel told of somebody's coming or going.

    Raises:
        ValueError: it is malformed.
    """
    _, action, _, _, text = body.split(b" ", 4)
    return Change("join" if action == b"join" else "leave", _read(text))


def _write_card(card: Card) -> bytes:
    return json.dumps([card.id, card.name, card.door, card.since]).encode()


def _read(text: bytes) -> Card:
    return Card(*json.loads(text))


def _entry(name: bytes) -> Entry:
    node, _, member = name.decode().partition("/")
    return Entry(node, member)


def _not_written(_: Failure, remote: RemoteRoom) -> None:
    """Have it put right when who is there is looked at again."""
    remote.wants_roster = True
