# SPDX-License-Identifier: MIT
"""What holds in a room by its name, at every door, and from when on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import attrs
import pytest

from tests.support.tokens import FAR, key_file, token
from tests.unit.doors.harness import Client, Server
from tests.unit.doors.wamp.harness import HELLO, Wamp, make_server
from wsecho.core.rooms.rules import RoomRules, RoomTable

V1 = ["wsecho.v1"]
ROOM = "team-a"
TOPIC = f"wsecho.room.{ROOM}"


def server_with(*, token_key: Path | None = None, **given: Any) -> Server:
    """A server whose rooms `team-*` go by a table."""
    options = {} if token_key is None else {"token_key": (token_key,)}
    over_rate = given.pop("over_rate", "close")
    return make_server(room_tables=(RoomTable("team-*", given),), over_rate=over_rate, **options)


def change(server: Server, **given: Any) -> None:
    """Have the rooms go by another table."""
    server.rooms.rules.replace((RoomTable("team-*", given),))
    server.rooms.refresh()


def frames(client: Client) -> list[Any]:
    """Take the frames of `wsecho.v1` received so far."""
    return [json.loads(text) for text in client.texts()]


# -- each says something in the room by its door: returns what became of it

Outcome: TypeAlias = int | str
Speaker: TypeAlias = Callable[[], Outcome]


def by_raw(server: Server, room: str, token: str) -> Speaker:
    """The code of the close, or `said`."""
    client = server.open(f"/broadcast/{room}?token={token}")

    def say() -> Outcome:
        if not client.close_code:
            client.text("x")
        return client.close_code or "said"

    return say


def by_v1(server: Server, room: str, token: str) -> Speaker:
    """The code of the error or of the close, or `said`."""
    client = server.open(f"/broadcast/{room}?token={token}", subprotocols=V1)

    def say() -> Outcome:
        if client.close_code:
            return client.close_code
        frames(client)
        client.text(json.dumps({"type": "publish", "data": "x", "id": 1}))
        answers = [f for f in frames(client) if f["type"] in {"published", "error"}]
        if client.close_code:
            assert answers == []
            return client.close_code
        return str(answers[0].get("code", "said"))

    return say


def by_post(server: Server, room: str, token: str) -> Speaker:
    """The status."""
    return lambda: server.ask("POST", f"/broadcast/{room}?token={token}", b"x").status or 0


def by_post_to_many(server: Server, room: str, token: str) -> Speaker:
    """The status."""
    body = json.dumps({"rooms": ["else", room], "data": "x"}).encode()
    return lambda: server.ask("POST", f"/broadcast?token={token}", body).status or 0


def wamp_of(server: Server, token: str) -> Wamp:
    """A session, by a token in its handshake."""
    client = server.open(f"/ws?token={token}" if token else "/ws", subprotocols=["wamp.2.json"])
    wamp = Wamp(client, "wamp.2.json")
    wamp.say(HELLO)
    assert wamp.heard()[0][0] == 2
    return wamp


def by_wamp(server: Server, room: str, token: str) -> Speaker:
    """The error's URI, or `said`."""
    wamp = wamp_of(server, token)

    def say() -> Outcome:
        answer = wamp.publish(f"wsecho.room.{room}", "x")
        return str(answer[4]) if answer[0] == 8 else "said"

    return say


def by_call(server: Server, room: str, token: str) -> Speaker:
    """The error's URI, or `said`."""
    wamp = wamp_of(server, token)

    def say() -> Outcome:
        answer = wamp.call("wsecho.publish", room, "x")
        return str(answer[4]) if answer[0] == 8 else "said"

    return say


DOORS: dict[str, tuple[Callable[[Server, str, str], Speaker], Outcome, Outcome, Outcome, Outcome]]
# By door: who speaks; what it is told where it may, where only `server` may, where it is too fast
# by `close` and by `drop`.
NOT_AUTHORIZED, OVER_RATE = "wamp.error.not_authorized", "wsecho.error.over_rate"
DOORS = {
    "raw": (by_raw, "said", 4403, 1008, "said"),
    "v1": (by_v1, "said", "forbidden", 1008, "over_rate"),
    "post": (by_post, 201, 403, 429, 429),
    "many": (by_post_to_many, 201, 403, 429, 429),
    "wamp": (by_wamp, "said", NOT_AUTHORIZED, OVER_RATE, OVER_RATE),
    "call": (by_call, "said", NOT_AUTHORIZED, OVER_RATE, OVER_RATE),
}
each_door = pytest.mark.parametrize("door", list(DOORS))


def member_token(*operate: str) -> str:
    """Who may join and publish everywhere, and operate some rooms."""
    rooms = {"join": ["*"], "publish": ["*"], "operate": list(operate)}
    return token(exp=FAR, rooms=rooms, wamp={"call": [""]})


