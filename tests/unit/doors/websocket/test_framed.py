# SPDX-License-Identifier: MIT
"""The door `wsecho.v1`, through a whole server in memory."""

import json
from typing import Any

import pytest
from websockets.frames import Opcode

from tests.unit.doors.harness import Client, Server
from wsecho.config.config import Config
from wsecho.core.limits.slowness import SlowRule
from wsecho.core.rooms.presence import LINGER

V1 = ["wsecho.v1"]
SECRET = "0123456789abcdef"


def join(server: Server, query: str = "") -> Client:
    """Open the room `a` with `wsecho.v1`."""
    return server.open(f"/broadcast/a{query}", subprotocols=V1)


def frames(client: Client) -> list[Any]:
    """Take the frames received so far."""
    return [json.loads(text) for text in client.texts()]


def tell(client: Client, **frame: Any) -> None:
    """Send a frame."""
    client.text(json.dumps(frame))


def say(server: Server, *texts: str) -> None:
    """Say something in the room."""
    for text in texts:
        server.rooms.publish("a", text.encode(), is_binary=False)


def said(client: Client) -> list[str]:
    """What the messages received so far say."""
    return [frame["data"] for frame in frames(client) if frame["type"] == "message"]


def test_it_begins_with_joined_and_messages_follow_its_position() -> None:
    """`recovered` and `members` are there only where they were asked for."""
    server = Server()
    say(server, "before")
    client = join(server)
    assert client.response.headers["Sec-WebSocket-Protocol"] == "wsecho.v1"
    [joined] = frames(client)
    here = str(server.rooms.read("a").position)
    [card] = server.rooms.members("a")
    assert joined == {
        "type": "joined",
        "room": "a",
        "member": card.id,
        "position": here,
        "max_message_size": server.config.max_message_size,
    }
    say(server, "x")
    epoch, _, offset = here.partition(":")
    assert frames(client) == [
        {"type": "message", "position": f"{epoch}:{int(offset) + 1}", "time": 0, "data": "x"}
    ]


def test_a_binary_message_is_base64() -> None:
    """And what is published as base64 is binary to all."""
    server = Server()
    client, raw = join(server), server.open("/broadcast/a")
    tell(client, type="publish", base64="/wA=")
    [frame] = raw.take()
    assert (frame.opcode, bytes(frame.data)) == (Opcode.BINARY, b"\xff\0")
    assert frames(client)[1]["base64"] == "/wA="


def test_publishing_with_an_id_is_acknowledged() -> None:
    """Behind the message itself, with its position; without an id there is no answer."""
    server = Server()
    client = join(server)
    tell(client, type="publish", data="x", id=7)
    tell(client, type="publish", data="y")
    _, message, published, other = frames(client)
    assert published == {"type": "published", "id": 7, "position": message["position"]}
    assert other["data"] == "y"


@pytest.mark.parametrize(
    "text",
    [
        r'{"type":"publish","data":"said","id":"\ud83d"}',
        r'{"type":"publish","data":"said","id":"a\ude00b","key":"k"}',
        r'{"type":"publish","base64":"AA==","id":"\ude00\ud83d"}',
        r'{"type":"publish","data":"\ud83d","id":"\ud83d"}',
        r'{"type":"publish","data":"said","id":1,"key":"\ud83d"}',
        r'{"type":"publish","data":"\udfff","id":1}',
        r'{"type":"publish","id":"\ud83d"}',
        r'{"type":"token","token":"\ud83d"}',
        r'{"type":"\ud83d"}',
        '{"type":"publish","data":"said","id":NaN}',
        '{"type":"publish","data":"said","id":1e400}',
        '{"type":"publish","data":"said","id":%s}' % ("1" * 5000),
        '{"type":"publish","data":"said","more":Infinity}',
    ],
)
def test_what_could_not_be_written_again_is_not_taken(text: str) -> None:
    """An error, and nothing is said; the id comes back only where it can."""
    server = Server()
    client, listener = join(server), server.open("/broadcast/a")
    client.text(text)
    [_joined, error] = frames(client)
    assert (error["type"], error["code"]) == ("error", "bad_request")
    assert error.get("id") in {None, 1}
    assert listener.texts() == []
    tell(client, type="publish", data="x", id="ok")
    assert frames(client)[-1]["id"] == "ok"
    assert client.close_code is None


