# SPDX-License-Identifier: MIT
"""The steps by which events are kept in Redis: what each script is given, what it answers."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.bus.redis.client.scripts import (
    APPEND_EVENTS,
    ENTER,
    LEAD_EVENTS,
    LEAVE,
    READ_EVENTS,
    TAKE_EVENTS,
    VACATE,
    Script,
)
from wsecho.bus.redis.rooms.records import read_entry
from wsecho.core.events.batches import MAX_BYTES, MAX_EVENTS, EventsRead, WaitingEvent
from wsecho.core.events.event_log import MAX_WAITING, MAX_WAITING_BYTES
from wsecho.core.events.occupancy import VACANCY
from wsecho.core.events.texts import message_event
from wsecho.core.rooms.leases import HeldError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys

SUBJECT: Final = "events"
"""What nodes tell one another on where something waits again."""

_VACANCY: Final = str(int(VACANCY * 1000))
_MESSAGE: Final = b"m"


@define(eq=False)
class EventSteps:
    """The steps.

    Args:
        commands: Redis.
        keys: names what is kept there.
        lasting: milliseconds that it is kept after the last sign of a node.
        listeners: the names of those who are told.
        lost: takes how many events had waited that Redis has lost, as far as is known here.
    """

    _commands: Commands
    _keys: Keys
    _lasting: str
    _listeners: Sequence[str]
    _lost: Callable[[int], None]
    # The number under which this node tells, empty where it does not.
    _fence: bytes = field(default=b"", init=False)
    _fresh: str = field(factory=lambda: secrets.token_hex(3), init=False)
    # What was seen of the events: Redis may come back with less.
    _run: str = field(default="", init=False)
    _last: int = field(default=0, init=False)
    # By listener, as long as this node tells.
    _taken: dict[str, int] = field(factory=dict, init=False)

    def names(self) -> list[str]:
        """Name what lasts as long as there are nodes."""
        return [*self._keys.events, *self._keys.inside]

    # -- what happens

    def standing(self) -> tuple[list[str], list[bytes | str]]:
        """Return which keys have the events, and what each script about them begins with."""
        words: list[bytes | str] = [
            *(self._fresh, self._run, str(self._last), self._lasting),
            *(str(MAX_WAITING), str(MAX_WAITING_BYTES), self._keys.subject(SUBJECT)),
        ]
        return list(self._keys.events), words

    def append(self, texts: Sequence[str]) -> Deferred[int]:
        """Append events; how many is the answer, as of all steps that append some."""
        return self._run_script(APPEND_EVENTS, (), [text.encode() for text in texts])

    def enter(
        self, node: str, room: str, member: str, card: bytes, occupied: str, join: str
    ) -> Deferred[int]:
        """Note a member on a node, and append what is told of it."""
        words: list[bytes | str] = [member, node, card, room, occupied.encode(), join.encode()]
        return self._run_script(ENTER, self._keys.inside, words)

    def leave(
        self, node: str, room: str, member: str, leave: str, *, if_dead: bool
    ) -> Deferred[int]:
        """Note that a member is on a node no more, and append what is told of it."""
        is_dead = "1" if if_dead else "0"
        words: list[bytes | str] = [member, node, is_dead, room, leave.encode(), _VACANCY]
        return self._run_script(LEAVE, (*self._keys.inside, self._keys.nodes), words)

    def vacate(self, rooms: Sequence[tuple[str, str]]) -> Deferred[int]:
        """Have rooms be vacated, those whose time is over, and append what is told of each."""
        _, counts, vacating = self._keys.inside
        words: list[bytes | str] = [word for room, text in rooms for word in (room, text.encode())]
        return self._run_script(VACATE, (counts, vacating), words)

    def vacating(self, most: int) -> Deferred[list[bytes]]:
        """List rooms without anybody, those first that have been so for longest."""
        *_, vacating = self._keys.inside
        return self._commands.ask("ZRANGE", vacating, "0", str(most - 1))

    # -- telling

    def lead(self) -> Deferred[None]:
        """Begin to tell, so that no other node does."""
        return self._ask(LEAD_EVENTS, (), self._listeners).addCallback(self._led)

    def read(self, listener: str) -> Deferred[EventsRead]:
        """Read what waits for a listener.

        Returns:
            what fails with `HeldError` where another node tells.
        """
        words: list[bytes | str] = [self._fence, listener, str(MAX_EVENTS), str(MAX_BYTES)]
        return self._ask(READ_EVENTS, (), words).addCallback(self._read, listener)

    def take(self, listener: str, last: int, *, is_told: bool) -> Deferred[None]:
        """Note what a listener has taken.

        Returns:
            what fails with `HeldError` where another node tells.
        """
        others = [name for name in self._listeners if name != listener]
        what = "taken" if is_told else "given"
        words: list[bytes | str] = [self._fence, what, str(last), listener, *others]
        return self._ask(TAKE_EVENTS, (), words).addCallback(self._check)

    # -- the rest is our own

    def _ask(
        self, script: Script, names: Sequence[str], words: Sequence[bytes | str]
    ) -> Deferred[Any]:
        events, standing = self.standing()
        return self._commands.run(script, [*events, *names], [*standing, *words])

    def _run_script(
        self, script: Script, names: Sequence[str], words: Sequence[bytes | str]
    ) -> Deferred[int]:
        return self._ask(script, names, words).addCallback(self._appended)

    def _appended(self, reply: list[Any]) -> int:
        run, last, appended = reply
        self.see(run.decode(), last)
        return int(appended)

    def see(self, run: str, last: int) -> None:
        """Take note of how far the events have come; in another run all before is lost."""
        if run != self._run:
            if self._taken:
                self._lost(self._last - min(self._taken.values()))
            self._run, self._last = run, last
            self._taken.clear()
        self._last = max(self._last, last)

    def _led(self, reply: list[Any]) -> None:
        self._fence, run, last = reply
        self.see(run.decode(), last)
        self._taken.clear()

    def _read(self, reply: list[Any] | None, listener: str) -> EventsRead:
        if reply is None:
            raise HeldError("")
        run, taken, gone, last, now, *fields = reply
        self.see(run.decode(), last)
        self._taken[listener] = taken
        quads = zip(*(iter(fields),) * 4, strict=True)
        entries = tuple(_waiting(*quad) for quad in quads)
        return EventsRead(run.decode(), taken, gone, now, entries, last)

    def _check(self, is_taken: int) -> None:
        if not is_taken:
            raise HeldError("")


def _waiting(number: int, moment: bytes, kind: bytes, text: bytes) -> WaitingEvent:
    if kind != _MESSAGE:
        return WaitingEvent(number, int(moment), text.decode())
    room, position, record = text.split(b"\n", 2)
    epoch, _, offset = position.decode().rpartition(":")
    said = read_entry(epoch, int(offset), record).message
    return WaitingEvent(number, int(moment), message_event(room.decode(), said))
