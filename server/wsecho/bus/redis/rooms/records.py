# SPDX-License-Identifier: MIT
"""A message as it stands in the log and on the channel: fields between spaces, then the payload.

``publication flags tag payload`` is written here. Redis puts its time in front where it logs it,
and ``m epoch offset`` before that where it tells of it. The tag leads back to who said it, and
has notes behind it, each a letter and a value::

    tag[;iID[;nNAME]][;tTIME]

``i`` and ``n`` say who its author is, the name in base64 (RFC 4648 section 5). ``t`` is the time to
be shown, where that is not Redis's, whose clock may be set back: Redis notes it. A node that does
not know a note passes over it; one of a version without notes takes it all for another's tag.
"""

from functools import lru_cache
from typing import Final

from attrs import frozen

from wsecho.core.rooms.authors import Author
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.base64url import decode, encode
from wsecho.core.wire.positions import Position

NO_TAG: Final = b"-"
MESSAGE: Final = b"m"
PLACE: Final = b"l"
"""Begins what tells only where a message stands, which is large: ``l epoch offset``."""

_TEXT, _BINARY = b"t", b"b"
_NOTE: Final = b";"
_ID, _NAME, _TIME = b"i", b"n", b"t"
_AUTHORS: Final = 1024
"""Authors that are kept, so that one has not to be made for each message."""


@frozen
class Logged:
    """A message, and what leads back to who said it.

    Attributes:
        message: the message.
        tag: given by the node that it came from, `NO_TAG` where that does not matter.
    """

    message: Message
    tag: bytes


def write_head(said: PublishRequest, tag: bytes) -> bytes:
    """Write what stands in a record before what is said, but for the space between."""
    flags = _BINARY if said.is_binary else _TEXT
    notes = b"" if said.author is None else _write_author(said.author)
    return b"%d %s %s%s" % (said.publication, flags, tag, notes)


def _write_author(author: Author) -> bytes:
    name = "" if author.name is None else f";n{encode(author.name.encode())}"
    return f";i{author.id}{name}".encode("ascii")


def read_entry(epoch: str, offset: int, body: bytes) -> Logged:
    """Read what was logged.

    Raises:
        ValueError: it is malformed.
    """
    time, publication, flags, tagged, payload = body.split(b" ", 4)
    tag, *noted = tagged.split(_NOTE)
    notes = {note[:1]: note[1:] for note in noted}
    message = Message(
        Position(epoch, offset),
        payload,
        flags == _BINARY,
        float(notes.get(_TIME, time)),
        int(publication),
        _read_author(notes[_ID], notes.get(_NAME)) if _ID in notes else None,
    )
    # Its age goes by Redis's own clock.
    message.taken = float(time)
    return Logged(message, tag)


@lru_cache(maxsize=_AUTHORS)
def _read_author(identifier: bytes, name: bytes | None) -> Author:
    text = None if name is None else decode(name.decode("ascii")).decode("utf-8")
    return Author(identifier.decode("ascii"), text)


def read_notice(body: bytes) -> Logged:
    """Read what the channel told.

    Raises:
        ValueError: it is malformed.
    """
    _, epoch, offset, rest = body.split(b" ", 3)
    return read_entry(epoch.decode("ascii"), int(offset), rest)
