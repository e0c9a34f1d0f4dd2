# SPDX-License-Identifier: MIT
"""What one connection is sent: messages by the modes in force, frames by their pace, in bounds."""

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from wsecho.core.lab.modes import Modes
from wsecho.core.lab.outflow import MAX_ENTRIES, PIECE, HalfEnd, OutEntry, Outflow
from wsecho.core.lab.rules import Message
from wsecho.core.lab.values import Bounds
from wsecho.core.websocket.compression import Codec
from wsecho.core.websocket.deflate import Agreement

JUDGED: Final = "judged"
"""Marks the octets that a verdict begins with."""

ANSWERED: Final = "answered"
"""Marks the answer to the handshake."""


@define(eq=False)
class LabCounts:
    """What went through a connection: messages, and octets of them as they were on the way."""

    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@define(eq=False)
class LabSender:
    """Sends on one connection.

    Args:
        bounds: how much.
        modes: what is made of it.
        agreement: how messages are compressed, None where they are not.
        now: the time, which whoever has it keeps right.

    Attributes:
        is_full: whether the client takes nothing now.
        is_spent: whether more was to be sent than a connection is sent.
        out: what waits.
    """

    bounds: Bounds
    modes: Modes
    _agreement: Agreement | None
    now: float
    is_full: bool = field(default=False, init=False)
    is_spent: bool = field(default=False, init=False)
    out: Outflow = field(factory=Outflow, init=False)
    is_glued: bool = field(default=False, init=False)
    """Whether the next frame goes with the answer, whatever the modes."""
    _codec: Codec | None = field(default=None, init=False)
    _sent: int = field(default=0, init=False)
    counts: LabCounts = field(factory=LabCounts, init=False)

    def __attrs_post_init__(self) -> None:
        self.begin_window()

    @property
    def has_room(self) -> bool:
        """Whether more may be made to be sent."""
        most = PIECE if self.is_full else self.bounds.message
        return len(self.out) < MAX_ENTRIES and self.out.held <= most

    def begin_window(self) -> None:
        """Compress as if nothing had been sent: the client has had what did not come from here."""
        self._codec = None if self._agreement is None else Codec(self._agreement)

    def push(self, octets: bytes, *, mark: object = None, late: float = 0.0) -> None:
        """Send octets of a frame, or of what is none."""
        self.push_entry(OutEntry(octets, mark=mark), late=late)

    def push_entry(self, entry: OutEntry, *, late: float = 0.0) -> None:
        """Send something as the modes have it."""
        self._sent += len(entry)
        if self._sent > self.bounds.sent:
            self.is_spent = True
            return
        self.counts.bytes_out += len(entry)
        entry.due = self.now
        if self.is_glued:
            self.is_glued = False
        else:
            entry.due += late + self.modes.delay
            entry.pace = self.modes.pace
        self.out.push(entry)

    def push_end(self, end: HalfEnd) -> None:
        """End our half behind all that was sent."""
        self.out.push(OutEntry(b"", due=self.now + self.modes.delay, end=end))

    def frames(self, message: Message) -> Iterator[bytes]:
        """Write a message in frames, each as it is asked for."""
        return self.modes.frames(message, self._codec)

    @property
    def compresses(self) -> bool:
        """Whether messages are compressed now."""
        return self._codec is not None and self.modes.compress

    def release(self) -> None:
        """Send what waits to change places."""
        for message in self.modes.release():
            for frame in self.frames(message):
                self.push(frame)
