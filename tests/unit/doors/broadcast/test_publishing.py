# SPDX-License-Identifier: MIT
"""Saying something over HTTP, in one room and in many."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from tests.unit.doors.broadcast.guarded import guarded
from tests.unit.doors.harness import Exchange, Server
from wsecho.config.config import Config
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.retries import KEEP
from wsecho.core.rooms.vocabulary import read_data
from wsecho.core.wire.errors import BadRequest
from wsecho.doors.broadcast.publishing import MAX_ROOMS, read_names, read_object

BINARY = "application/octet-stream"


def reason(answer: Exchange, status: int) -> str:
    """The reason of an error with that status."""
    assert answer.status == status
    text: str = answer.json["error"]["reason"]
    return text


@pytest.mark.parametrize(
    ("content_type", "opcode"),
    [
        ("text/plain", Opcode.TEXT),
        ("application/json", Opcode.TEXT),
        ("application/x-www-form-urlencoded", Opcode.TEXT),
        ("multipart/form-data", Opcode.TEXT),
        ("Application/Octet-Stream; x=y", Opcode.BINARY),
    ],
)
def test_the_body_is_the_message_verbatim(content_type: str, opcode: Opcode) -> None:
    """Whatever it calls itself, a form too; only octets are binary."""
    server = Server()
    member = server.open("/broadcast/a")
    answer = server.ask("POST", "/broadcast/a", b'a=1&b={"c":\xc3\xa9}', Content_Type=content_type)
    assert answer.status == 201
    [frame] = member.take()
    assert (frame.opcode, bytes(frame.data)) == (opcode, b'a=1&b={"c":\xc3\xa9}')


def test_a_message_without_a_type_is_text_and_may_be_empty() -> None:
    """An empty message is one."""
    server = Server()
    member = server.open("/broadcast/a")
    server.ask("POST", "/broadcast/a", b"")
    assert member.texts() == [""]


def test_text_is_utf_8() -> None:
    """Else it could not be sent as text; the reason says how binary is sent."""
    server = Server()
    assert BINARY in reason(server.ask("POST", "/broadcast/a", b"\xff"), 400)
    assert server.ask("POST", "/broadcast/a", b"\xff", Content_Type=BINARY).status == 201


@pytest.mark.parametrize("room", ["a", "a/b", "ä ö?&#%", "it's~(fine)*!"])
def test_the_answer_says_where_it_stands(room: str) -> None:
    """In JSON, and as an address that has this one message."""
    server = Server()
    path = f"/broadcast/{quote(room, safe='')}"
    for number in (1, 2, 3):
        answer = server.ask("POST", path, b"%d" % number)
        position = answer.json["position"]
        epoch, _, offset = position.partition(":")
        assert int(offset) == number
        found = server.ask("GET", answer.headers["location"]).json
        assert found == {
            "position": position,
            "recovered": True,
            "messages": [{"type": "message", "position": position, "time": 0, "data": str(number)}],
        }
        assert answer.headers["location"] == f"{path_of(room)}?after={epoch}:{number - 1}&limit=1"


def path_of(room: str) -> str:
    """The address as JavaScript's `encodeURIComponent` makes it."""
    return "/broadcast/" + quote(room, safe="-_.!~*'()")


def test_a_retry_under_a_key_says_it_once() -> None:
    """The same answer, also by another connection; for five minutes, for a room and a caller."""
    server = Server()
    member = server.open("/broadcast/a")

    def say(body: bytes, path: str = "/broadcast/a", key: str = "k") -> Exchange:
        return server.ask("POST", path, body, Idempotency_Key=key)

    first, again = say(b"x"), say(b"x")
    assert (first.status, first.json, first.headers["location"]) == (
        again.status,
        again.json,
        again.headers["location"],
    )
    assert member.texts() == ["x"]
    assert "another message" in reason(say(b"y"), 422)
    assert say(b"y", key="l").status == 201
    assert say(b"y", path="/broadcast/b").status == 201
    server.clock.advance(KEEP)
    assert say(b"y").status == 201
    assert member.texts() == ["y", "y"]


def test_text_and_binary_of_the_same_bytes_are_two_messages() -> None:
    """So the one is no retry of the other."""
    server = Server()
    server.ask("POST", "/broadcast/a", b"x", Idempotency_Key="k")
    answer = server.ask("POST", "/broadcast/a", b"x", Idempotency_Key="k", Content_Type=BINARY)
    assert answer.status == 422


