# SPDX-License-Identifier: MIT
"""When each message was taken, and from whom: the same at every door, and nobody's to choose."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.support.tokens import NOW, key_file, token
from tests.unit.doors.harness import Client, Server
from tests.unit.doors.wamp.harness import HELLO, ROOM, Wamp, make_server
from wsecho.core.rooms.callers import Caller

SECRET: Final = "0123456789abcdef"
GET_EVENTS: Final = "wamp.subscription.get_events"
STAMPS: Final = {"stamps": True}
LIES: Final = {"time": 1, "from": {"id": "another", "name": "Another"}, "sender": "another"}


@frozen
class Identity:
    """Who somebody shows that he is.

    Attributes:
        secret: what he names himself by, None for nothing.
        claims: of his token, None without one.
    """

    secret: str | None = None
    claims: dict[str, Any] | None = None

    def query(self) -> str:
        """The same in an address."""
        parts = {} if self.secret is None else {"member": self.secret}
        if self.claims is not None:
            parts["token"] = token(**self.claims)
        return urlencode(parts)

    @property
    def named(self) -> dict[str, str]:
        """The name that others are shown."""
        name = (self.claims or {}).get("name")
        return {} if name is None else {"name": name}

    @property
    def caller(self) -> Caller:
        """The same as the server sees it."""
        return Caller("", sub=(self.claims or {}).get("sub"), secret=self.secret)


IDENTITIES: Final = {
    "nobody": Identity(),
    "named": Identity(SECRET),
    "token": Identity(None, {"sub": "ann", "name": "Ann"}),
    "token without name": Identity(None, {"sub": "ann"}),
    "token without sub": Identity(None, {"name": "Ann"}),
    "named with token": Identity(SECRET, {"sub": "ann", "name": 'Ann é\U0001f600 "<;'}),
}


def open_wamp(server: Server, who: Identity, **authextra: Any) -> Wamp:
    """Open a session."""
    form = "wamp.2.cbor"
    wamp = Wamp(server.open(f"/ws?{urlencode(_token(who))}", subprotocols=[form]), form)
    if who.secret is not None:
        authextra["member"] = who.secret
    wamp.say([*HELLO[:2], {**HELLO[2], "authextra": authextra}])
    [[kind, *_]] = wamp.heard()
    assert kind == 2
    return wamp


def _token(who: Identity) -> dict[str, str]:
    return {} if who.claims is None else {"token": token(**who.claims)}


def open_framed(server: Server, who: Identity) -> Client:
    """Open a `wsecho.v1`."""
    return server.open(f"/broadcast/a?{who.query()}", subprotocols=["wsecho.v1"])


# -- who publishes: each is of a door, says something there, and knows whether it is in the room


def by_raw(server: Server, who: Identity) -> Any:
    """A raw member."""
    server.open(f"/broadcast/a?{who.query()}").text("hi")


def by_framed(server: Server, who: Identity) -> Any:
    """A member that speaks `wsecho.v1`, and lies."""
    frame = {"type": "publish", "data": "hi", **LIES}
    open_framed(server, who).text(json.dumps(frame))


def by_post(server: Server, who: Identity) -> Any:
    """A request."""
    answer = server.ask("POST", f"/broadcast/a?{who.query()}&time=1&from=another", b"hi")
    assert answer.status == 201


def by_post_to_many(server: Server, who: Identity) -> Any:
    """A request for some rooms, that lies."""
    body = json.dumps({"rooms": ["b", "a"], "data": "hi", **LIES}).encode()
    assert server.ask("POST", f"/broadcast?{who.query()}", body).status == 201


def by_wamp(server: Server, who: Identity) -> Any:
    """A session that is in the room."""
    wamp = open_wamp(server, who)
    wamp.subscribe(ROOM)
    assert wamp.publish(ROOM, "hi")[0] == 17


def by_wamp_from_outside(server: Server, who: Identity) -> Any:
    """A session that is not."""
    wamp = open_wamp(server, who)
    wamp.subscribe("wsecho.room.", match="prefix")
    assert wamp.publish(ROOM, "hi")[0] == 17


def by_call(server: Server, who: Identity) -> Any:
    """A session that is in the room, by the procedure."""
    wamp = open_wamp(server, who)
    wamp.subscribe(ROOM)
    wamp.say([48, 2, {}, "wsecho.publish", ["a", "hi"]])
    assert {message[0] for message in wamp.heard()} == {36, 50}


def by_call_from_outside(server: Server, who: Identity) -> Any:
    """A session that is not."""
    assert open_wamp(server, who).call("wsecho.publish", "a", "hi")[0] == 50


def by_testament(server: Server, who: Identity) -> Any:
    """A session that is over: of it there is its token alone."""
    wamp = open_wamp(server, who)
    wamp.subscribe(ROOM)
    assert wamp.call("wamp.session.add_testament", ROOM, ["hi"], {})[0] == 50
    wamp.client.peer.lose()
    return Identity(None, None if who.claims is None else {"sub": who.claims.get("sub")})


MEMBERS: Final[list[Callable[..., Any]]] = [by_raw, by_framed, by_wamp, by_call]
OTHERS: Final[list[Callable[..., Any]]] = [
    by_post,
    by_post_to_many,
    by_wamp_from_outside,
    by_call_from_outside,
    by_testament,
]


def expected(server: Server, who: Identity, *, is_member: bool) -> dict[str, str] | None:
    """Who others are told that it was."""
    if is_member:
        reader = "" if who.claims is None else f"?token={token()}"
        [member] = [
            each
            for each in server.ask("GET", f"/broadcast/a/members{reader}").json["members"]
            if each["door"] != "sse"
        ]
        return {"id": member["id"], **who.named}
    author = who.caller.author()
    return None if author is None else {"id": author.id, **who.named}


# -- who reads: all of them give the frame's `time`, `from` and the message


def readers(server: Server, stranger: str) -> list[tuple[Any, Any, Any]]:
    """Read it at every door, after it was said."""
    query = f"{stranger}&history=1"
    v1 = server.open(f"/broadcast/a?{query}", subprotocols=["wsecho.v1"]).texts()
    stream = server.ask("GET", f"/broadcast/a?{query}", Accept="text/event-stream")
    frames = [
        *(json.loads(text) for text in v1[1:]),
        *(event.frame for event in stream.events[1:]),
        *server.ask("GET", f"/broadcast/a?{query}").json["messages"],
    ]
    assert len(frames) == 3
    return [(frame["time"], frame.get("from"), frame["data"]) for frame in frames]


@pytest.fixture
def guarded(tmp_path: Path) -> Server:
    """A server that asks for tokens."""
    clock = Clock()
    clock.advance(NOW)
    return Server(make_server(token_key=(key_file(tmp_path),)).config, clock=clock)


@pytest.mark.parametrize("who", IDENTITIES.values(), ids=IDENTITIES)
@pytest.mark.parametrize("publish", [*MEMBERS, *OTHERS])
def test_who_said_it_is_the_same_at_every_door(
    guarded: Server, publish: Callable[..., Any], who: Identity
) -> None:
    """As in presence where it is a member; else by its token; else nobody is told."""
    server, stranger = guarded, f"token={token()}"
    if who.claims is None:
        server, stranger = make_server(), ""
        server.clock.advance(NOW)
    watcher = Identity(None, None if who.claims is None else {})
    live = open_wamp(server, watcher, **STAMPS)
    subscription = live.subscribe("wsecho.room.", match="prefix")
    plain = open_wamp(server, watcher)
    plain.subscribe("wsecho.room.", match="prefix")
    server.clock.advance(0.0625)
    who = publish(server, who) or who
    author = expected(server, who, is_member=publish in MEMBERS)
    time = int(server.clock.seconds() * 1000)
    assert readers(server, stranger) == [(time, author, "hi")] * 3
    stamps = {"time": time, **({} if author is None else {"from": author})}
    event = next(each for each in live.heard() if each[3]["topic"] == ROOM)
    assert event[4] == ["hi"]
    position = event[5]["position"]
    assert event[5] == {"position": position, **stamps}
    past = [e for e in live.call(GET_EVENTS, subscription)[3] if e["details"]["topic"] == ROOM]
    assert [each["kwargs"] for each in past] == [{"position": position, **stamps}]
    # Whoever did not ask for them gets what it always got.
    event = next(each for each in plain.heard() if each[3]["topic"] == ROOM)
    assert event[4:] == [["hi"], {"position": position}]
    past = [e for e in plain.call(GET_EVENTS, subscription)[3] if e["details"]["topic"] == ROOM]
    assert [each["kwargs"] for each in past] == [{"position": position}]


def test_members_of_one_name_are_told_apart() -> None:
    """By the connection, unless they named themselves."""
    server = make_server()
    reader = open_framed(server, Identity())
    for who in (Identity(), Identity(), Identity(SECRET), Identity(SECRET)):
        by_framed(server, who)
    ids = [f["from"]["id"] for f in map(json.loads, reader.texts()) if f["type"] == "message"]
    assert len(ids) == 4
    assert ids[2] == ids[3]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("wish", [False, None, 1, "true", [], {}])
def test_only_true_asks_for_stamps(wish: Any) -> None:
    """Another application's `authextra` may have anything."""
    server = make_server()
    wamp = open_wamp(server, Identity(), stamps=wish)
    wamp.subscribe(ROOM)
    server.open("/broadcast/a").text("x")
    [event] = wamp.heard()
    assert list(event[5]) == ["position"]


