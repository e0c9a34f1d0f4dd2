# SPDX-License-Identifier: MIT
"""What is logged on a subject, in order and without a gap, though the connection may break.

Redis logs it in a stream beside publishing it, each entry with the id of the one before. Whoever
hears one that does not follow on what it has reads what is between in the log; so does whoever was
cut off, once it is back. The log is short, also in bytes: it is for who is away for a minute, as
Redis itself may be, or for twice as long as a node lives without a sign; not for who comes later.
When nobody speaks it goes, but the id of its last entry is known for longer, so that whoever has
heard that knows to have heard all.

Of a large entry Redis publishes the ids alone, and it is read in the log as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.client.scripts import READ_LOG
from wsecho.core.wire.errors import BusUnavailable, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.core.promise import Later

_PART: Final = ("32", str(1 << 18))
"""Entries that are read at a time, and bytes. One that is larger is read alone, while nothing else
is that is large."""

_ONE: Final = ("1", "0")


@define(eq=False)
class SubjectLog:
    """One subject, as this node has heard it.

    Args:
        commands: Redis.
        name: the stream's.
        last: the name of what knows its last entry.
        heard: takes each payload.
    """

    _commands: Commands
    _name: str
    _last_name: str
    _heard: Callable[[bytes], None]
    _last: bytes | None = field(default=None, init=False)
    _is_reading: bool = field(default=True, init=False)
    _held: list[tuple[bytes, bytes, bytes | None]] = field(factory=list, init=False)
    # Counts connections: what was asked on one that is gone is answered on none.
    _turn: int = field(default=0, init=False)

    _log = Logger()

    def came_up(self) -> None:
        """Read what was missed; what is pushed meanwhile waits."""
        self._turn += 1
        self._held.clear()
        self._read()

    def take(self, body: bytes) -> Later[None]:
        """Take what was pushed.

        Returns:
            None, or for a large one when it is read, and taken.
        """
        before, this, *rest = body.split(b" ", 2)
        payload = rest[0] if rest else None
        if self._is_reading or before != self._last:
            self._held.append((before, this, payload))
            if not self._is_reading:
                self._read()
        elif payload is not None:
            self._deliver(this, payload)
        else:
            return promise_of(self._fetch(this))
        return None

    def _ask(self, *words: str) -> Deferred[Any]:
        names = [self._name, self._last_name]
        return self._commands.run(READ_LOG, names, [self._last or b"", *words])

    def _ask_large(self, count: str, room: str) -> Deferred[Any]:
        """Ask for one that is large, in its turn among all that are."""
        turn = self._turn

        def ask() -> Deferred[Any]:
            if turn != self._turn:
                raise BusUnavailable
            return self._ask(count, room, "1")

        return self._commands.one_large.run(ask)

    def _fetch(self, this: bytes) -> Deferred[None]:
        asked = self._ask_large(*_ONE).addCallback(self._fetched, this, self._turn)
        return asked.addErrback(self._not_read, self._turn)

    def _fetched(self, reply: list[Any], this: bytes, turn: int) -> None:
        if turn != self._turn:
            return
        entries = reply[2:]
        if entries and entries[0][0] == this:
            self._deliver(this, entries[0][2])
        else:
            # So much was said since that the log has it no more.
            self._read()

    def _read(self) -> None:
        self._is_reading = True
        try:
            asked = self._ask(*_PART, "")
        except WireError:  # it went again, and comes up again
            return
        asked.addCallback(self._read_large).addCallback(self._take_part, self._turn)
        asked.addErrback(self._not_read, self._turn)

    def _read_large(self, reply: list[Any]) -> list[Any] | Deferred[list[Any]]:
        return self._ask_large(*_PART) if reply[1] else reply

    def _take_part(self, reply: list[Any], turn: int) -> None:
        if turn != self._turn:
            return
        last, _, *entries = reply
        if self._last is None or _order(last) < _order(self._last):
            # Nothing was missed that anybody knows of: this node is new, or the log is.
            self._take_held(last)
            return
        before = entries[0][1] if entries else last
        if before != self._last:
            self._log.warn("cut off for too long: some of what WAMP keeps in Redis is lost here")
        for this, _, payload in entries:
            self._deliver(this, payload)
        if entries and _order(self._last) < _order(last):
            self._read()
        else:
            self._take_held(last)

    def _take_held(self, last: bytes) -> None:
        # Where it is not, nothing of what is held was in the log.
        is_known = self._last is not None and _order(last) >= _order(self._last)
        self._last, self._is_reading = last, False
        held, self._held = self._held, []
        for number, (before, this, payload) in enumerate(held):
            if is_known and _order(this) <= _order(self._last):
                continue
            if payload is None:
                # It is read together with those behind it.
                self._last = self._last if is_known else before
                self._held = held[number:]
                self._read()
                return
            self._deliver(this, payload)

    def _not_read(self, failure: Failure, turn: int) -> None:
        """Wait until it comes up again: where it refuses, the connection is made anew."""
        failure.trap(WireError)
        if turn == self._turn:
            self._is_reading = True

    def _deliver(self, this: bytes, payload: bytes) -> None:
        self._last = this
        try:
            self._heard(payload)
        except Exception:  # noqa: BLE001  # the boundary: what follows must come all the same
            self._log.failure("cannot take what came from Redis")


def _order(identifier: bytes) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition(b"-")
    return int(milliseconds or 0), int(number or 0)
