# SPDX-License-Identifier: MIT
"""`/lp` as HTTP: its addresses, statuses and headers, and which pages may use it."""

import json
import re

import pytest

from tests.unit.doors.wamp.harness import HELLO, Poller, Wamp, http, make_server, write
from tests.unit.doors.wamp.transports import TransportClient

OPEN = b'{"protocols": ["wamp.2.json"]}'


def test_open_names_the_protocol_and_the_transport() -> None:
    """The client's first that is known; an id of 128 random bits, no two alike."""
    server = make_server()
    body = b'{"protocols": ["x", "wamp.2.json.batched", "wamp.2.json"]}'
    answers = [http(server, "POST", "/lp/open", body) for _ in range(20)]
    assert {answer.json()["protocol"] for answer in answers} == {"wamp.2.json.batched"}
    transports = {answer.json()["transport"] for answer in answers}
    assert len(transports) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", transport) for transport in transports)
    assert answers[0].status == 200
    assert answers[0].headers["content-type"] == "application/json; charset=utf-8"
    assert answers[0].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"protocols": "wamp.2.json"}',
        b'{"protocols": []}',
        b'{"protocols": ["wamp.2.flatbuffers", 1, []]}',
        b"[" * 100_000,
        b'"\xff"',
    ],
)
def test_a_malformed_open_is_400(body: bytes) -> None:
    """RoomPublisher what is at fault; nothing is opened."""
    server = make_server()
    answer = http(server, "POST", "/lp/open", body)
    assert answer.status == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert not server.router.sessions


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/lp/unknown/receive", 404),
        ("POST", "/lp/unknown/send", 404),
        ("POST", "/lp/unknown/close", 404),
        ("GET", "/lp/unknown/events", 404),
        ("GET", "/lp", 404),
        ("POST", "/lp/", 404),
        ("POST", "/lp/open/", 404),
        ("POST", "/lp/x/open", 404),
        ("POST", "/lp/x/receive/more", 404),
        ("POST", "/lp/x/other", 404),
        ("GET", "/lp/open", 405),
        ("HEAD", "/lp/open", 405),
        ("GET", "/lp/unknown/receive", 405),
        ("POST", "/lp/unknown/events", 405),
    ],
)
def test_what_is_not_there(method: str, path: str, status: int, lines: list[str]) -> None:
    """A transport or an address that does not exist, a wrong method; one line in the log."""
    answer = http(make_server(), method, path, b"" if method == "POST" else None)
    assert answer.status == status
    assert len(lines) == 1
    if status == 405:
        verb = "GET" if path.endswith("events") else "POST"
        assert answer.headers["allow"] == f"{verb}, OPTIONS"


@pytest.mark.parametrize(
    ("form", "kind", "status"),
    [
        ("wamp.2.json", "application/json; charset=utf-8", 204),
        ("wamp.2.json", "text/plain", 204),
        ("wamp.2.json.batched", "application/json", 204),
        ("wamp.2.json", "application/x-www-form-urlencoded", 415),
        ("wamp.2.json", "application/octet-stream", 415),
        ("wamp.2.cbor", "application/octet-stream", 204),
        ("wamp.2.cbor", "application/cbor", 204),
        ("wamp.2.msgpack", "application/msgpack", 204),
        ("wamp.2.msgpack", "application/json", 415),
    ],
)
def test_the_content_type_must_fit_the_protocol(form: str, kind: str, status: int) -> None:
    """What is refused is not read: the session still waits for its HELLO."""
    server = make_server()
    poller = Poller(server, form)
    assert poller.send(write(form, HELLO), content_type=kind).status == status
    assert poller.receive().is_answered is (status == 204)


def test_a_wrong_content_type_for_open_is_415() -> None:
    """So no form on a web page can open a transport."""
    kind = "multipart/form-data; boundary=x"
    answer = http(make_server(), "POST", "/lp/open", OPEN, content_type=kind)
    assert answer.status in {400, 415}
    kind = "application/x-www-form-urlencoded"
    assert http(make_server(), "POST", "/lp/open", OPEN, content_type=kind).status == 415


