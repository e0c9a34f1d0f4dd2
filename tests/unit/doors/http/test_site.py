# SPDX-License-Identifier: MIT
"""The site: what it says of itself, what it leaves alone, and what it makes of our own faults."""

import pytest
from twisted.web.resource import Resource

from tests.unit.doors.harness import Server
from wsecho.doors.http.request import HttpRequest


class Told(Resource):
    """Answers with what it was asked."""

    isLeaf = True

    def render(self, request: HttpRequest) -> bytes:
        """Say what Twisted took for arguments, and what came as the body."""
        assert request.content is not None
        body: bytes = request.content.read()
        return repr((sorted(request.args or {}), body)).encode()


@pytest.fixture
def server() -> Server:
    """One with such an address."""
    server = Server()
    server.root.putChild(b"told", Told())
    return server


def test_it_has_our_name(server: Server) -> None:
    """And no library's version, whatever is answered."""
    for method, path in (("GET", "/told"), ("GET", "/nothing"), ("OPTIONS", "*")):
        assert server.ask(method, path).headers["server"] == "wsecho"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_form_is_a_body_as_any_other(server: Server, kind: str) -> None:
    """It is a message, and may be any octets."""
    answer = server.ask("POST", "/told?q=1", b"a=1&b=2", Content_Type=kind)
    assert answer.body == repr(([b"q"], b"a=1&b=2")).encode()


def test_a_request_tells_nothing_of_what_was_asked(server: Server) -> None:
    """Libraries write it into their lines."""
    seen: list[str] = []

    class Recorded(Resource):
        isLeaf = True

        def render(self, request: HttpRequest) -> bytes:
            seen.append(repr(request))
            return b""

    server.root.putChild(b"seen", Recorded())
    server.ask("GET", "/seen?token=secret")
    assert "secret" not in seen[0]
    assert seen[0].startswith("<HttpRequest at ")
