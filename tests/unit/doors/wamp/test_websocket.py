# SPDX-License-Identifier: MIT
"""WAMP over WebSocket: a session of each form, and what breaks one without harming others."""

from collections import Counter
from typing import Any

import pytest

from tests.unit.doors.harness import Client, Server
from tests.unit.doors.wamp.harness import FORMS, HELLO, ROOM, Wamp, make_server
from wsecho.doors.wamp.asjson import Json
from wsecho.doors.wamp.objects import MessagePack

JSON = "wamp.2.json"
ABORT, GOODBYE = 3, 6


@pytest.mark.parametrize("form", FORMS)
def test_a_session_in_each_form(form: str) -> None:
    """WELCOME, a subscription, an event of one's own, a call, GOODBYE, then 1000."""
    wamp = Wamp.join(make_server(), form)
    subscription = wamp.subscribe("com.example.topic")
    wamp.say([16, 2, {"exclude_me": False}, "com.example.topic", [1, "two"], {"three": [None]}])
    [[kind, given, _, _, args, kwargs]] = wamp.heard()
    assert (kind, given, args, kwargs) == (36, subscription, [1, "two"], {"three": [None]})
    wamp.say([48, 3, {}, "wsecho.echo", ["x"]])
    assert wamp.heard() == [[50, 3, {}, ["x"]]]
    wamp.say([GOODBYE, {}, "wamp.close.normal"])
    assert wamp.heard() == [[GOODBYE, {}, "wamp.close.goodbye_and_out"]]
    assert wamp.client.close_code == 1000


@pytest.mark.parametrize("form", [form for form in FORMS if form.endswith("batched")])
def test_several_messages_may_come_as_one(form: str) -> None:
    """They are served in order."""
    wamp = Wamp.open(make_server(), form)
    wamp.say(HELLO, [48, 1, {}, "wsecho.echo", [1]], [48, 2, {}, "wsecho.echo", [2]])
    welcome, *results = wamp.heard()
    assert welcome[0] == 2
    assert results == [[50, 1, {}, [1]], [50, 2, {}, [2]]]


@pytest.mark.parametrize("form", ["wamp.2.json", "wamp.2.msgpack", "wamp.2.cbor"])
def test_binary_goes_between_all_forms(form: str) -> None:
    """In JSON as U+0000 and base64 ("Binary conversion of JSON Strings")."""
    server = make_server()
    receiver, sender = Wamp.join(server, form), Wamp.join(server, "wamp.2.cbor")
    receiver.subscribe("com.example.topic")
    sender.publish("com.example.topic", b"\0\xff")
    [[*_, args]] = receiver.heard()
    assert args == (["\0AP8="] if form == JSON else [b"\0\xff"])


def test_the_first_known_subprotocol_of_the_client_is_chosen() -> None:
    """Whatever else it offers."""
    client = make_server().open("/ws", subprotocols=["x", "wamp.2.cbor", "wamp.2.json"])
    assert client.response.headers["Sec-WebSocket-Protocol"] == "wamp.2.cbor"


@pytest.mark.parametrize("offered", [None, ["wamp.1"], ["wamp.2.flatbuffers"]])
def test_without_a_known_subprotocol_there_is_no_websocket(offered: list[str] | None) -> None:
    """400 names what there is."""
    client = Client.to(make_server().connect(), "/ws", subprotocols=offered)
    client.shake_hands()
    assert client.response.status_code == 400
    assert b"wamp.2.json" in (client.response.body or b"")


BROKEN: list[Any] = [
    pytest.param(b"{", id="no JSON"),
    pytest.param(b"[NaN]", id="NaN"),
    pytest.param(b"{}", id="no list"),
    pytest.param(b"[]", id="an empty list"),
    pytest.param(b"[999]", id="an unknown type"),
    pytest.param(b"[36,1,2,{}]", id="a router's message"),
    pytest.param(b"[32,1,{}]", id="wrong arity"),
    pytest.param(b'[1,"realm1",{"roles":{"caller":{}}}]', id="HELLO twice"),
    pytest.param(b'[48,1,{},"wsecho.echo"]', id="a request id that goes backwards"),
    pytest.param(b'[48,"2",{},"wsecho.echo"]', id="a request id that is none"),
]


