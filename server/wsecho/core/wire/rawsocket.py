# SPDX-License-Identifier: MIT
"""WAMP's RawSocket framing (WAMP specification, "RawSocket Transport"), without a socket."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from attrs import define, field, frozen

MAGIC: Final = 0x7F
"""The first octet of a RawSocket connection; no HTTP request begins with it."""

SHORTEST_LIMIT: Final = 512
"""Octets of the shortest limit that a handshake can say: whoever speaks takes as many."""

HANDSHAKE_LENGTH: Final = 4
_HEADER_LENGTH: Final = 4
_SHORTEST: Final = 9


class RawSocketRefusal(IntEnum):
    """Why a handshake is refused (section "Handshake")."""

    SERIALIZER = 1
    LENGTH = 2
    RESERVED = 3


class FrameType(IntEnum):
    """What a frame is for (section "Framing")."""

    MESSAGE = 0
    PING = 1
    PONG = 2


class RawSocketError(Exception):
    """The peer broke the framing; the connection cannot go on."""


@frozen
class RawSocketHello:
    """A client's handshake.

    Attributes:
        serializer: 1 for JSON, 2 for MessagePack, 3 for CBOR.
        max_length: octets of the longest message that the client takes.
    """

    serializer: int
    max_length: int


def read_hello(octets: bytes) -> RawSocketHello | RawSocketRefusal:
    """Read a client's four octets."""
    if octets[2:4] != b"\0\0":
        return RawSocketRefusal.RESERVED
    return RawSocketHello(
        serializer=octets[1] & 0x0F, max_length=1 << (_SHORTEST + (octets[1] >> 4))
    )


def write_hello(serializer: int, max_length: int) -> bytes:
    """Write the answer that accepts a serializer and says what we take at most.

    Args:
        serializer: as the client gave it.
        max_length: octets, 512 to 16 MiB; cut down to a power of two.
    """
    exponent = min(max(max_length.bit_length() - 1, _SHORTEST), _SHORTEST + 15)
    return bytes((MAGIC, (exponent - _SHORTEST) << 4 | serializer, 0, 0))


def write_refusal(refusal: RawSocketRefusal) -> bytes:
    """Write the answer that refuses a handshake."""
    return bytes((MAGIC, refusal << 4, 0, 0))


def write_frame(kind: FrameType, payload: bytes) -> bytes:
    """Write one frame.

    Raises:
        OverflowError: the payload is longer than 2**24 - 1 octets.
    """
    return bytes((kind,)) + len(payload).to_bytes(3) + payload


@define
class FrameReader:
    """Cuts a stream into frames.

    Args:
        max_length: octets of the longest payload taken.
    """

    _max_length: int
    _buffer: bytearray = field(factory=bytearray, init=False)

    def receive_data(self, data: bytes) -> Iterator[tuple[FrameType, bytes]]:
        """Take octets; iterate over the frames that they complete, those before an error too.

        Raises:
            RawSocketError: a frame is too long or of no known type.
        """
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _HEADER_LENGTH:
                kind, length = self._header(start)
                begin, end = start + _HEADER_LENGTH, start + _HEADER_LENGTH + length
                if len(self._buffer) < end:
                    return
                start = end
                yield kind, bytes(self._buffer[begin:end])
        finally:
            del self._buffer[:start]

    def _header(self, start: int) -> tuple[FrameType, int]:
        first = self._buffer[start]
        length = int.from_bytes(self._buffer[start + 1 : start + _HEADER_LENGTH])
        if first > FrameType.PONG:
            raise RawSocketError(f"a frame of type {first}")
        if length > self._max_length:
            raise RawSocketError(f"a message of {length} octets, over {self._max_length}")
        return FrameType(first), length
