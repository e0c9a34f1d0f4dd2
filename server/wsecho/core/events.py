# SPDX-License-Identifier: MIT
"""Server-sent events as a server writes them (HTML standard, section 9.2)."""

from typing import Final

HEARTBEAT: Final = b":\n\n"
"""A comment: it shows proxies and pages that the stream lives, and means nothing."""


def write_event(
    data: bytes, *, name: str | None = None, identifier: object = None, retry: int | None = None
) -> bytes:
    """Write one event.

    Args:
        data: one line of UTF-8; JSON never has more.
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
    return b"%sdata: %s\n\n" % (b"".join(fields), data)


def write_chunk(data: bytes) -> bytes:
    """Write bytes, not none, as a chunk of an HTTP/1.1 body (RFC 9112 section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)