@pytest.mark.parametrize("octets", BROKEN)
def test_what_breaks_the_protocol_ends_its_session_alone(octets: bytes, lines: list[str]) -> None:
    """ABORT, close 1002, one line in the log; the others go on, and hear that it left."""
    server = make_server()
    bad, good = Wamp.join(server), Wamp.join(server)
    bad.call("wsecho.echo")
    bad.call("wsecho.echo")
    good.subscribe("wamp.session.on_leave")
    lines.clear()
    bad.client.text(octets.decode())
    [[kind, _, reason]] = bad.heard()
    assert (kind, reason) == (ABORT, "wamp.error.protocol_violation")
    assert bad.client.close_code == 1002
    bad.client.peer.lose()
    [line] = lines
    assert "with 1002: wamp.error.protocol_violation: " in line
    assert [message[0] for message in good.heard()] == [36]
    assert good.call("wsecho.echo", "x") == [50, 2, {}, ["x"]]
    assert len(server.router.sessions) == 1


@pytest.mark.parametrize(
    ("form", "octets"),
    [
        ("wamp.2.msgpack", b"\xc1"),
        ("wamp.2.msgpack", b"\x92\x01"),
        ("wamp.2.cbor", b"\xff"),
        ("wamp.2.cbor", b"\xd8\x1c\x81\x01"),
        ("wamp.2.msgpack.batched", b"\0\0\0\x09\x91\x01"),
    ],
)
def test_malformed_binary_breaks_the_protocol(form: str, octets: bytes, lines: list[str]) -> None:
    """ABORT is in the peer's own form."""
    wamp = Wamp.join(make_server(), form)
    wamp.client.binary(octets)
    [[kind, _, reason]] = wamp.heard()
    assert (kind, reason) == (ABORT, "wamp.error.protocol_violation")
    assert wamp.client.close_code == 1002
    lines.clear()
    wamp.client.peer.lose()
    [line] = lines
    assert "with 1002: wamp.error.protocol_violation: " in line


def test_text_where_binary_is_spoken_breaks_the_protocol() -> None:
    """And the reverse."""
    server = make_server()
    for form in ("wamp.2.json", "wamp.2.cbor"):
        wamp = Wamp.join(server, form)
        if form == JSON:
            wamp.client.binary(b"[48,1,{}]")
        else:
            wamp.client.text("[48,1,{}]")
        assert [message[:1] for message in wamp.heard()] == [[ABORT]]
        assert wamp.client.close_code == 1002


def test_an_invalid_uri_is_an_error_and_the_session_goes_on() -> None:
    """Nobody is thrown out for a typing error."""
    wamp = Wamp.join(make_server())
    answer = wamp.call("com..x y#")
    assert answer[:5] == [8, 48, 1, {}, "wamp.error.invalid_uri"]
    assert wamp.call("wsecho.echo", 1) == [50, 2, {}, [1]]


def test_an_unknown_realm_is_aborted_politely() -> None:
    """Close 1000: nothing was broken."""
    wamp = Wamp.open(make_server())
    wamp.say([1, "nowhere", {"roles": {"caller": {}}}])
    [[kind, _, reason]] = wamp.heard()
    assert (kind, reason) == (ABORT, "wamp.error.no_such_realm")
    assert wamp.client.close_code == 1000


def test_a_second_realm_is_another_world() -> None:
    """But a room is one room."""
    server = make_server(realm=("realm1", "other"))
    here, there = Wamp.join(server), Wamp.open(server)
    there.say([1, "other", HELLO[2]])
    there.heard()
    for topic in ("com.example.topic", ROOM):
        there.subscribe(topic)
        here.publish(topic, "x")
    [[*_, kwargs]] = there.heard()
    assert kwargs["position"].endswith(":1")


def test_who_says_nothing_is_aborted_in_time() -> None:
    """A WebSocket without a session is not kept."""
    server = make_server(open_timeout=3)
    wamp = Wamp.open(server)
    server.clock.advance(3)
    assert [message[0] for message in wamp.heard()] == [ABORT]
    assert wamp.client.close_code == 1000


def test_a_message_over_the_limit_closes_1009() -> None:
    """As the WebSocket's own limit has it; the session is lost."""
    server = make_server(max_message_size=1000)
    wamp = Wamp.join(server)
    wamp.client.text("[" + " " * 1000)
    assert wamp.client.close_code == 1009
    wamp.client.peer.front.connectionLost()
    assert not server.router.sessions


