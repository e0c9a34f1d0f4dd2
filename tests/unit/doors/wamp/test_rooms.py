# SPDX-License-Identifier: MIT
"""Rooms as WAMP topics: what they take, what they tell, what they remember."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.doors.harness import Server
from tests.unit.doors.wamp.harness import ROOM, Raw, Wamp, make_server

V1 = ("wsecho.v1",)
INVALID = "wamp.error.invalid_argument"
GET_EVENTS = "wamp.subscription.get_events"


def shown(events: list[Any]) -> list[Any]:
    """The arguments of events of the past."""
    return [event["args"][0] for event in events]


def test_both_doors_of_a_room_hear_one_another() -> None:
    """Text and binary, with one position for all."""
    server = make_server()
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server, "wamp.2.cbor")
    wamp.subscribe(ROOM)
    raw.text("héllo")
    raw.binary(b"\0\xff")
    texts = [(message[4], message[5]["position"].split(":")[1]) for message in wamp.heard()]
    assert texts == [(["héllo"], "1"), ([b"\0\xff"], "2")]
    wamp.publish(ROOM, "from WAMP")
    wamp.publish(ROOM, b"binary")
    raw.text("last")
    assert [bytes(frame.data) for frame in raw.take()][2:] == [b"from WAMP", b"binary", b"last"]


@pytest.mark.parametrize(
    ("room", "topic"), [("a.b", "wsecho.room.a.b"), ("a%2Fb", "wsecho.room.a%2Fb")]
)
def test_a_room_is_one_however_it_is_spelled(room: str, topic: str) -> None:
    """Percent-encoded as by encodeURIComponent, or in any other way that decodes to it."""
    server = make_server()
    raw, wamp = server.open(f"/broadcast/{room}"), Wamp.join(server)
    first = wamp.subscribe(topic)
    assert wamp.subscribe(topic.replace("b", "%62")) == first
    raw.text("x")
    assert [message[1] for message in wamp.heard()] == [first]


def test_patterns_work_over_dotted_names() -> None:
    """The event names its room's topic, in the one spelling."""
    server = make_server()
    raw, wamp = server.open("/broadcast/team.a"), Wamp.join(server)
    wamp.subscribe("wsecho.room.team.", match="prefix")
    wamp.subscribe("wsecho.room..a", match="wildcard")
    raw.text("x")
    topics = [message[3] for message in wamp.heard()]
    assert topics == [{"topic": "wsecho.room.team.a"}] * 2


def test_the_publisher_is_left_out_by_default_of_the_live_event_only() -> None:
    """WAMP's own default; the history has it, and raw members hear it."""
    server = make_server()
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    subscription = wamp.subscribe(ROOM)
    wamp.publish(ROOM, "mine")
    assert raw.texts() == ["mine"]
    assert shown(wamp.call(GET_EVENTS, subscription)[3]) == ["mine"]


def test_an_event_has_one_publication_id_for_all() -> None:
    """The same that PUBLISHED has, and that the history shows."""
    server = make_server()
    one, two, publisher = Wamp.join(server), Wamp.join(server, "wamp.2.msgpack"), Wamp.join(server)
    subscription = one.subscribe(ROOM)
    two.subscribe("wsecho.", match="prefix")
    _, _, publication = publisher.publish(ROOM, "x")
    assert [message[2] for message in one.heard() + two.heard()] == [publication] * 2
    assert one.call(GET_EVENTS, subscription)[3][0]["publication"] == publication


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ([], {}, INVALID),
        (["a", "b"], {}, INVALID),
        ([1], {}, INVALID),
        ([None], {}, INVALID),
        ([["a"]], {}, INVALID),
        (["a"], {"other": 1}, INVALID),
        (["a"], {"key": ""}, INVALID),
        (["a"], {"key": 1}, INVALID),
        (["a"], {"key": "ä"}, INVALID),
        (["a"], {"key": "k" * 256}, INVALID),
        (["\ud800"], {}, INVALID),
        (["\0/w=="], {"text": True}, INVALID),
    ],
)
def test_what_a_room_does_not_take(args: Any, kwargs: Any, error: str) -> None:
    """Anything but one text or binary; nobody hears it, and the session goes on."""
    server = make_server()
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    answer = wamp.publish(ROOM, *args, **kwargs)
    assert answer[:5] == [8, 16, 1, {}, error]
    assert wamp.publish(ROOM, "fine")[0] == 17
    assert raw.texts() == ["fine"]


