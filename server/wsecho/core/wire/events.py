# SPDX-License-Identifier: MIT
"""Server-sent events as a server writes them (HTML standard, section 9.2)."""

from typing import Final

HEARTBEAT: Final = b":\n\n"
"""A comment: it shows proxies and pages that the stream lives, and means nothing."""

_LINE_ENDS_OF_UNICODE: Final = tuple(
    (chr(code).encode(), b"\\u%04x" % code) for code in (0x85, 0x2028, 0x2029)
)


def write_event(
    data: bytes, *, name: str | None = None, identifier: object = None, retry: int | None = None
) -> bytes:
    """Write one event.

    A line ends at CR or LF and nowhere else, but clients that split lines as Unicode has them end
    it at U+0085, U+2028 and U+2029 too. In JSON these stand in strings alone, so they are escaped.

    Args:
        data: JSON in one line of UTF-8.
        name: the event's type; `message` where it is not given.
        identifier: what `Last-Event-ID` will be, where the event is a place to go on from.
        retry: milliseconds after which a reader whose stream ended comes back.
    """
    fields = []
    if retry is not None:
        fields.append(b"retry: %d\n" % retry)
    if name is not None:
        fields.append(b"event: %s\n" % name.encode())
    if identifier is not None:
        fields.append(b"id: %s\n" % str(identifier).encode())
    return b"%sdata: %s\n\n" % (b"".join(fields), _escaped(data))


def write_opening(retry: int) -> bytes:
    """Write what opens a stream that has no event yet: it shows that nothing holds octets back.

    Args:
        retry: as for an event.
    """
    return b"retry: %d\n%s" % (retry, HEARTBEAT)


def _escaped(data: bytes) -> bytes:
    # In UTF-8 none of these octets stand for anything else; to look for what is not there is cheap.
    for octets, escape in _LINE_ENDS_OF_UNICODE:
        if octets in data:
            data = data.replace(octets, escape)
    return data


def write_chunk(data: bytes) -> bytes:
    """Write bytes, not none, as a chunk of an HTTP/1.1 body (RFC 9112 section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)