def test_a_body_over_the_limit_is_413_and_harms_nobody(lines: list[str]) -> None:
    """By its length or as it comes; one line in the log, and the session lives."""
    server = make_server(max_message_size=1000)
    poller = Poller.join(server)
    body = b"[48,1,{}," + b" " * 1000
    assert poller.send(body).status == 413
    assert len(lines) == 1
    peer = server.connect()
    peer.send(
        f"POST {poller.address}/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    for _ in range(3):
        peer.send(b"190\r\n" + b" " * 400 + b"\r\n")
    assert peer.received().startswith(b"HTTP/1.1 413 ")
    poller.say([48, 1, {}, "wsecho.echo", [1]])
    assert poller.fetch() == [[50, 1, {}, [1]]]


@pytest.mark.parametrize(
    "octets", [b"{", b"", b"[999]", b'[48,1,{},"wsecho.echo"]garbage', json.dumps(HELLO).encode()]
)
def test_what_breaks_the_protocol_ends_its_session_alone(octets: bytes, lines: list[str]) -> None:
    """The POST has arrived, so 204; ABORT is fetched; one line; then the address is gone."""
    server = make_server()
    good, poller = Wamp.join(server), Poller.join(server)
    assert poller.send(octets).status == 204
    [[kind, _, reason]] = poller.fetch()
    assert (kind, reason) == (3, "wamp.error.protocol_violation")
    [line] = lines
    assert "with wamp.error.protocol_violation: by violation: " in line
    assert good.call("wsecho.echo", 1) == [50, 1, {}, [1]]
    assert len(server.router.sessions) == 1
    server.clock.advance(5)
    assert poller.receive().status == 404


def test_pages_of_other_origins_are_refused() -> None:
    """403 names what would allow them, and no header lets the page read it."""
    server = make_server()
    for origin in ("https://evil.example", "null", "http://localhost:8081"):
        for method in ("POST", "OPTIONS"):
            answer = http(server, method, "/lp/open", OPEN, origin=origin)
            assert answer.status == 403
            assert "--origin" in answer.json()["error"]["reason"]
            assert "access-control-allow-origin" not in answer.headers
    assert not server.router.sessions


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:8080"},
        {"origin": "https://a.example.org"},
        {"origin": "http://proxied.example", "sec_fetch_site": "same-origin"},
    ],
)
def test_an_allowed_origin_is_named_with_credentials(headers: dict[str, str]) -> None:
    """Exactly that one: AutobahnJS sends credentials, so `*` would not do; errors too."""
    server = make_server(origin=("https://*.example.org",))
    for path, status in [("/lp/open", 200), ("/lp/unknown/receive", 404)]:
        answer = http(server, "POST", path, OPEN, **headers)
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == headers["origin"]
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"


def test_a_preflight_is_answered() -> None:
    """With the method of the address and the header that was asked for."""
    server = make_server(origin=("https://a.example",))
    answer = http(
        server,
        "OPTIONS",
        "/lp/x/send?seq=1",
        origin="https://a.example",
        access_control_request_method="POST",
        access_control_request_headers="content-type",
    )
    assert answer.status == 204
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    events = http(server, "OPTIONS", "/lp/x/events", origin="https://a.example")
    assert events.headers["access-control-allow-methods"] == "GET"


def test_without_an_origin_nothing_is_said_of_origins() -> None:
    """A client that is no browser; caches learn that it depends on it all the same."""
    answer = http(make_server(), "POST", "/lp/open", OPEN)
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("seq", ["0", "-1", "x", "1.5", "9007199254740992", "%C2%B2", "1&seq=2"])
def test_a_number_that_is_none_is_400(seq: str) -> None:
    """Of a POST and of a batch alike; the session is not touched."""
    poller = Poller.join(make_server())
    assert poller.send(b"[999]", f"?seq={seq}").status == 400
    assert poller.receive(f"?seq={seq}").status == 400
    assert not poller.receive().is_answered


