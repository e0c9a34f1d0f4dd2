# SPDX-License-Identifier: MIT
"""What could be written again for nobody is refused as it comes; what some can have, they get."""

from typing import Any

import cbor2
import msgpack
import pytest

from tests.unit.doors.wamp.harness import FORMS, HELLO, ROOM, Poller, Raw, Wamp, make_server, write

TOPIC = "com.example.topic"
MARK = "XXX"
WRONG = "wamp.error.invalid_argument"
PLACES: list[Any] = [
    [[MARK]],
    [[1, {"a": [f"x{MARK}y"]}]],
    [[], {"k": MARK}],
    [[], {MARK: 1}],
]
REQUESTS: list[tuple[int, list[Any]]] = [
    *((48, [{}, "wsecho.echo", *place]) for place in PLACES),
    *((16, [{"acknowledge": True}, topic, *place]) for place in PLACES for topic in (TOPIC, ROOM)),
    (16, [{"acknowledge": True, "exclude_authid": [MARK]}, TOPIC]),
    (32, [{"x_note": MARK}, TOPIC]),
    (64, [{"x_note": MARK}, "com.example.procedure"]),
    (48, [{}, "wamp.session.add_testament", [TOPIC, [MARK], {}]]),
    (48, [{}, "wamp.session.kill_all", [], {"message": MARK}]),
]


def spoiled(form: str, message: list[Any]) -> bytes:
    """A message with half a surrogate pair where its mark stands, as JavaScript writes it."""
    octets = write(form, message)
    if "json" in form:
        return octets.replace(MARK.encode(), rb"\ud83d")
    return octets.replace(MARK.encode(), b"\xed\xa0\xbd")  # as long as the mark


def say_spoiled(wamp: Wamp, message: list[Any]) -> None:
    """Say such a message."""
    octets = spoiled(wamp.form, message)
    if "json" in wamp.form:
        wamp.client.text(octets.decode())
    else:
        wamp.client.binary(octets)


@pytest.mark.parametrize("form", FORMS[:3])
@pytest.mark.parametrize(("kind", "rest"), REQUESTS)
def test_a_request_with_half_a_pair_is_refused(form: str, kind: int, rest: list[Any]) -> None:
    """`wamp.error.invalid_argument`; nothing is done or said, and the session goes on."""
    server = make_server()
    others = [Wamp.join(server, each) for each in FORMS[:3]]
    for other in others:
        other.subscribe(TOPIC)
        other.subscribe(ROOM)
    wamp = Wamp.join(server, form)
    say_spoiled(wamp, [kind, 1, *rest])
    [error] = wamp.heard()
    assert error[:5] == [8, kind, 1, {}, WRONG]
    assert "not Unicode" in error[5][0]
    assert all(other.heard() == [] for other in others)
    wamp.say([48, 2, {}, "wsecho.echo", ["ok"]])
    assert wamp.heard() == [[50, 2, {}, ["ok"]]]
    wamp.client.peer.lose()
    assert all(other.heard() == [] for other in others)


def test_where_nobody_waits_for_an_answer_there_is_none() -> None:
    """An unacknowledged PUBLISH is not done, and its id is used."""
    server = make_server()
    reader, wamp = Wamp.join(server), Wamp.join(server)
    reader.subscribe(TOPIC)
    say_spoiled(wamp, [16, 1, {}, TOPIC, [MARK]])
    wamp.say([16, 2, {}, TOPIC, ["whole"]])
    assert wamp.heard() == []
    assert [event[4] for event in reader.heard()] == [["whole"]]