def test_a_fault_of_ours_closes_1011(monkeypatch: pytest.MonkeyPatch) -> None:
    """ABORT says no more than that."""
    server = make_server()
    wamp = Wamp.join(server)
    monkeypatch.setattr("wsecho.router.model.session.parse", lambda _: 1 / 0)
    wamp.say([48, 1, {}, "wsecho.echo"])
    [[kind, details, reason]] = wamp.heard()
    assert (kind, reason) == (ABORT, "wamp.error.runtime_error")
    assert "division" not in str(details)
    assert wamp.client.close_code == 1011


def fill_up(server: Server, speaker: Wamp, silent: Wamp) -> None:
    """Publish until the silent peer's queue cannot hold one event more."""
    silent.client.peer.wire.fill()
    for _ in range(20):
        speaker.publish("com.example.topic", "x" * 100)
        server.clock.advance(0)


def counting(serialize: Any, counts: Counter[str]) -> Any:
    """A serializer's method that counts its calls."""

    def counted(self: object, obj: list[Any]) -> bytes:
        counts[serialize.__qualname__] += 1
        octets: bytes = serialize(self, obj)
        return octets

    return counted


def test_who_does_not_read_is_closed_with_1013() -> None:
    """The others get everything, and the session is gone at once."""
    server = make_server(send_queue=1000)
    speaker, reader, silent = (Wamp.join(server) for _ in range(3))
    reader.subscribe("com.example.topic")
    silent.subscribe("com.example.topic")
    fill_up(server, speaker, silent)
    assert len(reader.heard()) == 20
    assert len(server.router.sessions) == 2
    silent.client.peer.wire.empty()
    assert silent.client.close_code == 1013


def test_a_slow_peer_gets_what_was_said_before_the_end() -> None:
    """Events and GOODBYE arrive before the Close frame."""
    server = make_server()
    speaker, slow = Wamp.join(server), Wamp.join(server)
    slow.subscribe("com.example.topic")
    slow.client.peer.wire.fill()
    speaker.publish("com.example.topic", "last")
    slow.say([GOODBYE, {}, "wamp.close.normal"])
    slow.client.peer.wire.empty()
    assert [message[0] for message in slow.heard()] == [36, GOODBYE]
    assert slow.client.close_code == 1000


def test_an_event_that_json_cannot_carry_is_left_out_for_json_alone() -> None:
    """NaN; it is counted, and the session goes on."""
    server = make_server()
    plain, packed = Wamp.join(server), Wamp.join(server, "wamp.2.msgpack")
    for wamp in (plain, packed):
        wamp.subscribe("com.example.topic")
    packed.publish("com.example.topic", float("inf"))
    assert plain.heard() == []
    packed.publish("com.example.topic", 1)
    assert [message[4] for message in plain.heard()] == [[1]]
    assert server.router.realms["realm1"].counters.left_out == 1


@pytest.mark.parametrize(("argument", "reaches_json"), [(1, True), (float("nan"), False)])
def test_an_event_is_serialized_once_for_each_serializer(
    monkeypatch: pytest.MonkeyPatch, argument: float, *, reaches_json: bool
) -> None:
    """However many subscribers there are, in batches or not, and where it cannot be, too."""
    server = make_server()
    speaker = Wamp.join(server, "wamp.2.cbor")
    readers = [Wamp.join(server, form) for form in FORMS * 3]
    for reader in readers:
        reader.subscribe("com.example.topic")
    counts: Counter[str] = Counter()
    for serializer in (Json, MessagePack):
        monkeypatch.setattr(serializer, "serialize", counting(serializer.serialize, counts))
    speaker.say([16, 1, {}, "com.example.topic", [argument]])
    assert counts == {"Json.serialize": 1 if reaches_json else 2, "MessagePack.serialize": 1}
    for reader in readers:
        assert len(reader.heard()) == (1 if reaches_json or "json" not in reader.form else 0)


def test_a_result_that_the_caller_cannot_carry_is_an_error() -> None:
    """The call does not hang."""
    server = make_server()
    callee, caller = Wamp.join(server, "wamp.2.cbor"), Wamp.join(server)
    callee.say([64, 1, {}, "com.example.nan"])
    callee.heard()
    caller.say([48, 1, {}, "com.example.nan"])
    [[_, invocation, *_]] = callee.heard()
    callee.say([70, invocation, {}, [float("nan")]])
    [answer] = caller.heard()
    assert answer[:5] == [8, 48, 1, {}, "wamp.error.invalid_payload"]