@pytest.mark.parametrize("keyword", LIES)
def test_a_session_that_says_when_or_who_is_refused(keyword: str) -> None:
    """As with any keyword but `key`."""
    wamp = Wamp.join(make_server())
    answer = wamp.publish(ROOM, "x", **{keyword: LIES[keyword]})
    assert answer[4] == "wamp.error.invalid_argument"


def test_a_session_that_named_itself_badly_says_nothing() -> None:
    """As it joins nothing."""
    wamp = Wamp.join(make_server(), authextra={"member": "short"})
    answer = wamp.publish(ROOM, "x")
    assert answer[4:] == ["wamp.error.invalid_argument", [answer[5][0]]]
    assert answer[5][0].startswith("authextra.member is 16 to 64 characters")


def test_events_that_are_no_message_have_no_stamps() -> None:
    """Nor have those of other topics, and of who comes and goes."""
    server = make_server()
    wamp, other = open_wamp(server, Identity(), **STAMPS), Wamp.join(server)
    for topic in (ROOM, "wsecho.presence.a", "com.example"):
        wamp.subscribe(topic)
    other.publish("com.example", "x", a=1)
    server.rooms.fanout.skip("a", "e", 1, 3)
    server.open("/broadcast/a")
    found = [set(event[5]) for event in wamp.heard()]
    assert found == [{"a"}, {"skipped"}, {"action", "member"}]