@pytest.mark.parametrize("name", ["", "%01", "%2E", "%ff", "x" * 201])
def test_a_topic_that_can_be_no_room(name: str) -> None:
    """Is an invalid URI, for a publisher and for a subscriber."""
    wamp = Wamp.join(make_server())
    assert wamp.publish(f"wsecho.room.{name}", "x")[4] == "wamp.error.invalid_uri"
    wamp.say([32, 2, {}, f"wsecho.room.{name}"])
    assert wamp.heard()[0][4] == "wamp.error.invalid_uri"


@pytest.mark.parametrize(
    "options", [{"exclude": [1]}, {"eligible": []}, {"exclude_authid": ["a"]}, {"retain": True}]
)
def test_options_that_a_room_does_not_know(options: dict[str, Any]) -> None:
    """A room's history is one for all."""
    wamp = Wamp.join(make_server())
    wamp.say([16, 1, {"acknowledge": True, **options}, ROOM, ["x"]])
    assert wamp.heard()[0][4] == "wamp.error.option_not_allowed"


def test_a_publication_under_a_key_happens_once() -> None:
    """Another session of the same page may send it again; another message is refused."""
    server = make_server()
    raw = server.open("/broadcast/a")
    first = Wamp.join(server).publish(ROOM, "x", key="k")
    again = Wamp.join(server)
    assert again.publish(ROOM, "x", key="k")[2] == first[2]
    assert again.publish(ROOM, "y", key="k")[4] == INVALID
    assert raw.texts() == ["x"]
    again.publish("wsecho.room.b", "x", key="k")
    server.clock.advance(300)
    again.publish(ROOM, "x", key="k")
    assert raw.texts() == ["x"]


def test_too_many_keys_are_over_limit_at_every_door() -> None:
    """Those of one address count together, from whatever port; what had a key is known still."""
    server = make_server(max_keys=2)
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    framed = server.open("/broadcast/a", subprotocols=V1)

    def post(key: str, path: str = "/broadcast/a", body: bytes = b"x") -> Any:
        asked = server.ask("POST", path, body, Idempotency_Key=key)
        return asked.status if asked.status == 201 else asked.json["error"]["code"]

    def frame(key: str) -> str:
        framed.text(json.dumps({"type": "publish", "data": "x", "id": "1", "key": key}))
        answer = [each for each in map(json.loads, framed.texts()) if "id" in each][-1]
        return str(answer.get("code", answer["type"]))

    many = b'{"rooms":["a"],"data":"x"}'
    assert (post("1"), frame("2")) == (201, "published")
    for key in "34":
        assert post(key) == post(key, "/broadcast", many) == frame(key) == "over_limit"
        assert wamp.publish(ROOM, "x", key=key)[4] == "wsecho.error.over_limit"
    for key in "12":
        assert post(key) == post(key, "/broadcast", many) == 201
        assert frame(key) == "published"
        assert wamp.publish(ROOM, "x", key=key)[0] == 17
    assert raw.texts() == ["x", "x"]
    assert server.ask("POST", "/broadcast/a", b"y").status == 201


def test_a_text_that_begins_with_u0000() -> None:
    """To JSON members as binary with `text`, live and from history; taken in that form too."""
    server = make_server()
    raw, plain = server.open("/broadcast/a"), Wamp.join(server)
    packed = Wamp.join(server, "wamp.2.msgpack")
    subscription = plain.subscribe(ROOM)
    packed.subscribe(ROOM)
    raw.text("\0abc")
    [[*_, args, kwargs]] = plain.heard()
    assert (args, kwargs["text"]) == (["\0AGFiYw=="], True)
    [[*_, args, kwargs]] = packed.heard()
    assert (args, "text" in kwargs) == (["\0abc"], False)
    [event] = plain.call(GET_EVENTS, subscription)[3]
    assert (event["args"], event["kwargs"]["text"]) == (["\0AGFiYw=="], True)
    [event] = packed.call(GET_EVENTS, subscription)[3]
    assert (event["args"], event["kwargs"].keys()) == (["\0abc"], {"position"})
    plain.publish(ROOM, "\0AGFiYw==", text=True)
    assert raw.texts() == ["\0abc", "\0abc"]


