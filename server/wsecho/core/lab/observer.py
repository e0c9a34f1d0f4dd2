# SPDX-License-Identifier: MIT
"""Whoever looks at one client: it notes its frames, what is wrong with them, and its verdict."""

from typing import Final

from attrs import define, field

from wsecho.core.lab.reading import ReceivedFrame
from wsecho.core.lab.record import Ended, Record
from wsecho.core.lab.rules import Message
from wsecho.core.lab.verdict import ClientVerdict
from wsecho.core.lab.watching import ClientWatcher, Wrong
from wsecho.core.websocket.frames import Opcode

PROBE: Final = b"lab"
"""The payload of the ping behind what a client is judged by."""

_NAMES: Final = {
    int(Opcode.TEXT): "a text",
    int(Opcode.BINARY): "a binary message",
    int(Opcode.PING): "a ping",
    int(Opcode.PONG): "a pong",
}
_CODE: Final = 2


@define(eq=False)
class Observer:
    """Looks at one client.

    Args:
        watcher: knows what is wrong.
        verdict: what the client is judged by, None for nothing.
        record: where all is noted, None for nowhere.
        code: of the client's Close.
        reason: of the client's Close.
    """

    watcher: ClientWatcher
    verdict: ClientVerdict | None = None
    record: Record | None = None
    code: int | None = field(default=None, init=False)
    reason: str | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)
    _was_known: bool = field(default=False, init=False)

    def answered(self, status: int) -> None:
        """Take note of the status that the handshake is answered with."""
        if self.record is not None:
            self.record.status = status

    def begin_verdict(self, now: float) -> None:
        """Take note that what the client is judged by has gone."""
        if self.verdict is not None:
            self.verdict.begin(now)

    def frame(self, frame: ReceivedFrame, now: float) -> Wrong | None:
        """Look at a frame; return why the connection cannot go on, None where it can."""
        wrong = self.watcher.frame(frame)
        if self.record is not None:
            self.record.frame(frame, now)
        self.note(wrong, now)
        opcode, payload = frame.head.opcode, frame.payload
        if self.verdict is not None:
            if opcode == Opcode.PONG and payload == PROBE:
                self.verdict.answered_ping(now)
            elif opcode != Opcode.CLOSE:
                self.verdict.frame(_NAMES.get(opcode, "a frame"), now)
        if opcode == Opcode.CLOSE and payload is not None:
            self._close(payload, now)
        self._tell()
        return next((one for one in wrong if one.code is not None), None)

    def message(self, message: Message, now: float) -> None:
        """Look at a whole message."""
        if self.verdict is not None:
            self.verdict.message(message, now)
            self._tell()

    def note(self, wrong: list[Wrong], now: float) -> None:
        """Note what is wrong."""
        if self.record is not None:
            self.record.note(wrong, now)

    def look(self, now: float) -> None:
        """Take note of the time."""
        if self.verdict is not None:
            self.verdict.look(now)
            self._tell()

    def lost(self, by: str, how: str, now: float, *, is_ours: bool = False) -> None:
        """Take note of the end.

        Args:
            by: who has ended it: `client`, `server` or `time`.
            how: `fin`, `reset`, or `open` where the client did not end TCP.
            now: the time.
            is_ours: whether this server has ended TCP before.
        """
        if self.verdict is not None:
            self.verdict.lost("open" if is_ours else how, now)
        if self.record is not None:
            self.note(self.watcher.at_end(), now)
            self.record.keys = tuple(self.watcher.keys)
            self.record.ended = Ended(by, now, self.code, self.reason, how)
            self.record.on_change()

    @property
    def due(self) -> float | None:
        """When a verdict is there at last; None for none."""
        return None if self.verdict is None else self.verdict.due

    def _close(self, payload: bytes, now: float) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if payload:
            self.code = int.from_bytes(payload[:_CODE]) if len(payload) >= _CODE else None
            self.reason = payload[_CODE:].decode(errors="replace")
        if self.verdict is not None:
            self.verdict.closed(self.code, now)

    def _tell(self) -> None:
        is_known = self.verdict is not None and self.verdict.is_known
        if is_known and not self._was_known and self.record is not None:
            self._was_known = True
            self.record.on_change()
