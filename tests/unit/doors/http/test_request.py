# SPDX-License-Identifier: MIT
"""What is known of a request is found out once, and handed on."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.unit.doors.harness import Server
from wsecho.access.proxies import Proxies
from wsecho.config.config import Config
from wsecho.core.http import handshake
from wsecho.core.http.handshake import Query
from wsecho.core.http.requests import RequestHead
from wsecho.doors.wamp.serve import longpoll_resource

PAGE: Final = {"Origin": "http://localhost"}
SECRET: Final = "0123456789abcdef"
REQUESTS: Final[dict[str, tuple[str, str, bytes, dict[str, str]]]] = {
    "a stream that resumes": (
        *("GET", f"/broadcast/a?member={SECRET}", b""),
        {"Accept": "text/event-stream", "Last-Event-ID": "e:1", **PAGE},
    ),
    "a long-poll": ("GET", f"/broadcast/a?member={SECRET}", b"", PAGE),
    "a message": ("POST", "/broadcast/a", b"x", PAGE),
    "a body that is asked for": ("POST", "/broadcast/a", b"x", {"Expect": "100-continue", **PAGE}),
    "the members": ("GET", "/broadcast/a/members", b"", PAGE),
    "a preflight": ("OPTIONS", "/broadcast/a", b"", PAGE),
    "a session": ("POST", "/lp/open", b'{"protocols":["wamp.2.json"]}', PAGE),
    "a WebSocket": (
        *("GET", f"/broadcast/a?member={SECRET}", b""),
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            **PAGE,
        },
    ),
}


def counting(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[Any, ...]]:
    """Count how often something is called."""
    calls: list[tuple[Any, ...]] = []
    really: Callable[..., Any] = getattr(owner, name)

    def call(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return really(*args, **options)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.fixture
def server() -> Server:
    """One with `/lp`, too."""
    server = Server(Config(proxy=("unix",)))
    config, state = server.config, server.state
    gate = server.admission.gate
    resource = longpoll_resource(config, gate, server.router, server.clock, state, None)
    server.root.putChild(b"lp", resource)
    return server


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("what", REQUESTS)
def test_who_sent_a_request_is_worked_out_once(
    what: str, is_kept: bool, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it, and however often; first on a connection, or behind another."""
    peer = server.connect()
    if is_kept:
        assert peer.ask("GET", "/broadcast/a").status == 200
    senders = counting(monkeypatch, Proxies, "sender")
    method, path, body, fields = REQUESTS[what]
    status = peer.ask(method, path, body, **fields).status
    assert status is not None
    assert status < 300
    assert len(senders) == 1


@pytest.mark.parametrize("path", ["/broadcast/a", "/broadcast/a?websocket"])
@pytest.mark.parametrize("what", [*REQUESTS, "another upgrade"])
def test_a_head_is_parsed_once(
    what: str, path: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers it: the front does not have to guess from its octets."""
    heads = counting(monkeypatch, RequestHead, "parse")
    method, _, body, fields = REQUESTS.get(what, ("GET", path, b"", {"Upgrade": "h2c"}))
    peer = server.connect()
    for number in range(1, 3):
        assert peer.ask(method, path, body, **fields).status
        assert len(heads) == number
        if "Upgrade" in fields or "Accept" in fields or peer.wire.disconnecting:
            return


@pytest.mark.parametrize("what", ["a stream that resumes", "a long-poll", "a WebSocket"])
def test_each_parameter_of_a_reader_is_read_once(
    what: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it names itself by, too."""
    parameters = counting(monkeypatch, Query, "parameter")
    targets = counting(monkeypatch, handshake, "parse_qsl")
    method, path, body, fields = REQUESTS[what]
    server.ask(method, path, body, **fields)
    names = [name for _, name in parameters]
    assert "member" in names
    assert sorted(names) == sorted(set(names))
    assert len(targets) == 1
