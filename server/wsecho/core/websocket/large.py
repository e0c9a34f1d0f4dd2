# SPDX-License-Identifier: MIT
"""A message that has begun to come: received into one buffer of its size, and unmasked there.

Fresh memory costs more than receiving and unmasking do, so no second buffer is made, and one that
is done with serves the next message.
"""

from collections import deque
from collections.abc import Callable
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Final

from attrs import define, field

from wsecho.core.websocket.reading import Head

UnmaskInPlace = Callable[[memoryview, bytes], None]
"""Masks or unmasks a piece of a buffer with a key of four octets."""

UnmaskText = Callable[[memoryview, bytes, int], int]
"""Unmasks a piece of a text of which so many octets are plain already.

It returns how many octets are whole code points, or -1 where the rest can be the beginning of none.
"""

_AT_ONCE: Final = 1 << 16
"""Octets up to which memory is there before anything comes.

Beyond, each page is there once something is written to it: a peer that says that a message will be
long, and sends nothing of it, must not cost as much as one that does.
"""

ASIDE: Final = 1024
"""Octets of a buffer before its message.

The system sends from it into pages of its own. Where both begin at a page's beginning, a processor
takes each octet that it reads for the one that it has just written (their addresses end alike), and
waits: 1 MiB took twice as long.
"""

_ROOMY: Final = 4
"""How many times larger than its message a buffer may be."""

_MAX_KEPT: Final = 32
"""Buffers that are looked at for a free one."""

Buffer = bytearray | mmap


@define
class Buffers:
    """Memory for large messages; that of one which nobody looks at any more is used again.

    Args:
        bound: octets that are kept.
    """

    _bound: int = 1 << 24
    # Most are in use.
    _kept: deque[Buffer] = field(factory=deque, init=False)
    _size: int = field(default=0, init=False)

    def take(self, length: int) -> memoryview:
        """Return room for that many octets; it is free again once no view of it is left."""
        buffer = self._find(length)
        return memoryview(buffer)[ASIDE : ASIDE + length]

    def _find(self, length: int) -> Buffer:
        for buffer in self._kept:
            if length <= _room(buffer) <= length * _ROOMY and _is_free(buffer):
                return buffer
        buffer = _allocate(ASIDE + length)
        if length <= self._bound:
            self._keep(buffer)
        return buffer

    def _keep(self, buffer: Buffer) -> None:
        """Keep a buffer in place of those that are free, the oldest first; or not at all.

        Those that are in use stay. A peer that has sent a large message, and begun another, holds
        all the memory of the first: of such there must be no more than the bound.
        """
        room = _room(buffer)
        for _ in range(len(self._kept)):
            if self._has_place(room):
                break
            old = self._kept.popleft()
            if _is_free(old):
                self._size -= _room(old)
            else:
                self._kept.append(old)
        if self._has_place(room):
            self._kept.append(buffer)
            self._size += room

    def _has_place(self, room: int) -> bool:
        return self._size + room <= self._bound and len(self._kept) < _MAX_KEPT


def _room(buffer: Buffer) -> int:
    return len(buffer) - ASIDE


def _allocate(length: int) -> Buffer:
    if length <= _AT_ONCE:
        return bytearray(length)
    return mmap(-1, length, MAP_PRIVATE | MAP_ANONYMOUS)


def _is_free(buffer: Buffer) -> bool:
    try:
        # The size cannot change while there is a view; this much moves nothing.
        if isinstance(buffer, mmap):
            buffer.resize(len(buffer))
        else:
            buffer.append(buffer.pop())
    except (BufferError, SystemError):  # the latter where a system cannot resize it
        return False
    return True


class LargeMessage:
    """One message, of which a part is here.

    Args:
        head: its frame's.
        payload: where it goes, of its length.
        unmask: how to unmask.
        unmask_text: how to unmask a text, and look whether it is one.
    """

    __slots__ = ("_checked", "_filled", "_unmask", "_unmask_text", "head", "payload")

    def __init__(
        self, head: Head, payload: memoryview, unmask: UnmaskInPlace, unmask_text: UnmaskText
    ) -> None:
        self.head = head
        self.payload = payload
        self._unmask = unmask
        self._unmask_text = unmask_text
        self._filled = 0
        self._checked = 0

    @property
    def missing(self) -> int:
        """How many octets are yet to come."""
        return len(self.payload) - self._filled

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return self._filled == len(self.payload)

    @property
    def is_text(self) -> bool:
        """Whether what comes is UTF-8."""
        return not (self.head.is_binary or self.head.is_compressed)

    def place(self, most: int) -> tuple[memoryview, bytes, int, bool]:
        """Tell where the next octets belong, which are not unmasked yet, and how to unmask them.

        Args:
            most: octets that there is to be room for, if so many are missing.

        Returns:
            a piece of the payload, of a text from the beginning of a code point on; the key for
            the first of these octets; how many octets of the piece are here already; and
            whether it is of a text.
        """
        begin, filled = self._checked, self._filled
        turn = filled % 4
        key = self.head.key[turn:] + self.head.key[:turn]
        return self.payload[begin : filled + most], key, filled - begin, self.is_text

    def received(self, octets: int, whole: int) -> bool:
        """Take note of octets that were put into their `place`, and unmasked.

        Args:
            octets: how many.
            whole: how many of the piece are whole code points, -1 where the rest can be the
                beginning of none; all that are here, where it is no text.

        Returns:
            False where a text turns out to be none (RFC 6455 section 8.1).
        """
        self._filled += octets
        self._checked += max(whole, 0)
        return whole >= 0 and (self._checked == self._filled or not self.is_whole)

    def fill(self, data: bytes) -> tuple[int, bool]:
        """Put in what of some octets is of this message.

        Returns:
            how many were; and False where a text turns out to be none.
        """
        taken = min(len(data), self.missing)
        piece, key, here, is_text = self.place(taken)
        piece[here:] = data[:taken]
        if is_text:
            return taken, self.received(taken, self._unmask_text(piece, key, here))
        self._unmask(piece[here:], key)
        return taken, self.received(taken, len(piece))

    def as_it_came(self) -> bytes:
        """Return what came of the payload so far, masked again. This spoils it."""
        came = self.payload[: self._filled]
        self._unmask(came, self.head.key)
        return bytes(came)
