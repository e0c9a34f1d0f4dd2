# SPDX-License-Identifier: MIT
"""What each message costs on the lane: reading, unmasking and writing frames.

`_octets.c` beside it does the same, compiled, and is taken where it is there (`wire.py`).
"""

import os
from array import array
from contextlib import suppress

from wsecho.core.websocket import reading
from wsecho.core.websocket.frames import encode_message, encode_messages

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without its compiled part
    from websockets.utils import apply_mask


__all__ = [
    "apply_mask",
    "echo",
    "read_messages",
    "receive",
    "receive_masked",
    "send_message",
    "send_to_all",
    "unmask_in_place",
    "unmask_text",
]

_KEY = 4


def read_messages(data: bytes, most: int) -> tuple[list[tuple[bytes, bool]], int]:
    """Read the messages that stand whole, and not compressed, at the beginning of what came.

    See `core.reading.parse_messages`.
    """
    return reading.parse_messages(data, most, apply_mask)


def receive(
    descriptor: int, size: int, most: int
) -> tuple[list[tuple[bytes, bool]], bytes, int] | None:
    """Read from a socket, and the whole messages that come.

    Args:
        descriptor: a non-blocking socket's.
        size: octets that are read at most.
        most: octets of the longest payload.

    Returns:
        each message's payload and whether it is binary, the octets that follow, and how many
        were read in all, 0 at the end; None where nothing is there yet.

    Raises:
        OSError: the connection is broken.
    """
    try:
        data = os.read(descriptor, size)
    except BlockingIOError:
        return None
    messages, taken = read_messages(data, most)
    return messages, data[taken:], len(data)


def echo(descriptor: int, size: int, most: int) -> tuple[int, int, bytes, bytes, int] | None:
    """Read from a socket, and send back the whole messages that come.

    Args:
        descriptor: a non-blocking socket's.
        size: octets that are read at most.
        most: octets of the longest payload.

    Returns:
        how many messages came, the octets of their payloads, the octets that follow, what of the
        answers is left to be sent, and how many octets were read in all, 0 at the end; None where
        nothing is there yet.

    Raises:
        OSError: the connection is broken.
    """
    received = receive(descriptor, size, most)
    if received is None:
        return None
    messages, rest, octets = received
    unsent = b""
    if messages:
        unsent = encode_messages(messages)
        # Nothing is taken now: all of it is left.
        with suppress(BlockingIOError):
            unsent = unsent[os.write(descriptor, unsent) :]
    return len(messages), sum(len(payload) for payload, _ in messages), rest, unsent, octets


def send_message(descriptor: int, payload: bytes | memoryview, is_binary: bool) -> int:  # noqa: FBT001
    """Send a message as one frame (RFC 6455 section 5.6), as far as the socket takes it now.

    Args:
        descriptor: a non-blocking socket's.
        payload: UTF-8 where it is text.
        is_binary: whether it is binary.

    Returns:
        how many octets of the frame are left to be sent.

    Raises:
        OSError: the connection is broken.
    """
    frame = encode_message(payload, is_binary=is_binary)
    try:
        return len(frame) - os.write(descriptor, frame)
    except BlockingIOError:
        return len(frame)


def send_to_all(descriptors: "array[int]", frame: bytes) -> list[tuple[int, int]]:
    """Send the same octets to many sockets, as far as each takes them now.

    Args:
        descriptors: non-blocking sockets', as an array of C's `int` (`"i"`).
        frame: what to send.

    Returns:
        for each that did not take all: its index, and how many octets it took, or, negative,
        the error that says that its connection is broken.
    """
    late = []
    for index, descriptor in enumerate(descriptors):
        try:
            sent = os.write(descriptor, frame)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            sent = -(error.errno or 1)
        if sent != len(frame):
            late.append((index, sent))
    return late


def unmask_in_place(piece: memoryview, key: bytes) -> None:
    """Mask or unmask a piece of a buffer (RFC 6455 section 5.3).

    Raises:
        ValueError: the key has not four octets.
    """
    piece[:] = apply_mask(piece, key)


def unmask_text(piece: memoryview, key: bytes, plain: int) -> int:
    """Unmask a piece of a text, and look whether it is one (RFC 3629 section 4).

    Args:
        piece: of a buffer, from the beginning of a code point on.
        key: four octets.
        plain: how many octets at its beginning are unmasked already.

    Returns:
        how many octets are whole code points; -1 where the rest can be the beginning of none.

    Raises:
        ValueError: the key has not four octets, or the piece not so many.
    """
    if not 0 <= plain <= len(piece):
        raise ValueError(f"{plain} of {len(piece)} octets cannot be plain")
    unmask_in_place(piece[plain:], key)
    try:
        bytes(piece).decode("utf-8")
    except UnicodeDecodeError as error:
        is_beginning = error.reason == "unexpected end of data" and error.end == len(piece)
        return error.start if is_beginning else -1
    return len(piece)


def receive_masked(
    descriptor: int,
    piece: memoryview,
    key: bytes,
    plain: int,
    is_text: bool,  # noqa: FBT001
) -> tuple[int, int] | None:
    """Receive masked octets into a piece of a buffer, and unmask them there.

    It ends where the piece is full, or nothing more is there yet.

    Args:
        descriptor: a non-blocking socket's.
        piece: where they belong; of a text from the beginning of a code point on.
        key: four octets, the first of them for the first that is received.
        plain: how many octets at the piece's beginning are there already.
        is_text: whether to look if it is one.

    Returns:
        how many octets were received, 0 at the end, and how many of the piece are there and, of
        a text, whole code points, -1 where the rest can be the beginning of none; None where
        nothing is there yet.

    Raises:
        OSError: the connection is broken.
        ValueError: the key has not four octets, or the piece not so many.
    """
    if len(key) != _KEY or not 0 <= plain <= len(piece):
        raise ValueError("a key has four octets, and no more are plain than are")
    try:
        octets = os.readv(descriptor, [piece[plain:]])
    except BlockingIOError:
        return None
    end = plain + octets
    if is_text:
        return octets, unmask_text(piece[:end], key, plain)
    unmask_in_place(piece[plain:end], key)
    return octets, end