def waits(path: str, *fields: str) -> bytes:
    """A POST that waits to be asked for its body."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Expect: 100-continue", *fields]
    return "\r\n".join([*lines, "Content-Length: 2", "", ""]).encode()


@pytest.mark.parametrize(
    ("path", "field", "status"),
    [
        ("/lp/open", "Content-Type: application/json", 100),
        ("/lp/open", "Content-Type: image/png", 415),
        ("/lp/open", "Content-Encoding: gzip", 415),
        ("/lp/open", "Origin: https://elsewhere.example", 403),
        ("/lp/unknown/send", "A: b", 404),
        ("/lp/unknown/events", "A: b", 405),
        ("/lp/nowhere", "A: b", 404),
        ("{}/send", "Content-Type: application/json", 100),
        ("{}/send", "Content-Type: application/cbor", 415),
        ("{}/receive", "A: b", 100),
    ],
)
def test_a_body_is_asked_for_only_where_the_head_is_let_in(
    path: str, field: str, status: int
) -> None:
    """What is refused by its head alone is refused in place of `100 Continue`."""
    server = make_server()
    poller = Poller.join(server)
    peer = server.connect()
    peer.send(waits(path.format(poller.address), field))
    assert peer.received().startswith(f"HTTP/1.1 {status} ".encode())


def test_a_receive_whose_client_half_closes_is_answered_and_takes_nothing() -> None:
    """The client may as well have gone away: what comes later waits for the next one."""
    server = make_server()
    poller = Poller.join(server)
    waiting = server.ask("POST", f"{poller.address}/receive")
    assert waiting.status is None
    waiting.peer.half_close()
    assert waiting.status == 204
    assert waiting.peer.wire.disconnecting
    early = server.connect()
    early.send(b"POST %b/receive HTTP/1.1\r\nHost: x\r\n\r\n" % poller.address.encode())
    early.half_close()
    assert early.received().startswith(b"HTTP/1.1 204 ")
    assert poller.send(write("wamp.2.json", [48, 1, {}, "wsecho.echo", ["x"]])).status == 204
    assert poller.receive().json() == [50, 1, {}, ["x"]]


def test_a_stream_whose_client_half_closes_ends() -> None:
    """Its session lives on, for the client that comes back."""
    server = make_server()
    poller = Poller.join(server)
    stream = server.ask("GET", f"{poller.address}/events")
    stream.peer.half_close()
    assert stream.is_over
    assert stream.peer.wire.disconnecting
    assert server.router.sessions


def test_204_has_no_length() -> None:
    """RFC 9110 section 8.6."""
    server = make_server()
    poller = Poller.join(server)
    for verb in ("close", "receive"):
        for method in ("OPTIONS", "POST"):
            answer = server.ask(method, f"{poller.address}/{verb}", Origin="http://localhost")
            server.clock.advance(8)
            assert answer.status == 204 or verb == "receive"
            assert answer.status != 204 or "content-length" not in answer.headers


def test_long_poll_sessions_are_connections() -> None:
    """Within the limits, from `open` to the end; and they are lines of the log and counts."""
    server = make_server(max_connections_per_address=3, lp_timeout=30)
    wamp = TransportClient.join(server, "lp")
    assert len(server.state.admissions) == 2
    assert len(server.state.stats.doors["lp"].visits) == 1
    refused = TransportClient(server, "lp")
    refused.peer = server.connect()
    head = b"POST /lp/open HTTP/1.1\r\nHost: x\r\nContent-Length: 37\r\n\r\n"
    refused.peer.send(head + b'{"protocols":["wamp.2.json.batched"]}')
    assert b" 429 " in refused.peer.received()
    assert server.state.admissions.refused == {"max-connections-per-address": 1}
    server.clock.pump([1] * 31)
    assert wamp.server.state.stats.limits["lp-timeout"] == 1
    assert not server.state.stats.doors["lp"].visits
    wamp.peer.lose()
    refused.peer.lose()
    assert len(server.state.admissions) == 0
    assert not server.state.connections