def test_a_room_lives_while_it_has_subscribers() -> None:
    """Its epoch stays; without them it goes in its time."""
    server = make_server()
    wamp = Wamp.join(server)
    subscription = wamp.subscribe(ROOM)
    position = wamp.call(GET_EVENTS, subscription)[4]["position"]
    server.clock.advance(1000)
    server.rooms.sweep()
    assert wamp.call(GET_EVENTS, subscription)[4]["position"] == position
    wamp.say([34, 4, subscription])
    wamp.heard()
    server.clock.advance(600)
    server.rooms.sweep()
    assert "a" not in server.rooms.hub


# Event History.


def spoken(texts: str) -> tuple[Server, Wamp, int, list[dict[str, Any]]]:
    """A room in which each letter was said a second after the other, and its events."""
    server = make_server()
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    subscription = wamp.subscribe(ROOM)
    for text in texts:
        server.clock.advance(1)
        raw.text(text)
    wamp.heard()
    return server, wamp, subscription, wamp.call(GET_EVENTS, subscription)[3]


def test_an_event_of_the_past_has_the_specifications_form() -> None:
    """And its position among the keywords."""
    _, _, subscription, [event] = spoken("a")
    assert event == {
        "timestamp": "1970-01-01T00:00:01.000Z",
        "subscription": subscription,
        "publication": event["publication"],
        "details": {},
        "args": ["a"],
        "kwargs": {"position": event["kwargs"]["position"]},
    }


@pytest.mark.parametrize(
    ("filters", "texts"),
    [
        ({}, "abcde"),
        ({"reverse": True}, "edcba"),
        ({"limit": 2}, "ab"),
        ({"limit": 2, "reverse": True}, "ed"),
        ({"from_time": 2}, "bcde"),
        ({"after_time": 2}, "cde"),
        ({"before_time": 4}, "abc"),
        ({"until_time": 4}, "abcd"),
        ({"after_time": 1, "until_time": 4, "limit": 2}, "bc"),
        ({"from_publication": 1}, "bcde"),
        ({"after_publication": 1}, "cde"),
        ({"before_publication": 3}, "abc"),
        ({"until_publication": 3}, "abcd"),
        ({"after_publication": 0, "before_publication": 4, "reverse": True}, "dcb"),
        ({"topic": ROOM}, "abcde"),
        ({"topic": "wsecho.room.%61"}, "abcde"),
        ({"topic": "wsecho.room.b"}, ""),
        ({"after_position": 2}, "cde"),
        ({"after_position": 5}, ""),
        ({"after_position": 1, "limit": 2, "until_time": 4}, "bc"),
    ],
)
def test_each_filter(filters: dict[str, Any], texts: str) -> None:
    """And all of them at once; times as they were shown, publications by their ids."""
    _, wamp, subscription, events = spoken("abcde")
    epoch = events[0]["kwargs"]["position"].split(":")[0]
    given: dict[str, Any] = {}
    for name, value in filters.items():
        if name.endswith("_time"):
            given[name] = datetime.fromtimestamp(value, UTC).isoformat()
        elif name.endswith("_publication"):
            given[name] = events[value]["publication"]
        else:
            given[name] = f"{epoch}:{value}" if name == "after_position" else value
    answer = wamp.call(GET_EVENTS, subscription, **given)
    assert "".join(shown(answer[3])) == texts


def test_a_publication_that_is_not_there_leaves_nothing() -> None:
    """It may have expired: what stands around it cannot be known."""
    _, wamp, subscription, _ = spoken("abc")
    for name in ("from", "after", "before", "until"):
        assert wamp.call(GET_EVENTS, subscription, **{f"{name}_publication": 7})[3] == []


def test_resuming_leads_to_the_present_page_by_page() -> None:
    """`position` is the next `after_position`, and the current one at the end."""
    server, wamp, subscription, events = spoken("abcde")
    epoch = events[0]["kwargs"]["position"].split(":")[0]
    position, texts = f"{epoch}:0", ""
    for _ in range(3):
        answer = wamp.call(GET_EVENTS, subscription, after_position=position, limit=2)
        texts += "".join(shown(answer[3]))
        assert answer[4]["recovered"] is True
        position = answer[4]["position"]
    assert (texts, position) == ("abcde", f"{epoch}:5")
    assert str(server.rooms.hub.read("a", 0).position) == position


