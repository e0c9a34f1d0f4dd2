# SPDX-License-Identifier: MIT
"""The URL of a room, as a program gives it."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from wsecho.client.errors import BadRequest, BadType
from wsecho.core.wire.errors import WireError
from wsecho.core.wire.names import parse_room, room_segment

_HTTP: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_SHAPE: Final = "give one such as http://127.0.0.1:8080/broadcast/lobby"


def http_url(url: str) -> str:
    """Return the URL of a room as one of HTTP, with the room's name written in one way.

    Args:
        url: `http`, `https`, `ws` or `wss`; whatever stands before `/broadcast/ROOM` stays.

    Raises:
        BadRequest: it is none; the reason says why, without what may be secret in it.
        BadType: it is no string.
    """
    if not isinstance(url, str):
        raise BadType(f"url is no string, but {type(url).__name__}: {_SHAPE}")
    parts = _split(url)
    before, slash, segment = parts.path.rpartition("/broadcast/")
    if not slash or not segment or "/" in segment:
        raise BadRequest(f"url does not end with /broadcast/ROOM: {_SHAPE}")
    try:
        room = room_segment(parse_room(segment))
    except WireError as error:
        raise BadRequest(f"url: {error.reason}") from None
    path = f"{before}/broadcast/{room}"
    whole = parts._replace(scheme=_HTTP[parts.scheme], path=path, fragment="").geturl()
    if not whole.isascii() or " " in whole or not whole.isprintable():
        raise BadRequest("url has characters that are to be percent-encoded")
    return whole


def _split(url: str) -> SplitResult:
    # urlsplit drops line breaks, and spaces before it, without a word.
    if not url.isprintable() or url != url.strip():
        raise BadRequest("url has spaces around it, or control characters")
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.hostname
        name = (host or "").encode("idna").decode() if ":" not in (host or "") else host
    except ValueError:
        raise BadRequest(f"url names a host or port that is none: {_SHAPE}") from None
    if parts.scheme not in _HTTP:
        raise BadRequest(f"url does not begin with http:// or https://: {_SHAPE}")
    if not host or not name:
        raise BadRequest(f"url names no host: {_SHAPE}")
    if parts.username is not None or parts.password is not None:
        raise BadRequest("url has a user name or a password in it: give a token for that")
    if parts.fragment:
        raise BadRequest("url has a fragment: a '#' in a room's name is written %23")
    return parts
