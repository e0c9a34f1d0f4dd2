# SPDX-License-Identifier: MIT
"""How fast a WAMP peer may send, on each transport; and what counts."""

import json

import pytest

from tests.unit.doors.harness import masked
from tests.unit.doors.wamp.harness import HELLO, make_server
from tests.unit.doors.wamp.transports import (
    ECHO,
    ERROR,
    INVOCATION,
    OVER_RATE,
    RESULT,
    TRANSPORTS,
    TransportClient,
)


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_over_rate_drop_answers_requests(kind: str) -> None:
    """With `over_rate`, where one waits for an answer; the next second is another."""
    server = make_server(message_rate=3.0, over_rate="drop")
    wamp = TransportClient.join(server, kind)
    assert wamp.ask(48, {}, ECHO, [1])[0] == RESULT
    wamp.heard()
    server.clock.advance(1)
    answers = []
    for number in range(2, 7):
        wamp.say([48, number, {}, ECHO, [number]])
    wamp.say([16, 7, {}, "com.example.topic", ["nobody waits"]])
    answers = wamp.heard()
    assert [answer[0] for answer in answers] == [RESULT] * 3 + [ERROR] * 2
    assert [answer[4] for answer in answers[3:]] == [OVER_RATE] * 2
    assert server.state.stats.limits["message-rate"] == 3
    server.clock.advance(1)
    wamp.say([48, 8, {}, ECHO, [8]])
    assert wamp.heard() == [[RESULT, 8, {}, [8]]]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_over_rate_close_ends_the_session(kind: str) -> None:
    """ABORT says why, and a WebSocket is closed with 1008."""
    server = make_server(message_rate=2.0)
    wamp = TransportClient.join(server, kind)
    server.clock.advance(1)
    for number in (1, 2, 3):
        wamp.say([48, number, {}, ECHO, [number]])
    heard = wamp.heard()
    assert heard[-1][0::2] == [3, OVER_RATE]
    assert not server.router.sessions
    if kind == "websocket":
        assert wamp.close_code == 1008


def test_answers_and_goodbyes_are_never_dropped() -> None:
    """Somebody else waits for the former."""
    server = make_server(message_rate=2.0, over_rate="drop")
    callee, caller = TransportClient.join(server), TransportClient.join(server)
    assert callee.ask(64, {}, "com.example.procedure")[0] == 65
    caller.say([48, 1, {}, "com.example.procedure"])
    [[kind, invocation, *_]] = callee.heard()
    assert kind == INVOCATION
    assert callee.ask(32, {}, "com.example.topic")[4] == OVER_RATE
    callee.say([70, invocation, {}, ["done"]])
    assert caller.heard() == [[RESULT, 1, {}, ["done"]]]
    callee.say([6, {}, "wamp.close.normal"])
    assert callee.heard()[0][0] == 6


def test_a_batch_is_as_many_messages_as_it_holds() -> None:
    """Not the one that carries them."""
    server = make_server(message_rate=3.0, over_rate="drop")
    client = server.open("/ws", subprotocols=["wamp.2.json.batched"])
    calls = [[48, number, {}, ECHO, [number]] for number in range(1, 5)]
    client.text("".join(json.dumps(message) + "\x1e" for message in [HELLO, *calls]))
    answers = [json.loads(text.rstrip("\x1e")) for text in client.texts()]
    assert [answer[0] for answer in answers] == [2, RESULT, RESULT, ERROR, ERROR]


def test_octets_count_once_for_all_messages_of_a_batch() -> None:
    """A batch within the rate of octets is not counted anew for each message that it holds."""
    client = make_server(byte_rate=400.0, over_rate="drop").open(
        "/ws", subprotocols=["wamp.2.json.batched"]
    )
    calls = [[48, number, {}, ECHO, ["x" * 20]] for number in range(1, 5)]
    batch = "".join(json.dumps(message) + "\x1e" for message in [HELLO, *calls])
    assert 200 < len(batch) < 400
    client.text(batch)
    answers = [json.loads(text.rstrip("\x1e")) for text in client.texts()]
    assert [answer[0] for answer in answers] == [2, *[RESULT] * 4]


@pytest.mark.parametrize("octets", [b'[48,%d,{},"wsecho.echo",["\\ud83d"]]'])
def test_what_is_unfit_is_refused_for_that_however_fast_it_came(octets: bytes) -> None:
    """Its own fault is the one to mend."""
    server = make_server(message_rate=2.0, over_rate="drop")
    wamp = TransportClient.join(server)
    for number in (1, 2):
        wamp.peer.send(masked(1, octets % number))
    assert [answer[4] for answer in wamp.heard()] == ["wamp.error.invalid_argument"] * 2
    assert server.state.stats.limits["message-rate"] == 1
