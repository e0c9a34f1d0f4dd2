# SPDX-License-Identifier: MIT
"""Media types in `Content-Type` and `Accept` (RFC 9110 sections 8.3 and 12.5.1)."""

import re
from typing import Final

from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.quoted import split

BINARY: Final = "application/octet-stream"
EVENTS: Final = "text/event-stream"
HTML: Final = "text/html"
JSON: Final = "application/json"

_NOT_AT_ALL: Final = re.compile(r"q=0(\.0{0,3})?")


def content_type(head: RequestHead) -> str:
    """Return the type of a request's body in lower case, without parameters; "" for none.

    Raises:
        BadRequest: the header stands more than once.
    """
    return (head.one("content-type") or "").partition(";")[0].strip().lower()


def accepts(head: RequestHead, media_type: str) -> bool:
    """Tell whether a request names a media type, and not to refuse it; wildcards do not count."""
    return any(_names(member, media_type) for member in head.members("accept"))


def _names(member: str, media_type: str) -> bool:
    named, *parameters = (part.lower() for part in split(member, ";"))
    return named == media_type and not any(map(_NOT_AT_ALL.fullmatch, parameters))