def test_a_key_of_one_is_not_a_key_of_another() -> None:
    """Keys belong to the token's subject."""
    server = guarded()
    body = b'{"rooms":["team-a"],"data":"x"}'
    first = server.ask(
        "POST", "/broadcast/team-a", b"x", Idempotency_Key="k", Authorization="Bearer ann"
    )
    second = server.ask("POST", "/broadcast", body, Idempotency_Key="k", Authorization="Bearer ann")
    assert second.json["positions"] == {"team-a": first.json["position"]}
    bob = Caller("somewhere", sub="bob")
    assert server.rooms.publish("team-a", b"y", is_binary=False, keyed=bob.keyed("k"))


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é", "\xa0"])
def test_a_bad_key_is_400(key: str) -> None:
    """1 to 255 visible ASCII characters."""
    answer = Server().ask("POST", "/broadcast/a", b"x", Idempotency_Key=key)
    assert "Idempotency-Key" in reason(answer, 400)
    assert Server().ask("POST", "/broadcast/a", b"x", Idempotency_Key="~" * 255).status == 201


def test_a_body_over_the_limit_is_413() -> None:
    """By its length, and chunk by chunk."""
    server = Server(Config(max_message_size=10))
    assert server.ask("POST", "/broadcast/a", b"x" * 10).status == 201
    answer = server.ask("POST", "/broadcast/a", b"x" * 11)
    assert answer.json["error"]["code"] == "too_large"
    assert "10 bytes" in reason(answer, 413)
    peer = server.connect()
    peer.send(b"POST /broadcast/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.send(b"6\r\n123456\r\n5\r\n12345\r\n")
    assert Exchange(peer, "POST").status == 413
    peer.lose()
    assert server.rooms.read("a").head == 1


def test_one_message_goes_to_many_rooms() -> None:
    """Text or binary; the answer has a position for each."""
    server = Server()
    members = {name: server.open(f"/broadcast/{name}") for name in "abc"}
    answer = server.ask("POST", "/broadcast", b'{"rooms":["a","b"],"data":"h\\u00e9"}')
    assert answer.status == 201
    assert answer.json == {
        "positions": {name: str(server.rooms.read(name).position) for name in "ab"}
    }
    server.ask(
        "POST",
        "/broadcast",
        b'{"rooms":["c"],"base64":"/w=="}',
        Content_Type="application/json; charset=utf-8",
    )
    assert members["a"].texts() == members["b"].texts() == ["hé"]
    assert [bytes(frame.data) for frame in members["c"].take()] == [b"\xff"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b'{"rooms":["a"],"data":"\xff"}', "not JSON"),
        (b"[]", "no JSON object"),
        (b'{"data":"x"}', "rooms"),
        (b'{"rooms":"a","data":"x"}', "rooms"),
        (b'{"rooms":[],"data":"x"}', "rooms has 0 names"),
        (b'{"rooms":["a",1],"data":"x"}', "rooms"),
        (b'{"rooms":["a","a"],"data":"x"}', "twice"),
        (b'{"rooms":["a",""],"data":"x"}', "empty"),
        (b'{"rooms":["a","b\\u0000"],"data":"x"}', "control characters"),
        (b'{"rooms":["a","\\ud800"],"data":"x"}', "control characters"),
        (b'{"rooms":["a"]}', "data"),
        (b'{"rooms":["a"],"data":1}', "data"),
        (b'{"rooms":["a"],"data":"\\ud800"}', "surrogate"),
        (b'{"rooms":["a"],"data":"x","base64":"eA=="}', "one of the two"),
        (b'{"rooms":["a"],"base64":"!"}', "base64"),
    ],
)
def test_a_bad_body_for_many_is_400_and_nothing_is_said(body: bytes, why: str) -> None:
    """Its reason names the part at fault; no room is even made."""
    server = Server()
    assert why in reason(server.ask("POST", "/broadcast", body), 400)
    assert not len(server.rooms.hub)


def test_too_many_rooms_at_once_are_400() -> None:
    """One request must not hold everybody else up."""
    names = [str(number) for number in range(MAX_ROOMS + 1)]
    body = json.dumps({"rooms": names, "data": "x"}).encode()
    assert "1001 names" in reason(Server().ask("POST", "/broadcast", body), 400)