def test_the_raw_door_is_verbatim() -> None:
    """No octet more."""
    server = make_server()
    raw = server.open("/broadcast/a")
    by_post(server, Identity(SECRET))
    assert raw.texts() == ["hi"]


def test_a_fresh_token_brings_another_name(guarded: Server) -> None:
    """The id stays."""
    client = open_framed(guarded, Identity(None, {"sub": "ann", "name": "Ann"}))
    client.text('{"type":"publish","data":"x"}')
    fresh = token(sub="ann", name="Anna")
    client.text(json.dumps({"type": "token", "token": fresh}))
    client.text('{"type":"publish","data":"x"}')
    first, second = (f["from"] for f in map(json.loads, client.texts()) if f["type"] == "message")
    assert (first["name"], second["name"]) == ("Ann", "Anna")
    assert first["id"] == second["id"]


@given(st.lists(st.tuples(st.sampled_from([by_raw, by_post, by_wamp]), st.floats(-1e6, 1e6))))
def test_time_never_goes_back(steps: list[tuple[Any, float]]) -> None:
    """Whoever publishes, and whoever sets the clock; a room of many rooms neither."""
    server = make_server()
    server.clock.advance(2e6)
    latest = 0
    for publish, jump in steps:
        server.ahead = jump
        publish(server, Identity())
        by_post_to_many(server, Identity())
        [one, two] = server.ask("GET", "/broadcast/a?history=2").json["messages"]
        assert latest <= one["time"] <= two["time"]
        assert two["time"] >= int(server.time_of_day() * 1000)
        latest = two["time"]
