# SPDX-License-Identifier: MIT
"""What the verbs of rooms see of a request."""

from typing import Any

from twisted.web.resource import Resource

from tests.unit.doors.harness import Server
from wsecho.core.http.handshake import Query
from wsecho.core.rooms.callers import Caller
from wsecho.doors.broadcast.asked import Asked, write_json
from wsecho.doors.http.request import HttpRequest


def test_the_body_can_be_read_again_and_again() -> None:
    """Whoever looks first takes nothing away; and JSON goes out as UTF-8, in one line."""
    found: list[bytes] = []

    class Asking(Resource):
        isLeaf = True

        def render(self, request: HttpRequest) -> Any:
            asked = Asked(request, Query(()), Caller("somewhere"))
            found.extend([asked.body, asked.body])
            return write_json(request, {"é": [1, "\n"]})

    server = Server()
    server.root.putChild(b"asking", Asking())
    answer = server.ask("POST", "/asking", b"x\xff")
    assert found == [b"x\xff"] * 2
    assert answer.body == '{"é":[1,"\\n"]}\n'.encode()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
