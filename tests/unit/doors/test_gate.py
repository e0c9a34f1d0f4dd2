# SPDX-License-Identifier: MIT
"""The gate, at every door of a server in memory: tokens, origins, names, and the end of a token."""

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.support.tokens import ED, HS, NOW, OTHER_ED, key_file, token
from tests.unit.doors.harness import Client, Server
from wsecho.config.config import Config, load

OWN = {"Origin": "http://localhost"}
FOREIGN = {"Origin": "http://evil.example"}


def clock() -> Clock:
    """A clock that shows `NOW`."""
    clock = Clock()
    clock.advance(NOW)
    return clock


@pytest.fixture
def guarded(tmp_path: Path) -> Server:
    """A server that asks for tokens."""
    return Server(Config(token_key=(key_file(tmp_path, ED, HS),)), clock=clock())


def knock(server: Server, path: str, peer: str = "192.0.2.1", **options: Any) -> Client:
    """Ask for a WebSocket."""
    client = Client.to(server.connect(peer), path, **options)
    client.shake_hands()
    return client


def status(client: Client) -> int:
    """The handshake's status."""
    return int(client.response.status_code)


# -- the ways to present a token


@pytest.mark.parametrize("path", ["/broadcast/a", "/ws"])
@pytest.mark.parametrize("way", ["header", "query", "subprotocol"])
def test_each_way_to_present_a_token(guarded: Server, path: str, way: str) -> None:
    """The token is never the subprotocol that is chosen."""
    text, known = token(), ["wamp.2.json"] if path == "/ws" else ["wsecho.raw"]
    if way == "header":
        client = knock(
            guarded, path, subprotocols=known, headers={"Authorization": f"beaRer {text}"}
        )
    elif way == "query":
        client = knock(guarded, f"{path}?token={text}", subprotocols=known)
    else:
        client = knock(guarded, path, subprotocols=[f"wsecho.token.{text}", *known])
    assert status(client) == 101
    assert client.protocol.subprotocol == known[0]


def test_the_same_token_twice_is_one(guarded: Server) -> None:
    """Two different ones are 400."""
    both = {"Authorization": f"Bearer {token()}"}
    assert status(knock(guarded, f"/broadcast/a?token={token()}", headers=both)) == 101
    client = knock(guarded, f"/broadcast/a?token={token(sub='b')}", headers=both)
    assert status(client) == 400
    offers = [f"wsecho.token.{token(sub=name)}" for name in "ab"]
    assert status(knock(guarded, "/broadcast/a", subprotocols=["wsecho.raw", *offers])) == 400


def test_another_scheme_is_a_proxys_business(guarded: Server) -> None:
    """Basic beside a token in the query."""
    headers = {"Authorization": "Basic eDp5"}
    assert status(knock(guarded, f"/broadcast/a?token={token()}", headers=headers)) == 101
    assert status(knock(guarded, "/broadcast/a", headers=headers)) == 401


# -- what is refused


def test_no_token(guarded: Server) -> None:
    """401 says how to present one (RFC 6750 section 3)."""
    client = knock(guarded, "/broadcast/a")
    assert status(client) == 401
    assert client.response.headers["WWW-Authenticate"] == 'Bearer realm="wsecho"'
    assert "Authorization: Bearer" in json.loads(client.response.body or b"")["error"]["reason"]


@pytest.mark.parametrize("path", ["/broadcast/a", "/ws"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the token is no JWT"),
        (token(OTHER_ED), "the token's signature is wrong"),
        (token(exp=NOW), "the token has expired"),
        (token(name="a\r\nX: y"), "the token's claim name has control characters"),
        (token(rooms={"join": "*"}), "the token's claim rooms.join is no list of strings"),
    ],
)
def test_a_bad_token(guarded: Server, path: str, text: str, reason: str) -> None:
    """401 names what is wrong, and shows nothing of the token; a WAMP handshake's too."""
    client = knock(guarded, f"{path}?token={text}", subprotocols=["wamp.2.json"])
    assert status(client) == 401
    assert json.loads(client.response.body or b"")["error"] == {
        "code": "unauthorized",
        "reason": reason,
    }
    challenge = client.response.headers["WWW-Authenticate"]
    assert challenge == (
        f'Bearer realm="wsecho", error="invalid_token", error_description="{reason}"'
    )