def test_an_id_comes_back_as_it_was() -> None:
    """Beyond the basic plane, with U+0000, long, or a number that no computer counts with."""
    server = Server()
    client = join(server)
    frames(client)
    for identifier in ("\U0001f600", "\0", "\u2028", "x" * 255, 10**254, -5):
        tell(client, type="publish", data="x", id=identifier)
        assert frames(client)[-1] == {
            "type": "published",
            "id": identifier,
            "position": str(server.rooms.hub.position("a", 0.0)),
        }
    tell(client, type="publish", data="x", id="x" * 256)
    assert frames(client)[-1]["code"] == "bad_request"


def test_a_retry_under_a_key_says_it_once() -> None:
    """Also by another door; another message under it is an error with the id."""
    server = Server()
    client, listener = join(server), server.open("/broadcast/a")
    tell(client, type="publish", data="x", id="1", key="k")
    tell(client, type="publish", data="x", id="2", key="k")
    tell(client, type="publish", data="y", id="3", key="k")
    answers = [frame for frame in frames(client) if "id" in frame]
    assert [(a["type"], a["id"]) for a in answers] == [
        ("published", "1"),
        ("published", "2"),
        ("error", "3"),
    ]
    assert answers[0]["position"] == answers[1]["position"]
    assert answers[2]["code"] == "bad_request"
    assert listener.texts() == ["x"]
    again = server.ask("POST", "/broadcast/a", b"x", Idempotency_Key="k")
    assert again.json["position"] == answers[0]["position"]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("", None),
        ("nonsense", None),
        ("[" * 100_000, None),
        ("[]", None),
        ('{"type":"shout"}', None),
        ('{"type":"publish"}', None),
        ('{"type":"publish","id":1}', 1),
        ('{"type":"publish","data":1,"id":"a"}', "a"),
        ('{"type":"publish","data":"x","base64":"","id":"a"}', "a"),
        ('{"type":"publish","base64":"!","id":"a"}', "a"),
        ('{"type":"publish","data":"\\ud800","id":"a"}', "a"),
        ('{"type":"publish","data":"x","id":true}', None),
        ('{"type":"publish","data":"x","id":"a","key":""}', "a"),
        ('{"type":"token"}', None),
        ('{"type":"token","token":"x"}', None),
    ],
)
def test_a_bad_frame_is_an_error_and_the_connection_stays(text: str, identifier: Any) -> None:
    """The error bears the id of the `publish` that it answers."""
    server = Server()
    client = join(server)
    client.text(text)
    [_, error] = frames(client)
    assert (error["type"], error["code"]) == ("error", "bad_request")
    assert error.get("id") == identifier
    assert error["reason"]
    tell(client, type="ping")
    assert frames(client) == [{"type": "pong"}]
    assert server.rooms.read("a").head == 0


def test_a_binary_frame_is_none_of_the_protocol() -> None:
    """It is answered as any that cannot be read."""
    client = join(Server())
    client.binary(b'{"type":"ping"}')
    assert frames(client)[1]["code"] == "bad_request"


def test_who_asked_sees_who_comes_and_goes() -> None:
    """Itself among the members that are there; not among those that come."""
    server = Server()
    server.open("/broadcast/a")
    watcher, blind = join(server, "?presence=1"), join(server)
    [joined, arrival] = frames(watcher)
    assert [member["door"] for member in joined["members"]] == ["raw", "v1"]
    assert joined["members"][1]["id"] == joined["member"]
    assert (arrival["action"], arrival["member"]["door"]) == ("join", "v1")
    blind.peer.lose()
    [leave] = frames(watcher)
    assert (leave["type"], leave["action"]) == ("presence", "leave")
    assert leave["member"] == arrival["member"]


def test_a_named_member_that_comes_back_in_time_never_left() -> None:
    """By whatever door; `since` stays."""
    server = Server()
    watcher = join(server, "?presence=1")
    first = join(server, f"?member={SECRET}")
    first.peer.lose()
    server.clock.advance(LINGER - 0.1)
    second = server.open(f"/broadcast/a?member={SECRET}")
    server.clock.advance(LINGER)
    [_, arrival] = frames(watcher)
    assert arrival["action"] == "join"
    assert server.rooms.members("a")[1].id == arrival["member"]["id"]
    second.peer.lose()
    server.clock.advance(LINGER)
    [leave] = frames(watcher)
    assert leave["action"] == "leave"
    assert leave["member"]["since"] == arrival["member"]["since"]


