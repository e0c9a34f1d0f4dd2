# SPDX-License-Identifier: MIT
"""The raw door of rooms, through a whole server in memory."""

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Opcode

from tests.unit.doors.harness import Client, Server
from wsecho.config import Config


def test_every_member_gets_every_message_verbatim() -> None:
    """Text and binary, the sender included, in one order, compressed members too."""
    server = Server()
    members = [
        server.open("/broadcast/a"),
        server.open("/broadcast/a"),
        server.open("/broadcast/a", extensions=[ClientPerMessageDeflateFactory()]),
    ]
    stranger = server.open("/broadcast/b")
    members[0].text("héllo")
    members[1].binary(b"\0\xff")
    members[2].text("")
    for member in members:
        got = [(frame.opcode, bytes(frame.data)) for frame in member.take()]
        assert got == [
            (Opcode.TEXT, "héllo".encode()),
            (Opcode.BINARY, b"\0\xff"),
            (Opcode.TEXT, b""),
        ]
    assert stranger.take() == []


def test_self_0_leaves_out_what_the_connection_itself_sent() -> None:
    """And nothing else."""
    server = Server()
    quiet = server.open("/broadcast/a?self=0")
    other = server.open("/broadcast/a?self=1")
    quiet.text("mine")
    other.text("yours")
    assert quiet.texts() == ["yours"]
    assert other.texts() == ["mine", "yours"]


def test_the_room_without_a_name_is_main() -> None:
    """And a percent-encoded name is the decoded one."""
    server = Server()
    server.open("/broadcast").text("x")
    assert "main" in server.rooms.hub
    server.open("/broadcast/a%2Fb")
    assert "a/b" in server.rooms.hub


def test_who_is_gone_gets_nothing_and_harms_nobody() -> None:
    """A connection lost without a goodbye leaves the room."""
    server = Server()
    gone, stays = server.open("/broadcast/a"), server.open("/broadcast/a")
    gone.peer.front.connectionLost(Failure(ConnectionLost()))
    stays.text("x")
    assert stays.texts() == ["x"]
    assert gone.take() == []


def fill_up(server: Server, reader: Client, silent: Client) -> None:
    """Publish until the silent member's queue cannot hold one message more."""
    silent.peer.wire.fill()
    for number in range(20):
        reader.text(f"{number}" + "x" * 100)
        server.clock.advance(0)


def test_a_member_that_does_not_read_is_closed_with_1013() -> None:
    """The others get everything; its queue is dropped whole, so that the Close frame fits."""
    server = Server(Config(send_queue=1000))
    reader, silent = server.open("/broadcast/a"), server.open("/broadcast/a")
    fill_up(server, reader, silent)
    assert len(reader.texts()) == 20
    silent.peer.wire.empty()
    assert silent.close_code == 1013
    assert silent.texts() == []


def test_a_member_that_does_not_take_the_close_frame_is_reset() -> None:
    """After a while, and its memory with it."""
    server = Server(Config(send_queue=1000, auto_ping=0))
    reader, silent = server.open("/broadcast/a"), server.open("/broadcast/a")
    fill_up(server, reader, silent)
    server.clock.advance(60)
    assert silent.peer.wire.aborted
    assert not reader.peer.wire.aborted


def test_one_message_of_any_size_passes_an_empty_queue() -> None:
    """A member that is behind by nothing is not closed for a large message."""
    server = Server(Config(send_queue=1000))
    sender, slow = server.open("/broadcast/a"), server.open("/broadcast/a")
    slow.peer.wire.fill()
    sender.binary(b"x" * 100_000)
    slow.peer.wire.empty()
    assert [len(frame.data) for frame in slow.take()] == [100_000]


def test_a_member_that_was_closed_for_slowness_speaks_no_more() -> None:
    """Its later messages are discarded: it has been told."""
    server = Server(Config(send_queue=1000))
    reader, silent = server.open("/broadcast/a"), server.open("/broadcast/a")
    fill_up(server, reader, silent)
    reader.take()
    silent.text("late")
    assert reader.texts() == []
