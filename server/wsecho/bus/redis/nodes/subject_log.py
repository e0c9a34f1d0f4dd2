# SPDX-License-Identifier: MIT
"""What is proclaimed on a subject, in order and without a gap, though the connection may break.

Redis logs it in a stream beside publishing it, each entry with the id of the one before. Whoever
hears one that does not follow on what it has reads what is between in the log; so does whoever was
cut off, once it is back. The log is short, also in bytes: it is for those who are away for as long
as a node lives without a sign, not for those who come later. When nobody speaks it goes, but the id
of its last entry is known for longer, so that whoever has heard that knows to have heard all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from twisted.logger import Logger

from wsecho.bus.redis.client.scripts import READ_LOG
from wsecho.core.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands

_PART: Final = ("32", str(1 << 20))
"""Entries that are read at a time, and bytes: each may be as large as a message."""


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
    _held: list[tuple[bytes, bytes, bytes]] = field(factory=list, init=False)

    _log = Logger()

    def came_up(self) -> None:
        """Read what was missed; what is pushed meanwhile waits."""
        self._held.clear()
        self._read()

    def take(self, body: bytes) -> None:
        """Take what was pushed."""
        before, this, payload = body.split(b" ", 2)
        if self._is_reading:
            self._held.append((before, this, payload))
        elif before == self._last:
            self._deliver(this, payload)
        else:
            self._held.append((before, this, payload))
            self._read()

    def _read(self) -> None:
        self._is_reading = True
        try:
            asked = self._commands.run(
                READ_LOG, [self._name, self._last_name], [self._last or b"", *_PART]
            )
        except WireError:  # it went again, and comes up again
            return
        asked.addCallbacks(self._take_part, self._not_read)

    def _take_part(self, reply: list[Any]) -> None:
        last, *entries = reply
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
        for _, this, payload in held:
            if not is_known or _order(this) > _order(self._last):
                self._deliver(this, payload)

    def _not_read(self, failure: Failure) -> None:
        """Wait until it comes up again: where it refuses, the connection is made anew."""
        failure.trap(WireError)

    def _deliver(self, this: bytes, payload: bytes) -> None:
        self._last = this
        try:
            self._heard(payload)
        except Exception:  # noqa: BLE001  # the boundary: what follows must come all the same
            self._log.failure("cannot take what came from Redis")


def _order(identifier: bytes) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition(b"-")
    return int(milliseconds or 0), int(number or 0)