def test_newest_first_leaves_the_position_where_it_began() -> None:
    """What was cut off is the oldest: it follows the position that was given."""
    _, wamp, subscription, events = spoken("abc")
    epoch = events[0]["kwargs"]["position"].split(":")[0]
    given = {"after_position": f"{epoch}:1", "reverse": True}
    answer = wamp.call(GET_EVENTS, subscription, limit=1, **given)
    assert (shown(answer[3]), answer[4]["position"]) == (["c"], f"{epoch}:1")
    answer = wamp.call(GET_EVENTS, subscription, limit=2, **given)
    assert answer[4]["position"] == f"{epoch}:3"
    assert wamp.call(GET_EVENTS, subscription, limit=1, reverse=True)[4]["position"].endswith(":0")


@pytest.mark.parametrize("position", ["other:1", "{epoch}:9"])
def test_what_cannot_be_resumed_is_said(position: str) -> None:
    """`recovered` false, the current position, no events."""
    _, wamp, subscription, events = spoken("abc")
    epoch = events[0]["kwargs"]["position"].split(":")[0]
    given = position.format(epoch=epoch)
    answer = wamp.call(GET_EVENTS, subscription, after_position=given)
    assert answer[3:] == [[], {"position": f"{epoch}:3", "recovered": False}]


def test_what_expired_cannot_be_resumed() -> None:
    """After ten minutes; a position behind it can."""
    server, wamp, subscription, events = spoken("ab")
    epoch = events[0]["kwargs"]["position"].split(":")[0]
    server.clock.advance(599)
    for offset, recovered in [(0, False), (1, True), (2, True)]:
        answer = wamp.call(GET_EVENTS, subscription, after_position=f"{epoch}:{offset}")
        assert answer[4]["recovered"] is recovered


def test_an_answer_is_cut_by_bytes() -> None:
    """A mebibyte of payload; the position says where to go on."""
    server = make_server()
    raw, wamp = server.open("/broadcast/a"), Wamp.join(server)
    subscription = wamp.subscribe(ROOM)
    for _ in range(3):
        raw.text("x" * 400_000)
    wamp.heard()
    answer = wamp.call(GET_EVENTS, subscription)
    assert len(answer[3]) == 2
    position = answer[4]["position"]
    assert position.endswith(":2")
    assert len(wamp.call(GET_EVENTS, subscription, after_position=position)[3]) == 1


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        ({"after_position": "nonsense"}, INVALID),
        ({"after_position": 1}, INVALID),
        ({"limit": 0}, INVALID),
        ({"limit": "1"}, INVALID),
        ({"reverse": 1}, INVALID),
        ({"from_time": "yesterday"}, INVALID),
        ({"after_publication": -1}, INVALID),
        ({"topic": "a b"}, "wamp.error.invalid_uri"),
    ],
)
def test_a_malformed_filter_is_refused(filters: dict[str, Any], error: str) -> None:
    """And the session goes on."""
    _, wamp, subscription, _ = spoken("a")
    assert wamp.call(GET_EVENTS, subscription, **filters)[4] == error


def test_a_pattern_has_the_events_of_all_its_rooms_in_the_order_of_their_times() -> None:
    """With their topics; it has no position, and cannot be resumed by one."""
    server = make_server()
    one, two, wamp = server.open("/broadcast/x.a"), server.open("/broadcast/x.b"), Wamp.join(server)
    server.open("/broadcast/other").text("no")
    subscription = wamp.subscribe("wsecho.room.x.", match="prefix")
    for room, text in [(one, "1"), (two, "2"), (one, "3")]:
        server.clock.advance(1)
        room.text(text)
    wamp.heard()
    answer = wamp.call(GET_EVENTS, subscription)
    assert len(answer) == 4
    assert shown(answer[3]) == ["1", "2", "3"]
    assert answer[3][1]["details"] == {"topic": "wsecho.room.x.b"}
    assert shown(wamp.call(GET_EVENTS, subscription, topic="wsecho.room.x.a")[3]) == ["1", "3"]
    assert wamp.call(GET_EVENTS, subscription, after_position="e:0")[4] == INVALID


def test_the_history_reaches_other_transports() -> None:
    """RawSocket too, with its own serializer."""
    server = make_server()
    server.open("/broadcast/a").text("\0x")
    raw, _ = Raw.shake_hands(server)
    raw.say([1, "realm1", {"roles": {"subscriber": {}, "caller": {}}}])
    raw.say([32, 1, {}, ROOM])
    subscription = raw.heard()[1][2]
    raw.say([48, 2, {}, GET_EVENTS, [subscription]])
    [[_, _, _, [event], _]] = raw.heard()
    assert json.dumps(event["args"]) == json.dumps(["\0AHg="])
