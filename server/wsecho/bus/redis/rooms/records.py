# SPDX-License-Identifier: MIT
"""A message as it stands in the log and on the channel: fields between spaces, then the payload.

``publication flags tag payload`` is written here. Redis puts its time in front where it logs it,
and ``m epoch offset`` before that where it tells of it. The tag leads back to who said it.
"""

from typing import Final

from attrs import frozen

from wsecho.core.rooms.history import Message
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.positions import Position

NO_TAG: Final = b"-"
MESSAGE: Final = b"m"
PLACE: Final = b"l"
"""Begins what tells only where a message stands, which is large: ``l epoch offset``."""

_TEXT, _BINARY = b"t", b"b"


@frozen
class Logged:
    """A message, and what leads back to who said it.

    Attributes:
        message: the message.
        tag: given by the node that it came from, `NO_TAG` where that does not matter.
    """

    message: Message
    tag: bytes


def write_record(said: PublishRequest, tag: bytes) -> bytes:
    """Write what is to be logged."""
    return write_head(said, tag) + said.payload


def write_head(said: PublishRequest, tag: bytes) -> bytes:
    """Write what stands in a record before what is said."""
    flags = _BINARY if said.is_binary else _TEXT
    return b"%d %s %s " % (said.publication, flags, tag)


def read_entry(epoch: str, offset: int, body: bytes) -> Logged:
    """Read what was logged.

    Raises:
        ValueError: it is malformed.
    """
    time, publication, flags, tag, payload = body.split(b" ", 4)
    position = Position(epoch, offset)
    message = Message(position, payload, flags == _BINARY, float(time), int(publication))
    return Logged(message, tag)


def read_notice(body: bytes) -> Logged:
    """Read what the channel told.

    Raises:
        ValueError: it is malformed.
    """
    _, epoch, offset, rest = body.split(b" ", 3)
    return read_entry(epoch.decode("ascii"), int(offset), rest)
