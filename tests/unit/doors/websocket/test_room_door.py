# SPDX-License-Identifier: MIT
"""What the WebSockets of a room have in common, whatever they speak."""

import pytest

from tests.unit.doors.harness import Client, Server
from wsecho.config.config import Config
from wsecho.doors.websocket.raw import RawMember

DOORS = {"raw": None, "v1": ["wsecho.v1"]}


@pytest.mark.parametrize("door", DOORS)
def test_it_is_a_member_from_its_handshake_to_its_end(door: str) -> None:
    """Once, and by the door's name."""
    server = Server()
    client = server.open("/broadcast/a", subprotocols=DOORS[door])
    assert [card.door for card in server.rooms.members("a")] == [door]
    client.peer.lose()
    assert server.rooms.members("a") == []


@pytest.mark.parametrize("door", DOORS)
def test_a_full_room_refuses_the_handshake(door: str) -> None:
    """While the refusal can still be a status; nothing of it stays."""
    server = Server(Config(max_members=1))
    server.open("/broadcast/a", subprotocols=DOORS[door])
    client = Client.to(server.connect(), "/broadcast/a", subprotocols=DOORS[door])
    client.shake_hands()
    assert client.response.status_code == 503
    assert len(server.rooms.members("a")) == 1
    assert len(server.websockets.connections) == 1


@pytest.mark.parametrize("door", DOORS)
def test_one_that_reads_too_slowly_is_closed(door: str) -> None:
    """With 1013, and it is no member any more; the others get all of it."""
    server = Server(Config(send_queue=500))
    slow = server.open("/broadcast/a", subprotocols=DOORS[door])
    reader = server.open("/broadcast/a")
    slow.peer.wire.fill()
    for number in range(20):
        assert server.ask("POST", "/broadcast/a", b"%0100d" % number).status == 201
    assert len(server.rooms.members("a")) == 1
    slow.peer.wire.empty()
    assert slow.close_code == 1013
    assert [int(text) for text in reader.texts()] == list(range(20))


def test_what_a_fault_leaves_is_no_member(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door is told of the end in any case."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    server = Server()
    monkeypatch.setattr(RawMember, "opened", fail)
    client = server.open("/broadcast/a")
    assert client.close_code == 1011
    client.peer.lose()
    assert server.rooms.members("a") == []