@each_door
@pytest.mark.parametrize(
    ("room", "operate", "may"),
    [
        (ROOM, [], False),
        (ROOM, ["*"], True),
        (ROOM, ["team-*"], True),
        (ROOM, ["team-b"], False),
        ("any", [], True),
    ],
)
def test_publish_server_is_for_who_may_operate_the_room(
    tmp_path: Path, door: str, room: str, operate: list[str], *, may: bool
) -> None:
    """At each door, in its own form of a refusal; other rooms are as they were."""
    server = server_with(publish="server", token_key=key_file(tmp_path))
    speaker, said, refused, *_ = DOORS[door]
    assert speaker(server, room, member_token(*operate))() == (said if may else refused)
    assert server.rooms.read(room).head == int(may)


@each_door
def test_publish_server_holds_for_who_is_there_already(tmp_path: Path, door: str) -> None:
    """From the moment on that the rules are read again; and no longer than it stands there."""
    server = server_with(token_key=key_file(tmp_path))
    speaker, said, refused, *_ = DOORS[door]
    say = speaker(server, ROOM, member_token())
    assert say() == said
    change(server, publish="server")
    assert say() == refused
    change(server)
    assert say() == (refused if door == "raw" else said)


def test_publish_server_without_a_grant_to_publish_is_refused(tmp_path: Path) -> None:
    """Who may operate a room may not by that speak in it."""
    server = server_with(publish="server", token_key=key_file(tmp_path))
    text = token(exp=FAR, rooms={"join": ["*"], "operate": ["*"]})
    assert by_post(server, ROOM, text)() == 403


def test_a_testament_goes_by_the_room_too(tmp_path: Path) -> None:
    """It is looked at when it is given."""
    server = server_with(publish="server", token_key=key_file(tmp_path))
    wamp = wamp_of(server, member_token())
    assert wamp.call("wamp.session.add_testament", TOPIC, ["x"], {})[4] == NOT_AUTHORIZED


@each_door
@pytest.mark.parametrize("over_rate", ["close", "drop"])
@pytest.mark.parametrize("key", ["message_rate", "byte_rate"])
def test_a_rooms_rate_holds_for_each_connection(door: str, over_rate: str, key: str) -> None:
    """Beside what it may send in all; the next second is another, and so is another room."""
    given: dict[str, Any] = {key: 2, "over_rate": over_rate}
    server = server_with(**given)
    speaker, said, _, closed, dropped = DOORS[door]
    say, elsewhere = speaker(server, ROOM, ""), speaker(server, "any", "")
    told = [say() for _ in range(3)]
    assert told == [said, said, closed if over_rate == "close" else dropped]
    assert server.rooms.read(ROOM).head == 2
    assert server.state.stats.limits == {key.replace("_", "-"): 1}
    assert [elsewhere() for _ in range(5)] == [said] * 5
    server.clock.advance(1)
    assert (say() == said) is (over_rate == "drop" or closed != 1008)


@each_door
def test_a_rate_holds_for_who_is_there_already(door: str) -> None:
    """From the moment on that the rules are read again."""
    server = server_with(over_rate="drop")
    speaker, said, _, _, dropped = DOORS[door]
    say = speaker(server, ROOM, "")
    assert [say() for _ in range(3)] == [said] * 3
    change(server, message_rate=1.0)
    assert [say() for _ in range(2)] == [said, dropped]
    assert server.rooms.read(ROOM).head == 4
    change(server)
    assert [say() for _ in range(3)] == [said] * 3


def test_what_a_connection_may_send_in_all_counts_too() -> None:
    """A room that allows more does not allow it more."""
    server = make_server(room_tables=(RoomTable("*", {"message_rate": 9.0}),), message_rate=1.0)
    assert [by_post(server, ROOM, "")() for _ in range(2)] == [201, 429]


