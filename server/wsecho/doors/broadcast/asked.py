# SPDX-License-Identifier: MIT
"""A request that was let in, as the verbs of rooms see it."""

import json
from typing import Any

from attrs import frozen
from twisted.web.server import Request

from wsecho.core.http.handshake import Query
from wsecho.core.http.responses import JSON_TYPE
from wsecho.core.rooms.callers import Caller
from wsecho.doors.http.request import HttpRequest


@frozen
class Asked:
    """What somebody asks for.

    Attributes:
        request: the request, which takes the answer.
        query: its parameters, of the address alone.
        caller: who it is.
    """

    request: HttpRequest
    query: Query
    caller: Caller

    @property
    def body(self) -> bytes:
        """What the request brought."""
        assert self.request.content is not None  # noqa: S101  # Twisted has read it whole
        self.request.content.seek(0)
        octets: bytes = self.request.content.read()
        return octets


def write_json(request: Request, value: Any) -> bytes:
    """Make the answer one of JSON, and return its body."""
    request.setHeader(b"content-type", JSON_TYPE.encode())
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