def test_a_grant_is_missing(guarded: Server) -> None:
    """403."""
    client = knock(guarded, f"/broadcast/b?token={token(rooms={'join': ['a']})}")
    assert status(client) == 403
    assert "the room 'b'" in json.loads(client.response.body or b"")["error"]["reason"]


def test_a_page_is_told_by_close_codes(guarded: Server) -> None:
    """Where its origin is allowed; a foreign one stays 403."""
    for path, code in (
        ("/broadcast/a", 4401),
        ("/broadcast/a?token=x", 4401),
        (f"/broadcast/b?token={token(rooms={'join': ['a']})}", 4403),
    ):
        client = knock(guarded, path, headers=OWN, subprotocols=["wsecho.v1"])
        assert (status(client), client.close_code) == (101, code)
        assert client.protocol.subprotocol == "wsecho.v1"
        assert status(knock(guarded, path, headers=FOREIGN)) == 403


def test_an_address_that_is_none_asks_for_no_token(guarded: Server) -> None:
    """404 and 400 come first."""
    assert status(knock(guarded, "/nowhere", headers=OWN)) == 404
    assert status(knock(guarded, "/broadcast/%00", headers=OWN)) == 400


@pytest.mark.parametrize("path", ["/", "/echo"])
def test_the_echo_asks_for_nothing(guarded: Server, path: str) -> None:
    """Nor does it choose a token that is offered."""
    client = knock(guarded, path, headers=FOREIGN, subprotocols=["wsecho.token.x", "own"])
    client.text("a")
    assert client.texts() == ["a"]
    assert client.protocol.subprotocol == "own"


def test_wamp_without_a_token_may_show_one_later(guarded: Server) -> None:
    """By ticket; until then nothing is granted."""
    client = knock(guarded, "/ws", subprotocols=["wamp.2.json"])
    client.text('[1,"realm1",{"roles":{"subscriber":{}},"authmethods":["ticket"]}]')
    assert client.texts() == ['[4,"ticket",{}]']
    client.text(json.dumps([5, token(sub="ann"), {}]))
    [welcome] = client.texts()
    assert json.loads(welcome)[2]["authid"] == "ann"


# -- what is granted, and until when


def test_whoever_may_only_listen_at_the_raw_door(guarded: Server) -> None:
    """Is closed with 4403 when it speaks, and nobody hears it."""
    listener = knock(guarded, f"/broadcast/a?token={token()}")
    mute = knock(guarded, f"/broadcast/a?token={token(rooms={'join': ['a']})}")
    listener.text("hello")
    assert mute.texts() == ["hello"]
    mute.text("no")
    assert mute.close_code == 4403
    assert listener.texts() == ["hello"]


def test_whoever_may_only_listen_at_the_framed_door(guarded: Server) -> None:
    """Is told so, and stays."""
    text = token(rooms={"join": ["a"]})
    mute = knock(guarded, f"/broadcast/a?token={text}", subprotocols=["wsecho.v1"])
    mute.text('{"type":"publish","data":"no","id":"1"}')
    error = json.loads(mute.texts()[-1])
    assert (error["code"], error["id"]) == ("forbidden", "1")
    assert mute.close_code is None


@pytest.mark.parametrize("subprotocols", [None, ["wsecho.v1"]])
def test_a_token_expires_under_a_member(guarded: Server, subprotocols: Any) -> None:
    """At that very moment: 4401."""
    client = knock(guarded, f"/broadcast/a?token={token(exp=NOW + 60)}", subprotocols=subprotocols)
    guarded.clock.advance(59.9)
    assert client.close_code is None
    guarded.clock.advance(0.2)
    assert f"{client.close_code} {client.close_reason}" == "4401 the token has expired"


def test_a_token_expires_under_a_wamp_session(guarded: Server) -> None:
    """GOODBYE comes first."""
    client = knock(guarded, f"/ws?token={token(exp=NOW + 60)}", subprotocols=["wamp.2.json"])
    client.text('[1,"realm1",{"roles":{"subscriber":{}}}]')
    guarded.clock.advance(60.1)
    assert json.loads(client.texts()[-1])[::2] == [6, "wsecho.close.token_expired"]
    assert client.close_code is None
    client.text('[6,{},"wamp.close.goodbye_and_out"]')
    assert client.close_code == 4401


