# SPDX-License-Identifier: MIT
"""What sessions publish in rooms by the procedure `wsecho.publish`, beside PUBLISH."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.tokens import FAR, key_file, token
from tests.unit.doors.wamp.harness import ROOM, Wamp, make_server

CALL = "wsecho.publish"
INVALID = "wamp.error.invalid_argument"
RESULT, ERROR, EVENT = 50, 8, 36


@pytest.mark.parametrize("form", ["wamp.2.json", "wamp.2.cbor"])
def test_it_is_answered_with_the_position(form: str) -> None:
    """Text and binary, in the room that is named as it is; who is in it hears itself."""
    server = make_server()
    wamp, raw = Wamp.join(server, form), server.open("/broadcast/a%2Fb")
    wamp.subscribe("wsecho.room.a%2Fb")
    said = ["héllo", "", "\0/w==" if form == "wamp.2.json" else b"\xff"]
    for offset, each in enumerate(said, 1):
        wamp._requests += 1
        wamp.say([48, wamp._requests, {}, CALL, ["a/b", each]])
        found = {message[0]: message for message in wamp.heard()}
        position = str(server.rooms.read("a/b").position)
        assert position.endswith(f":{offset}")
        assert found[RESULT][3:] == [[], {"position": position}]
        assert found[EVENT][4:] == [[each], {"position": position}]
    assert [bytes(frame.data) for frame in raw.take()] == ["héllo".encode(), b"", b"\xff"]


def test_a_key_makes_it_safe_to_say_again() -> None:
    """As PUBLISH's, and the same key there."""
    server = make_server()
    wamp, other = Wamp.join(server), Wamp.join(server)
    first = wamp.call(CALL, "a", "x", key="k")
    assert other.call(CALL, "a", "x", key="k")[4] == first[4]
    assert other.call(CALL, "a", "y", key="k")[4] == INVALID
    other.publish(ROOM, "x", key="k")
    assert server.rooms.read("a").head == 1


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        ([], {}, "takes a room's name"),
        (["a"], {}, "takes a room's name"),
        (["a", "x", "y"], {}, "takes a room's name"),
        ([1, "x"], {}, "takes a room's name"),
        (["", "x"], {}, "the room's name is empty"),
        (["..", "x"], {}, "a room cannot be named"),
        (["x" * 201, "x"], {}, "the room's name has 201 characters"),
        (["a\n", "x"], {}, "the room's name has control characters"),
        (["a", 1], {}, "text or binary"),
        (["a", None], {}, "text or binary"),
        (["a", "x"], {"key": ""}, "an idempotency key"),
        (["a", "x"], {"key": 1}, "an idempotency key"),
        (["a", "x"], {"time": 1}, "exactly one argument"),
        (["a", "x"], {"from": {"id": "me"}}, "exactly one argument"),
        (["a", "x"], {"position": "e:1"}, "exactly one argument"),
    ],
)
def test_what_is_wrong_is_named(args: list[Any], kwargs: dict[str, Any], reason: str) -> None:
    """And nothing is said; no room is made either."""
    server = make_server()
    answer = Wamp.join(server).call(CALL, *args, **kwargs)
    assert (answer[0], answer[4]) == (ERROR, INVALID)
    assert reason in answer[5][0]
    assert len(server.rooms.hub) == 0


def test_it_goes_by_the_grant_to_publish(tmp_path: Path) -> None:
    """In that room; no grant to call it is needed."""
    server = make_server(token_key=(key_file(tmp_path),))
    text = token(exp=FAR, rooms={"publish": ["a"]})
    form = "wamp.2.json"
    wamp = Wamp(server.open(f"/ws?token={text}", subprotocols=[form]), form)
    wamp.client.text('[1,"realm1",{"roles":{"caller":{}}}]')
    wamp.heard()
    assert wamp.call(CALL, "a", "x")[0] == RESULT
    assert wamp.call(CALL, "b", "x")[4] == "wamp.error.not_authorized"


def test_it_is_counted_as_a_publication() -> None:
    """Of its realm."""
    server = make_server()
    wamp = Wamp.join(server)
    wamp.call(CALL, "a", "x")
    wamp.publish(ROOM, "x")
    [realm] = server.router.realms.values()
    assert realm.counters.publications == 2


def test_what_is_said_by_it_is_a_message_like_any() -> None:
    """At the other doors."""
    server = make_server()
    framed = server.open("/broadcast/a", subprotocols=["wsecho.v1"])
    wamp = Wamp.join(server, authextra={"member": "0123456789abcdef"})
    position = wamp.call(CALL, "a", "x")[4]["position"]
    frame = json.loads(framed.texts()[-1])
    assert (frame["position"], frame["data"], list(frame["from"])) == (position, "x", ["id"])