def test_a_post_that_is_too_fast_is_told_before_its_body() -> None:
    """With the seconds after which it would not be."""
    server = server_with(message_rate=1.0)
    assert server.ask("POST", f"/broadcast/{ROOM}", b"x").status == 201
    peer = server.connect()
    peer.send(
        b"POST /broadcast/team-a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    answer = peer.received()
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert b"Retry-After: 1\r\n" in answer


# -- members


def test_presence_off_shows_nobody() -> None:
    """No list and no frame, at any door; each still has an id of its own."""
    server = server_with(presence="off")
    watcher = server.open(f"/broadcast/{ROOM}?presence=1", subprotocols=V1)
    [joined] = frames(watcher)
    assert joined["member"]
    assert "members" not in joined
    stream = server.ask("GET", f"/broadcast/{ROOM}?presence=1", Accept="text/event-stream")
    assert "members" not in json.loads(stream.events[0].data)
    wamp = Wamp.join(server)
    wamp.subscribe(f"wsecho.presence.{ROOM}")
    wamp.subscribe(TOPIC)
    watcher.text('{"type":"publish","data":"x"}')
    assert [frame["type"] for frame in frames(watcher)] == ["message"]
    [message] = [json.loads(event.data) for event in stream.events[1:]]
    assert message["from"] == {"id": joined["member"]}
    assert [event[0] for event in wamp.heard()] == [36]
    answer = server.ask("GET", f"/broadcast/{ROOM}/members")
    assert answer.status == 404
    assert answer.json["error"]["code"] == "not_available"
    assert "presence is off" in answer.json["error"]["reason"]
    assert wamp.call("wsecho.members", ROOM)[4] == "wsecho.error.not_available"
    listed = server.ask("GET", "/broadcast").json["rooms"]
    assert listed == [{"room": ROOM, "members": None}]


def test_presence_may_be_turned_off_and_on_again() -> None:
    """Who watches is told that all went, and that all came: its list is what the server's is."""
    server = server_with()
    watcher = server.open(f"/broadcast/{ROOM}?presence=1", subprotocols=V1)
    named = server.open(f"/broadcast/{ROOM}?member={'x' * 16}")
    wamp = Wamp.join(server)
    wamp.subscribe(f"wsecho.presence.{ROOM}")
    before = server.ask("GET", f"/broadcast/{ROOM}/members").json["members"]
    frames(watcher)
    wamp.heard()
    change(server, presence="off")
    gone = frames(watcher)
    assert [(f["action"], f["member"]) for f in gone] == [("leave", m) for m in before]
    assert [event[5]["action"] for event in wamp.heard()] == ["leave", "leave"]
    other = server.open(f"/broadcast/{ROOM}")
    named.peer.lose()
    assert frames(watcher) == []
    change(server, presence="on")
    came = frames(watcher)
    assert [f["action"] for f in came] == ["join", "join"]
    listed = server.ask("GET", f"/broadcast/{ROOM}/members").json["members"]
    assert [f["member"] for f in came] == listed
    assert listed[0] == before[0]
    other.peer.lose()
    assert [f["action"] for f in frames(watcher)] == ["leave"]


def test_who_leaves_meanwhile_is_not_told_of_as_there() -> None:
    """Of many who are seen from now on each is told of in its turn."""
    server = server_with(presence="off")
    watcher = server.open(f"/broadcast/{ROOM}?presence=1", subprotocols=V1)
    clients = [server.open(f"/broadcast/{ROOM}") for _ in range(200)]
    change(server, presence="on")
    for client in clients:
        client.peer.lose()
    for _ in range(2000):
        server.clock.advance(0)
    here: set[str] = set()
    for frame in frames(watcher)[1:]:
        assert frame["type"] == "presence"
        (here.add if frame["action"] == "join" else here.discard)(frame["member"]["id"])
    listed = server.ask("GET", f"/broadcast/{ROOM}/members").json["members"]
    assert here == {member["id"] for member in listed}
    assert len(here) == 1


def refusals_of_full(server: Server) -> dict[str, Outcome]:
    """What one member more is told, by door."""
    wamp = Wamp.join(server)
    path, v1 = f"/broadcast/{ROOM}", Client.to(server.connect(), f"/broadcast/{ROOM}", V1)
    raw = Client.to(server.connect(), path)
    raw.shake_hands()
    v1.shake_hands()
    stream = server.ask("GET", path, Accept="text/event-stream")
    position = server.rooms.read(ROOM).position
    wamp.say([32, 1, {}, TOPIC])
    [answer] = wamp.heard()
    return {
        "raw": raw.response.status_code,
        "v1": v1.response.status_code,
        "sse": json.loads(stream.events[-1].data)["code"],
        "poll": server.ask("GET", f"{path}?after={position}&wait=9").status or 0,
        "wamp": str(answer[4]),
    }


FULL = {
    "raw": 503,
    "v1": 503,
    "sse": "over_limit",
    "poll": 503,
    "wamp": "wsecho.error.over_limit",
}


def test_a_rooms_members_have_a_number_of_their_own() -> None:
    """At each door."""
    server = server_with(max_members=2)
    for _ in range(2):
        server.open(f"/broadcast/{ROOM}")
    assert refusals_of_full(server) == FULL
    for _ in range(3):
        server.open("/broadcast/any")


def test_fewer_members_than_are_there_throw_nobody_out() -> None:
    """But let nobody in."""
    server = server_with()
    clients = [server.open(f"/broadcast/{ROOM}") for _ in range(3)]
    change(server, max_members=2)
    assert refusals_of_full(server) == FULL
    assert {client.close_code for client in clients} == {None}
    clients.pop().peer.lose()
    clients.pop().peer.lose()
    assert server.open(f"/broadcast/{ROOM}").close_code is None


# -- history and slow readers


def said(server: Server, *texts: str) -> None:
    """Say something in the room."""
    for text in texts:
        server.rooms.publish(ROOM, text.encode(), is_binary=False)


def test_a_history_of_its_own_and_a_shorter_one() -> None:
    """What is too long for new rules goes at once, for every door."""
    server = server_with(history=3)
    said(server, "1", "2", "3", "4")
    assert server.open(f"/broadcast/{ROOM}?history=9").texts() == ["2", "3", "4"]
    change(server, history=2)
    assert server.open(f"/broadcast/{ROOM}?history=9").texts() == ["3", "4"]
    answer = server.ask("GET", f"/broadcast/{ROOM}?history=9").json
    assert [message["data"] for message in answer["messages"]] == ["3", "4"]
    wamp = Wamp.join(server)
    subscription = wamp.subscribe(TOPIC)
    events = wamp.call("wamp.subscription.get_events", subscription)[3]
    assert [event["args"] for event in events] == [["3"], ["4"]]
    change(server, history=4)
    said(server, "5", "6", "7")
    assert server.open(f"/broadcast/{ROOM}?history=9").texts() == ["4", "5", "6", "7"][-4:]


def test_a_history_of_so_many_bytes() -> None:
    """A message is counted with what it costs to keep."""
    server = server_with(history_bytes=1000)
    said(server, "x" * 200, "y" * 50, "z" * 50)
    assert server.open(f"/broadcast/{ROOM}?history=9").texts() == ["y" * 50, "z" * 50]
    assert server.rooms.hub.size == 900
    said(server, "w" * 700)
    assert server.open(f"/broadcast/{ROOM}?history=9").texts() == []
    assert server.rooms.read(ROOM).head == 4


def test_a_time_of_its_own() -> None:
    """For messages, and for the room itself once nobody is there."""
    server = server_with(history_ttl=5.0)
    for room in (ROOM, "any"):
        server.rooms.publish(room, b"x", is_binary=False)
    epoch = server.rooms.read(ROOM).epoch
    server.clock.advance(4)
    assert len(server.rooms.read(ROOM)) == 1
    server.clock.advance(4)
    assert len(server.rooms.read(ROOM)) == 0
    assert server.rooms.read(ROOM).epoch == epoch
    server.clock.advance(5)
    server.rooms.sweep()
    assert ROOM not in server.rooms.hub
    assert "any" in server.rooms.hub


def test_a_policy_of_its_own_wins_over_the_option() -> None:
    """And holds for who is there already, but for a raw reader that counts its frames."""
    server = make_server(
        send_queue=1000, room_tables=(RoomTable("team-*", {"slow": "latest"}), RoomTable("b", {}))
    )
    raw, v1 = server.open(f"/broadcast/{ROOM}"), server.open(f"/broadcast/{ROOM}", subprotocols=V1)
    assert "Wsecho-Position" not in raw.response.headers
    for client in (raw, v1):
        client.peer.wire.fill()
    said(server, *("x" * 300 for _ in range(9)))
    for client in (raw, v1):
        client.peer.wire.empty()
    assert len(raw.texts()) < 9
    assert [frame["type"] for frame in frames(v1)][-2:] == ["skipped", "message"]


def test_a_raw_reader_that_counts_goes_on_to_get_every_message() -> None:
    """It was told so as it came; a reader of frames goes by the new policy."""
    server = make_server(send_queue=1000)
    raw, v1 = server.open(f"/broadcast/{ROOM}"), server.open(f"/broadcast/{ROOM}", subprotocols=V1)
    assert "Wsecho-Position" in raw.response.headers
    change(server, slow="latest")
    for client in (raw, v1):
        client.peer.wire.fill()
    said(server, *("x" * 300 for _ in range(9)))
    for client in (raw, v1):
        client.peer.wire.empty()
    assert raw.close_code == 1013
    assert v1.close_code is None


# -- what it costs


def test_no_rule_is_looked_up_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for who gets it: who has a place in a room has what holds there at hand."""
    server = server_with(slow="skip", history=5)
    raw = server.open(f"/broadcast/{ROOM}")
    v1 = server.open(f"/broadcast/{ROOM}", subprotocols=V1)
    asked: list[str] = []

    def note(_: RoomRules, room: str) -> NoReturn:
        asked.append(room)
        raise AssertionError

    monkeypatch.setattr(RoomRules, "of", note)
    for _ in range(5):
        raw.text("x")
        v1.text('{"type":"publish","data":"x"}')
    assert len(raw.texts()) == 10
    assert asked == []


def test_a_table_that_is_as_the_server_changes_nothing() -> None:
    """Value by value."""
    server = make_server()
    with_table = make_server(room_tables=(RoomTable("*", {}),))
    found = with_table.rooms.rules.of("a")
    assert attrs.evolve(found, glob=None) == server.rooms.rules.of("a")