def test_self_0_leaves_out_what_the_connection_itself_sent() -> None:
    """It is acknowledged all the same, and a replay has it."""
    server = Server()
    quiet = join(server, "?self=0")
    tell(quiet, type="publish", data="mine", id=1)
    say(server, "yours")
    assert [frame["type"] for frame in frames(quiet)] == ["joined", "published", "message"]
    assert said(join(server, "?self=0&history=2")) == ["mine", "yours"]


def test_resuming_gives_each_later_message() -> None:
    """`joined` repeats the position, so that a replay that breaks loses nothing."""
    server = Server()
    say(server, *"abc")
    epoch = server.rooms.read("a").epoch
    joined, *messages = frames(join(server, f"?after={epoch}:1&history=3"))
    assert joined["position"] == f"{epoch}:1"
    assert joined["recovered"] is True
    assert [message["data"] for message in messages] == ["b", "c"]


def test_joined_comes_first_though_the_connection_is_full() -> None:
    """As it may be where an answer before the upgrade still waits in it."""
    server = Server()
    say(server, *"abc")
    peer = server.connect()
    peer.wire.takes = 1
    client = Client.to(peer, "/broadcast/a?history=3", subprotocols=V1)
    client.shake_hands()
    assert frames(client) == []
    peer.wire.takes = None
    peer.wire.empty()
    assert [frame["type"] for frame in frames(client)] == ["joined", *["message"] * 3]


@pytest.mark.parametrize("after", ["elsewhere:0", "E:0", "E:4"])
@pytest.mark.parametrize(
    ("query", "offset", "replayed"), [("", 3, ""), ("&history=0", 3, ""), ("&history=9", 1, "bc")]
)
def test_what_cannot_be_resumed_is_told_with_where_it_goes_on(
    after: str, query: str, offset: int, replayed: str
) -> None:
    """That is where the room stands, or before the last messages where those were asked for."""
    server = Server(Config(history=2))
    say(server, *"abc")
    epoch = server.rooms.read("a").epoch
    client = join(server, f"?after={after.replace('E', epoch)}{query}")
    joined, *messages = frames(client)
    assert (joined["recovered"], joined["position"]) == (False, f"{epoch}:{offset}")
    assert [message["data"] for message in messages] == list(replayed)
    say(server, "d")
    assert said(client) == ["d"]


def test_one_that_reads_too_slowly_is_told_what_it_missed() -> None:
    """In a room that skips; resuming after the gap's `from` still gets it."""
    server = Server(Config(send_queue=1000, slow=(SlowRule("a", "skip"),)))
    client = join(server)
    client.peer.wire.fill()
    say(server, *(f"{number:-^100}" for number in range(20)))
    client.peer.wire.empty()
    joined, skipped, *rest = frames(client)
    assert skipped["type"] == "skipped"
    assert skipped["from"] == joined["position"]
    assert [frame["data"] for frame in rest] == [f"{number:-^100}" for number in range(14, 20)]
    offset = int(skipped["to"].partition(":")[2])
    assert int(rest[0]["position"].partition(":")[2]) == offset + 1
    assert len(said(join(server, f"?after={skipped['from']}"))) == 20


def test_one_that_reads_too_slowly_is_closed_elsewhere() -> None:
    """With 1013, and whole frames before it."""
    server = Server(Config(send_queue=1000))
    client = join(server)
    client.peer.wire.fill()
    say(server, *(f"{number:-^100}" for number in range(20)))
    client.peer.wire.empty()
    assert client.close_code == 1013
    assert [frame["type"] for frame in frames(client)] == ["joined"]
    assert server.rooms.members("a") == []


def test_over_a_rate_it_is_told_where_messages_are_dropped() -> None:
    """With the id of what was dropped; the connection stays."""
    server = Server(Config(message_rate=1.0, over_rate="drop"))
    client = join(server)
    tell(client, type="publish", data="x", id=1)
    tell(client, type="publish", data="y", id=2)
    *_, error = frames(client)
    assert (error["type"], error["code"], error["id"]) == ("error", "over_rate", 2)
    server.clock.advance(1)
    tell(client, type="publish", data="z", id=3)
    assert frames(client)[-1]["type"] == "published"
