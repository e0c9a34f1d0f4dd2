# SPDX-License-Identifier: MIT
"""A client's frames as they are, right or wrong (RFC 6455 section 5.2): nothing is refused here."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from attrs import define, field, frozen

from wsecho.core.websocket.frames import FIN, MAX_7, MAX_16, Opcode
from wsecho.core.websocket.reading import Unmask

_MASKED: Final = 0x80
_SHORT: Final = 2
_KEY: Final = 4
_EXTENDED: Final = {126: (Struct("!H"), MAX_7), 127: (Struct("!Q"), MAX_16)}

CONTROL: Final = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})


@frozen
class FrameHead:
    """What stands before a payload.

    Attributes:
        fin: whether it is final.
        rsv: the reserved bits, RSV1 as 4.
        opcode: whatever it says.
        length: octets of the payload.
        key: what it is masked with; None where it is not.
        is_shortest: whether the length is in its least form.
    """

    fin: bool
    rsv: int
    opcode: int
    length: int
    key: bytes | None
    is_shortest: bool

    @property
    def is_control(self) -> bool:
        """Whether it can stand between fragments: the opcodes from 8 on."""
        return bool(self.opcode & 0x8)


@frozen
class ReceivedFrame:
    """One frame of a client's.

    Attributes:
        head: what stands before the payload.
        payload: unmasked; None where it is longer than is read, and the last that is read.
    """

    head: FrameHead
    payload: bytes | None


@define(eq=False)
class LenientReader:
    """Cuts what comes into frames.

    Args:
        most: octets of the longest payload that is read.
        unmask: how to unmask.
    """

    _most: int
    _unmask: Unmask
    _octets: bytearray = field(factory=bytearray, init=False)
    _is_over: bool = field(default=False, init=False)

    @property
    def held(self) -> int:
        """Octets of a frame that is not whole yet."""
        return len(self._octets)

    def feed(self, data: bytes) -> Iterator[ReceivedFrame]:
        """Take octets, and yield the frames that they make whole.

        A frame that is longer than is read is the last one. Whoever asks for no more of them has
        the others left, and gets them by feeding more, or nothing.
        """
        if not self._is_over:
            self._octets += data
        return self._frames()

    def _frames(self) -> Iterator[ReceivedFrame]:
        while not self._is_over and (found := self._read_one()) is not None:
            frame, end = found
            if frame.payload is None:
                self._is_over = True
                end = len(self._octets)
            del self._octets[:end]
            yield frame

    def _read_one(self) -> tuple[ReceivedFrame, int] | None:
        found = read_frame_head(self._octets, 0)
        if found is None:
            return None
        head, begin = found
        if head.length > self._most:
            return ReceivedFrame(head, None), begin
        end = begin + head.length
        if end > len(self._octets):
            return None
        payload = bytes(memoryview(self._octets)[begin:end])
        if head.key is not None:
            payload = self._unmask(payload, head.key)
        return ReceivedFrame(head, payload), end


def read_frame_head(octets: bytes | bytearray, begin: int) -> tuple[FrameHead, int] | None:
    """Read a frame's head.

    Returns:
        the head, and where the payload begins; None where it is not whole.
    """
    if len(octets) < begin + _SHORT:
        return None
    first, second = octets[begin], octets[begin + 1]
    begin += _SHORT
    length, shorter = second & ~_MASKED, -1
    if length > MAX_7:
        form, shorter = _EXTENDED[length]
        if len(octets) < begin + form.size:
            return None
        length = form.unpack_from(octets, begin)[0]
        begin += form.size
    key = None
    if second & _MASKED:
        key = bytes(octets[begin : begin + _KEY])
        if len(key) < _KEY:
            return None
        begin += _KEY
    head = FrameHead(bool(first & FIN), first >> 4 & 7, first & 15, length, key, length > shorter)
    return head, begin