def test_a_fresh_token(guarded: Server) -> None:
    """Only of the same sub; then the connection lasts as long as that."""
    old = token(sub="ann", exp=NOW + 60)
    client = knock(guarded, f"/broadcast/a?token={old}", subprotocols=["wsecho.v1"])
    for text, kind in (
        (token(sub="bob"), "error"),
        (token(), "error"),
        (token(OTHER_ED, sub="ann"), "error"),
        (token(sub="ann", rooms={"join": ["b"]}), "error"),
        (token(sub="ann", exp=NOW + 120, rooms={"join": ["a"]}), "token"),
    ):
        client.text(json.dumps({"type": "token", "token": text}))
        assert json.loads(client.texts()[-1])["type"] == kind
    guarded.clock.advance(119)
    assert client.close_code is None
    client.text('{"type":"publish","data":"x","id":"1"}')
    assert json.loads(client.texts()[-1])["code"] == "forbidden"
    guarded.clock.advance(2)
    assert client.close_code == 4401


def test_a_pattern_shows_the_past_that_is_granted(guarded: Server) -> None:
    """Live and from the history, whatever door it was said at."""
    speaker = {room: knock(guarded, f"/broadcast/{room}?token={token()}") for room in ("a", "b")}
    for room, client in speaker.items():
        client.text(f"old {room}")
    text = token(rooms={"join": ["a"]})
    client = knock(guarded, f"/ws?token={text}", subprotocols=["wamp.2.json"])
    client.text('[1,"realm1",{"roles":{"subscriber":{},"caller":{}}}]')
    client.text('[32,1,{"match":"prefix"},"wsecho.room."]')
    client.texts()
    client.text('[48,2,{},"wamp.subscription.get_events",[1]]')
    [result] = [json.loads(raw) for raw in client.texts()]
    assert [event["args"] for event in result[3]] == [["old a"]]
    for room, member in speaker.items():
        member.text(f"new {room}")
    assert [json.loads(raw)[4] for raw in client.texts()] == [["new a"]]


# -- pages, names, proxies


def test_a_page_behind_a_proxy() -> None:
    """X-Forwarded-Host says what its own origin is; from the proxy, and nobody else."""
    server = Server(load({"proxy": ["10.0.0.0/8"]}))
    headers = {"Origin": "https://page.org", "X-Forwarded-Host": "page.org"}
    assert status(knock(server, "/broadcast/a", "10.0.0.1", headers=headers)) == 101
    assert status(knock(server, "/broadcast/a", "192.0.2.1", headers=headers)) == 403


def test_a_member_behind_a_proxy_has_its_own_address() -> None:
    """At every door, the echo too."""
    server = Server(load({"proxy": ["10.0.0.0/8"]}))
    for path in ("/broadcast/a", "/echo", "/ws"):
        headers = {"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}
        client = knock(server, path, "10.0.0.1", headers=headers, subprotocols=["wamp.2.json"])
        assert status(client) == 101
    assert {connection.peer_name for connection in server.websockets.connections} == {"203.0.113.7"}


def test_a_rebound_name() -> None:
    """Refused on loopback without tokens, unless allowed; a terminal's client is not asked."""
    headers = {"Origin": "http://evil.test", "Host": "evil.test", "Sec-Fetch-Site": "same-origin"}
    for path in ("/broadcast/a", "/ws"):
        offer: dict[str, Any] = {"headers": headers, "subprotocols": ["wamp.2.json"]}
        server = Server(is_on_loopback=True)
        assert status(knock(server, path, "127.0.0.1", **offer)) == 403
        assert status(knock(Server(), path, "127.0.0.1", **offer)) == 101
        named = Server(load({"host": ["*.test"]}), is_on_loopback=True)
        assert status(knock(named, path, "127.0.0.1", **offer)) == 101
        del headers["Origin"]
        assert status(knock(server, path, "127.0.0.1", **offer)) == 101
        headers["Origin"] = "http://evil.test"


def test_without_tokens_one_means_nothing() -> None:
    """It is not even read."""
    client = knock(Server(), "/broadcast/a?token=x", subprotocols=["wsecho.v1"])
    client.text('{"type":"token","token":"x"}')
    assert json.loads(client.texts()[-1])["code"] == "bad_request"
