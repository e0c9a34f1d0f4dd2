# SPDX-License-Identifier: MIT
"""WAMP publishers that say more than goes round: they are not read from for a while."""

from collections.abc import Callable, Iterator

import pytest

from tests.unit.doors.harness import Peer, Server
from tests.unit.doors.wamp.harness import HELLO, ROOM, Poller, Raw, Wamp, make_server
from wsecho.core.limits import scheduler
from wsecho.fanout import batch, fanout
from wsecho.router.routing import distribution

TOPIC = "com.example.topic"
MAX_WAITING_HERE = 2
MESSAGES = 3 * MAX_WAITING_HERE


@pytest.fixture(autouse=True)
def little_goes_round() -> Iterator[None]:
    """Have a few members be many, and a few messages be too much."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (batch, scheduler):
            patch.setattr(module, "SLICE", 2)
        patch.setattr(scheduler, "_LEAST", 1)
        for module in (fanout, distribution):
            patch.setattr(module, "MAX_WAITING", MAX_WAITING_HERE)
        yield


def over_websocket(server: Server) -> tuple[Peer, Callable[[object], None]]:
    """A session there: its connection, and what says something."""
    wamp = Wamp.join(server)
    return wamp.client.peer, wamp.say


def over_rawsocket(server: Server) -> tuple[Peer, Callable[[object], None]]:
    """The same there."""
    raw, _ = Raw.shake_hands(server)
    raw.say(HELLO)
    assert raw.heard()[0][0] == 2
    return raw.peer, raw.say


def subscribers(server: Server, topic: str) -> list[Wamp]:
    """More than are sent to at once."""
    found = [Wamp.join(server) for _ in range(5)]
    for each in found:
        each.subscribe(topic)
    return found


def said(reader: Wamp) -> list[str]:
    """What it has heard."""
    return [message[4][0] for message in reader.heard()]


@pytest.mark.parametrize("door", [over_websocket, over_rawsocket])
def test_who_publishes_by_a_call_is_not_read_from_either(
    door: Callable[[Server], tuple[Peer, Callable[[object], None]]],
) -> None:
    """Though all who hear it are sessions."""
    server = make_server()
    readers = subscribers(server, ROOM)
    peer, say = door(server)
    for number in range(MESSAGES):
        say([48, number + 1, {}, "wsecho.publish", ["a", f"{number}"]])
    assert peer.wire.producerState == "paused"
    server.clock.pump([0] * 5 * MESSAGES)
    assert peer.wire.producerState == "producing"
    assert [said(each) for each in readers] == [[f"{n}" for n in range(MESSAGES)]] * 5


@pytest.mark.parametrize("topic", [TOPIC, ROOM])
@pytest.mark.parametrize("door", [over_websocket, over_rawsocket])
def test_a_publisher_is_not_read_from(
    topic: str, door: Callable[[Server], tuple[Peer, Callable[[object], None]]]
) -> None:
    """Until less is on its way; another is, all along, and nothing is lost."""
    server = make_server()
    readers = subscribers(server, topic)
    raw = [server.open("/broadcast/a") for _ in range(5)] if topic == ROOM else []
    other = Wamp.join(server)
    peer, say = door(server)
    for number in range(MESSAGES):
        say([16, number + 1, {}, topic, [f"{number}"]])
    assert peer.wire.producerState == "paused"
    assert other.call("wsecho.echo", "x")[3] == ["x"]
    assert other.client.peer.wire.producerState == "producing"
    server.clock.pump([0] * 5 * MESSAGES)
    assert peer.wire.producerState == "producing"
    expected = [f"{number}" for number in range(MESSAGES)]
    assert [said(reader) for reader in readers] == [expected] * 5
    assert [member.texts() for member in raw] == [expected] * len(raw)


@pytest.mark.parametrize("topic", [TOPIC, ROOM])
def test_what_brings_too_much_is_answered_later(topic: str) -> None:
    """By long-poll; one whose client has gone is answered to nobody."""
    server = make_server()
    readers = subscribers(server, topic)
    _ = [server.open("/broadcast/a") for _ in range(5)]
    poller = Poller.join(server, "wamp.2.json.batched")
    batch = b"".join(
        b'[16,%d,{},"%s",["%d"]]\x1e' % (number, topic.encode(), number)
        for number in range(1, MESSAGES + 1)
    )
    held, lost = poller.send(batch), poller.send(b'[48,99,{},"wsecho.echo"]\x1e')
    assert not held.is_answered
    lost.lose()
    server.clock.pump([0] * 5 * MESSAGES)
    assert held.status == 204
    assert [len(said(reader)) for reader in readers] == [MESSAGES] * 5
    poller.say([48, 100, {}, "wsecho.echo", ["x"]])


def test_one_that_is_held_in_two_places_waits_for_both() -> None:
    """And one that is gone by then is let speak without harm."""
    server = make_server()
    subscribers(server, TOPIC)
    _ = [server.open("/broadcast/a") for _ in range(9)]
    peer, say = over_websocket(server)
    gone, say_last = over_rawsocket(server)
    for speak in (say, say_last):
        for number in range(MESSAGES):
            speak([16, 2 * number + 1, {}, TOPIC, ["x"]])
            speak([16, 2 * number + 2, {}, ROOM, ["x"]])
    gone.lose()
    states = []
    for _ in range(20 * MESSAGES):
        states.append(peer.wire.producerState)
        server.clock.advance(0)
    # It speaks again once, and then for good.
    turn = states.index("producing")
    assert turn > 0
    assert set(states[turn:]) == {"producing"}