@pytest.mark.parametrize("form", FORMS)
def test_a_callee_that_answers_so_fails_the_call(form: str) -> None:
    """Its caller is told `wamp.error.invalid_payload`, or the callee's error without the rest."""
    server = make_server()
    callee, caller = Wamp.join(server, form), Wamp.join(server)
    callee.say([64, 1, {}, "com.example.procedure"])
    callee.heard()
    for request, (answer, expected) in enumerate(
        (
            ([70, 1, {}, [MARK]], "wamp.error.invalid_payload"),
            ([70, 2, {}, [], {"k": MARK}], "wamp.error.invalid_payload"),
            ([8, 68, 3, {}, "com.example.error", [MARK]], "com.example.error"),
        ),
        start=1,
    ):
        caller.say([48, request, {}, "com.example.procedure"])
        callee.heard()
        say_spoiled(callee, answer)
        [error] = caller.heard()
        assert error[:5] == [8, 48, request, {}, expected]
    callee.say([48, 2, {}, "wsecho.echo", ["ok"]])
    assert callee.heard() == [[50, 2, {}, ["ok"]]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("detail", [{"authid": MARK}, {"authextra": {"member": MARK}}, {"x": MARK}])
def test_a_session_is_not_opened_so(form: str, detail: dict[str, Any]) -> None:
    """ABORT says why."""
    wamp = Wamp.open(make_server(), form)
    say_spoiled(wamp, [1, "realm1", {**HELLO[2], **detail}])
    [abort] = wamp.heard()
    assert (abort[0], abort[2]) == (3, WRONG)
    assert "not Unicode" in abort[1]["message"]


def test_whoever_goes_with_such_words_is_let_go() -> None:
    """GOODBYE is answered as ever."""
    wamp = Wamp.join(make_server())
    say_spoiled(wamp, [6, {"message": MARK}, "wamp.close.normal"])
    assert wamp.heard() == [[6, {}, "wamp.close.goodbye_and_out"]]


def test_it_is_the_same_over_rawsocket_and_http() -> None:
    """Whatever carries the message."""
    server = make_server()
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    raw.heard()
    raw.frame(0, spoiled("wamp.2.json", [48, 1, {}, "wsecho.echo", [MARK]]))
    raw.say([48, 2, {}, "wsecho.echo", ["ok"]])
    assert [answer[0] for answer in raw.heard()] == [8, 50]
    for form in FORMS:
        poller = Poller.join(server, form)
        assert poller.send(spoiled(form, [48, 1, {}, "wsecho.echo", [MARK]])).status == 204
        [error] = poller.fetch()
        assert error[4] == WRONG


@pytest.mark.parametrize("form", ["wamp.2.msgpack", "wamp.2.cbor", "wamp.2.msgpack.batched"])
@pytest.mark.parametrize("key", [1, b"k", None, 1.5])
def test_a_key_that_is_no_string_is_named(form: str, key: object) -> None:
    """A wrong type: the session is over, and the ABORT says what it was."""
    wamp = Wamp.join(make_server(), form)
    wamp.say([16, 1, {}, TOPIC, [{"a": [{key: 1}]}]])
    [abort] = wamp.heard()
    assert abort[0] == 3
    assert abort[1]["message"] == "a dictionary has a key that is not a string"
    assert abort[2] == "wamp.error.protocol_violation"


def nested(depth: int) -> Any:
    """Lists within one another."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_what_is_too_deep_for_one_is_left_out_for_that_one() -> None:
    """The others get it, and nobody's session ends; `wamp.error.invalid_payload` tells a caller."""
    server = make_server()
    readers = {form: Wamp.join(server, form) for form in FORMS[:3]}
    for reader in readers.values():
        reader.subscribe(TOPIC)
    wamp = Wamp.join(server)
    for number, depth in enumerate((300, 500, 800), start=1):
        wamp.say([16, number, {}, TOPIC, [nested(depth)]])
        takes = set(FORMS[:3]) if depth < 400 else {"wamp.2.json", "wamp.2.msgpack"}
        assert {form for form, reader in readers.items() if reader.heard()} == takes
    callee = readers["wamp.2.cbor"]
    callee.say([64, 2, {}, "com.example.procedure"])
    callee.heard()
    wamp.say([48, 4, {}, "com.example.procedure", [nested(500)]])
    [error] = wamp.heard()
    assert error[:5] == [8, 48, 4, {}, "wamp.error.invalid_payload"]
    assert callee.heard() == []
    wamp.say([48, 5, {}, "com.example.procedure", [nested(300)]])
    assert callee.heard()[0][0] == 68


def test_a_result_that_is_too_deep_for_its_caller_fails_the_call() -> None:
    """For that caller; another has it."""
    server = make_server()
    callee = Wamp.join(server, "wamp.2.msgpack")
    callee.say([64, 1, {}, "com.example.procedure"])
    callee.heard()
    callers = {form: Wamp.join(server, form) for form in FORMS[:3]}
    for caller in callers.values():
        caller.say([48, 1, {}, "com.example.procedure"])
        [invocation] = callee.heard()
        callee.say([70, invocation[1], {}, [nested(950)]])
    answers = {form: caller.heard()[0] for form, caller in callers.items()}
    assert answers["wamp.2.msgpack"][0] == 50
    for form in ("wamp.2.json", "wamp.2.cbor"):
        assert answers[form][:5] == [8, 48, 1, {}, "wamp.error.invalid_payload"]


def test_what_only_some_serializers_can_say_reaches_those() -> None:
    """A number of more than 64 bits, NaN, a tag, a MessagePack extension; nobody's session ends."""
    server = make_server()
    readers = {form: Wamp.join(server, form) for form in FORMS[:3]}
    for reader in readers.values():
        reader.subscribe(TOPIC)
    json, pack, cbor = FORMS[:3]
    for form, value, takes in (
        (json, 1 << 70, {json, cbor}),
        (cbor, 1 << 70, {json, cbor}),
        (cbor, float("nan"), {pack, cbor}),
        (pack, float("inf"), {pack, cbor}),
        (cbor, cbor2.CBORTag(0, "2026-01-02T03:04:05"), {cbor}),
        (cbor, cbor2.CBORTag(30, [1, 0]), {cbor}),
        (pack, msgpack.ExtType(5, b"x"), {pack}),
        (pack, "\0text", {pack, cbor}),
    ):
        Wamp.join(server, form).say([16, 1, {}, TOPIC, [value]])
        assert {each for each, reader in readers.items() if raw_frames(reader)} == takes, value
    assert all(reader.call("wsecho.echo", "ok")[-1] == ["ok"] for reader in readers.values())


def raw_frames(wamp: Wamp) -> int:
    """How many came: not read, since a client's library may make classes of what they hold."""
    return len(wamp.client.take())
