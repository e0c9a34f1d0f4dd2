# SPDX-License-Identifier: MIT
"""Room names: how one is read from a path, and which are refused."""

import unicodedata
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from wsecho.core.wire.errors import BadRequest

MAX_LENGTH: Final = 200
"""The longest room name, in characters after percent-decoding."""

DEFAULT_ROOM: Final = "main"


def parse_room(segment: str) -> str:
    """Read a room's name from one percent-encoded path segment.

    Args:
        segment: the segment as it stands in the request's target.

    Raises:
        BadRequest: the name is empty, too long, not UTF-8, `.` or `..`, or has control characters.
    """
    try:
        name = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("the room's name is not UTF-8 after percent-decoding") from None
    return check_room(name)


def check_room(name: str) -> str:
    """Return `name` where it may name a room.

    Raises:
        BadRequest: it may not; the reason says why.
    """
    if not name:
        raise BadRequest("the room's name is empty")
    if len(name) > MAX_LENGTH:
        raise BadRequest(
            f"the room's name has {len(name)} characters, more than the {MAX_LENGTH} allowed"
        )
    if name in {".", ".."}:
        raise BadRequest(f"a room cannot be named {name!r}")
    # Lone surrogates cannot be written as UTF-8, so no other door could name the room.
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise BadRequest("the room's name has control characters")
    return name


def room_segment(name: str) -> str:
    """Write a room's name as one path segment, as JavaScript's `encodeURIComponent` does."""
    return quote(name, safe="-_.!~*'()")