def test_many_wants_json() -> None:
    """Another type is 415; none at all is taken for JSON."""
    body = b'{"rooms":["a"],"data":"x"}'
    answer = Server().ask("POST", "/broadcast", body, Content_Type="text/plain")
    assert answer.json["error"]["code"] == "unsupported_type"
    assert reason(answer, 415)


def test_a_key_that_is_used_in_one_room_refuses_the_whole() -> None:
    """Nothing is said in the others, which come first."""
    server = Server()
    server.ask("POST", "/broadcast/b", b"x", Idempotency_Key="k")
    body = b'{"rooms":["a","b"],"data":"y"}'
    assert reason(server.ask("POST", "/broadcast", body, Idempotency_Key="k"), 422)
    assert server.rooms.read("a").head == 0
    body = b'{"rooms":["a","b"],"data":"x"}'
    first = server.ask("POST", "/broadcast", body, Idempotency_Key="k")
    assert first.status == 201
    assert server.ask("POST", "/broadcast", body, Idempotency_Key="k").json == first.json
    assert [server.rooms.read(name).head for name in "ab"] == [1, 1]


def test_where_there_is_no_place_for_one_room_nothing_is_said() -> None:
    """503, and the rooms that there are stay as they were."""
    server = Server(Config(max_rooms=1))
    server.open("/broadcast/a")
    body = b'{"rooms":["a","b"],"data":"x"}'
    answer = server.ask("POST", "/broadcast", body)
    assert reason(answer, 503)
    assert answer.json["error"]["code"] == "over_limit"
    assert int(answer.headers["retry-after"]) > 0
    assert server.rooms.read("a").head == 0


def test_over_a_rate_it_is_429_until_the_time_that_it_tells() -> None:
    """Each address has a rate of its own; many rooms count with all their bytes."""
    server = Server(Config(message_rate=1.0, byte_rate=100))
    assert server.ask("POST", "/broadcast/a", b"x").status == 201
    answer = server.ask("POST", "/broadcast/a", b"x")
    assert answer.json["error"]["code"] == "over_rate"
    assert reason(answer, 429)
    server.clock.advance(int(answer.headers["retry-after"]))
    body = json.dumps({"rooms": ["a", "b", "c"], "data": "x" * 100}).encode()
    assert server.ask("POST", "/broadcast", body).status == 201
    server.clock.advance(1)
    assert server.ask("POST", "/broadcast/a", b"x").status == 429
    server.clock.advance(2)
    assert server.ask("POST", "/broadcast/a", b"x").status == 201


@pytest.mark.parametrize(
    ("addresses", "are_one"),
    [
        (["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], True),
        (["2001:db8::1", "2001:db8::2:0:0:1"], True),
        (["", ""], True),
        (["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", ""], False),
    ],
)
@pytest.mark.parametrize("proxied", [False, True])
def test_a_rate_is_an_addresss(addresses: list[str], *, are_one: bool, proxied: bool) -> None:
    """Whatever the connection and its port, and by whichever door of POST."""
    server = Server(Config(message_rate=1.0, proxy=("unix",) if proxied else ()))
    paths = ("/broadcast/a", "/broadcast/b", "/broadcast")
    statuses = []
    for number, address in enumerate(addresses):
        peer = server.connect("" if proxied else address)
        if address and not proxied:
            peer.wire.getPeer().port = 1000 + number
        told = {"X_Forwarded_For": address} if proxied and address else {}
        body = json.dumps({"rooms": ["a"], "data": "x"}).encode()
        statuses.append(peer.ask("POST", paths[number % 3], body, **told).status)
    assert statuses == [201] + [429 if are_one else 201] * (len(addresses) - 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries(
    {}, optional={"rooms": JSON | st.lists(st.text()), "data": JSON, "base64": JSON}
)


@given(JSON | BODIES)
def test_any_json_is_a_message_for_many_or_an_error(value: Any) -> None:
    """Nothing else happens."""
    try:
        fields = read_object(json.dumps(value).encode())
        names = read_names(fields.get("rooms"))
        payload, is_binary = read_data(fields)
    except BadRequest:
        return
    assert names == value["rooms"]
    assert is_binary or payload.decode() == value["data"]


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_octets_are_a_json_object_or_an_error(body: bytes) -> None:
    """Nothing else happens."""
    try:
        found = read_object(body)
    except BadRequest:
        with suppress(ValueError):
            assert not isinstance(json.loads(body.decode()), dict)
    else:
        assert isinstance(found, dict)
