# SPDX-License-Identifier: MIT
"""A message that has begun to come: received into one buffer of its size, and unmasked there.

Fresh memory costs more than receiving and unmasking do, so no second buffer is made, and one that
is done with serves the next message.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import define, field

from wsecho.core.reading import Head

UnmaskInPlace = Callable[[memoryview, bytes], None]
"""Masks or unmasks a piece of a buffer with a key of four octets."""

UnmaskText = Callable[[memoryview, bytes, int], int]
"""Unmasks a piece of a text of which so many octets are plain already.

It returns how many octets are whole code points, or -1 where the rest can be the beginning of none.
"""

_ROOMY: Final = 4
"""How many times larger than its message a buffer may be."""

_MOST_KEPT: Final = 32
"""Buffers that are looked at for a free one."""


@define
class Buffers:
    """Memory for large messages; that of one which nobody looks at any more is used again.

    Args:
        bound: octets that are kept.
    """

    _bound: int = 1 << 24
    # In the order of their making; most are in use.
    _kept: deque[bytearray] = field(factory=deque, init=False)
    _size: int = field(default=0, init=False)

    def take(self, length: int) -> bytearray:
        """Return a buffer of at least that many octets, to be used through a `memoryview`."""
        for buffer in self._kept:
            if length <= len(buffer) <= length * _ROOMY and _is_free(buffer):
                return buffer
        buffer = bytearray(length)
        if length <= self._bound:
            self._keep(buffer)
        return buffer

    def _keep(self, buffer: bytearray) -> None:
        self._kept.append(buffer)
        self._size += len(buffer)
        while self._size > self._bound or len(self._kept) > _MOST_KEPT:
            self._size -= len(self._kept.popleft())


def _is_free(buffer: bytearray) -> bool:
    try:
        # The size cannot change while there is a view; this much moves nothing.
        buffer.append(buffer.pop())
    except BufferError:
        return False
    return True


class LargeMessage:
    """One message, of which a part is here.

    Args:
        head: its frame's.
        buffer: where it goes, at least as long.
        unmask: how to unmask.
        unmask_text: how to unmask a text, and look whether it is one.
    """

    __slots__ = ("_checked", "_filled", "_unmask", "_unmask_text", "head", "payload")

    def __init__(
        self, head: Head, buffer: bytearray, unmask: UnmaskInPlace, unmask_text: UnmaskText
    ) -> None:
        self.head = head
        self.payload = memoryview(buffer)[: head.length]
        self._unmask = unmask
        self._unmask_text = unmask_text
        self._filled = 0
        self._checked = 0

    @property
    def rest(self) -> memoryview:
        """Where the next octets belong."""
        return self.payload[self._filled :]

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return self._filled == len(self.payload)

    def fill(self, data: bytes) -> int:
        """Put octets into `rest`; return how many were of this message."""
        taken = min(len(data), len(self.payload) - self._filled)
        self.payload[self._filled : self._filled + taken] = data[:taken]
        return taken

    def filled(self, octets: int) -> bool:
        """Unmask the octets that were put into `rest`.

        Returns:
            False where a text turns out to be none (RFC 6455 section 8.1).
        """
        begin, self._filled = self._filled, self._filled + octets
        key = self._key(begin)
        if self.head.is_binary or self.head.is_compressed:
            self._unmask(self.payload[begin : self._filled], key)
            return True
        piece = self.payload[self._checked : self._filled]
        whole = self._unmask_text(piece, key, begin - self._checked)
        self._checked += max(whole, 0)
        return whole >= 0 and (self._checked == self._filled or not self.is_whole)

    def as_it_came(self) -> bytes:
        """Return what came of the payload so far, masked again. This spoils it."""
        came = self.payload[: self._filled]
        self._unmask(came, self.head.key)
        return bytes(came)

    def _key(self, offset: int) -> bytes:
        turn = offset % 4
        return self.head.key[turn:] + self.head.key[:turn]
