# SPDX-License-Identifier: MIT
"""The raw door of rooms, through a whole server in memory."""

import pytest
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Opcode

from tests.unit.doors.harness import Client, Server
from wsecho.config.config import Config
from wsecho.core.limits.slowness import SlowPolicy, SlowRule


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


def say(server: Server, *texts: str) -> None:
    """Say something in the room."""
    for text in texts:
        server.rooms.publish("a", text.encode(), is_binary=False)


def refusal(server: Server, path: str) -> bytes:
    """What a handshake that is refused is answered."""
    client = Client.to(server.connect(), path)
    client.protocol.send_request(client.protocol.connect())
    client.peer.send(b"".join(client.protocol.data_to_send()))
    return client.peer.received()


def test_the_handshake_says_where_the_frames_begin() -> None:
    """The k-th frame is the message at that position's offset and k."""
    server = Server()
    say(server, *"abc")
    epoch = server.rooms.read("a").epoch
    for query, offset, texts in [
        ("", 3, []),
        ("?history=2", 1, ["b", "c"]),
        ("?history=9", 0, ["a", "b", "c"]),
        (f"?after={epoch}:2", 2, ["c"]),
        (f"?after={epoch}:2&history=3", 2, ["c"]),
        (f"?after={epoch}:3", 3, []),
    ]:
        client = server.open(f"/broadcast/a{query}")
        assert client.response.headers["Wsecho-Position"] == f"{epoch}:{offset}"
        assert client.texts() == texts
        client.peer.lose()


@pytest.mark.parametrize("after", ["elsewhere:0", "E:0", "E:4"])
def test_a_place_that_is_gone_is_closed_with_4410(after: str) -> None:
    """The reason is where the room stands; no position promises frames, and no frame comes."""
    server = Server(Config(history=2))
    say(server, *"abc")
    history = server.rooms.read("a")
    client = server.open(f"/broadcast/a?after={after.replace('E', history.epoch)}&history=2")
    assert "Wsecho-Position" not in client.response.headers
    assert (client.close_code, client.close_reason) == (4410, str(history.position))
    assert client.texts() == []
    assert server.rooms.members("a") == []


@pytest.mark.parametrize(("policy", "query"), [("close", "&self=0"), ("skip", ""), ("latest", "")])
def test_where_frames_cannot_be_counted_nobody_resumes(policy: SlowPolicy, query: str) -> None:
    """`after` is 400, and the reason says what else there is; `history` is served uncounted."""
    server = Server(Config(slow=(SlowRule("a", policy),)))
    say(server, "x")
    answer = refusal(server, f"/broadcast/a?after={server.rooms.read('a').position}{query}")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"wsecho.v1" in answer
    client = server.open(f"/broadcast/a?history=1{query}")
    assert "Wsecho-Position" not in client.response.headers
    assert client.texts() == ["x"]


@pytest.mark.parametrize(
    ("query", "part"),
    [("after=1", "position"), ("history=x", "history"), ("self=2", "self"), ("member=x", "member")],
)
def test_a_bad_query_is_400(query: str, part: str) -> None:
    """Before the WebSocket opens, with the part at fault."""
    answer = refusal(Server(), f"/broadcast/a?{query}")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert part.encode() in answer


def test_a_full_room_is_503() -> None:
    """And tells when to come back."""
    server = Server(Config(max_members=1))
    server.open("/broadcast/a")
    answer = refusal(server, "/broadcast/a")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: " in answer


@pytest.mark.parametrize(("policy", "texts"), [("skip", 6), ("latest", 1)])
def test_where_the_room_skips_the_oldest_are_left_out_in_silence(
    policy: SlowPolicy, texts: int
) -> None:
    """Every frame is a message, so there is no way to say it here."""
    server = Server(Config(send_queue=1000, slow=(SlowRule("a", policy),)))
    silent = server.open("/broadcast/a")
    silent.peer.wire.fill()
    said = [f"{number:-^100}" for number in range(20)]
    say(server, *said)
    silent.peer.wire.empty()
    assert silent.texts() == said[-texts:]
    assert silent.close_code is None


def test_a_replay_whose_history_goes_away_is_closed_with_4410() -> None:
    """Its frames could not be counted any more."""
    server = Server(Config(history=3))
    say(server, *"abc")
    epoch = server.rooms.read("a").epoch
    peer = server.connect()
    client = Client.to(peer, f"/broadcast/a?after={epoch}:0")
    client.protocol.send_request(client.protocol.connect())
    peer.wire.takes = 1
    client.flush()
    say(server, *"defg")
    peer.wire.takes = None
    peer.wire.empty()
    assert (client.close_code, client.close_reason) == (4410, f"{epoch}:7")
