# SPDX-License-Identifier: MIT
"""The way of notices between nodes: their form, and what the bus says as the router wants it."""

from __future__ import annotations

from typing import Any

import cbor2
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.buses import now
from wsecho.bus.memory import MemoryBus
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.wire.errors import BusUnavailable
from wsecho.doors.wamp.network import BusNetwork, decode_notice, encode_notice
from wsecho.doors.wamp.objects import Extension
from wsecho.fanout.rooms import draw_word
from wsecho.router import Audience, CannotCarryError, Publication, WampError
from wsecho.router.cluster import messages
from wsecho.router.wire.errors import TakenError
from wsecho.router.wire.outgoing import Publisher

TEXTS = st.text(st.characters(codec="utf-8"), max_size=9)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.binary(max_size=9),
    TEXTS,
)
PAYLOADS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(PAYLOADS, max_size=3))
def test_a_payload_comes_out_as_it_went_in(payload: list[Any]) -> None:
    """Integers of any size, binary, and whatever is nested."""
    assert decode_notice(encode_notice("node", payload)) == ("node", payload)


@pytest.mark.parametrize(
    "value",
    [
        Extension(7, b"\0x"),
        Extension(0, b"1"),
        msgpack.Timestamp(1_700_000_000, 5),
        cbor2.undefined,
        cbor2.CBORTag(4711, "x"),
        cbor2.CBORSimpleValue(99),
        cbor2.CBORTag(0, "2026-01-02T00:00:00"),
        cbor2.CBORTag(4, [-2, 150]),
    ],
)
def test_what_only_one_serializer_can_say_crosses_too(value: object) -> None:
    """For a subscriber elsewhere who speaks the same."""
    assert decode_notice(encode_notice("node", [{"k": [value]}])) == ("node", [{"k": [value]}])


def test_a_payload_may_be_nested_as_deep_as_peers_may_nest_it() -> None:
    """Deeper than what a CBOR peer may send."""
    deep: list[Any] = []
    for _ in range(2_000):
        deep = [deep]
    written = encode_notice("node", deep)
    # To compare the lists themselves Python would have to go as deep.
    assert encode_notice(*decode_notice(written)) == written


@pytest.mark.parametrize("value", [object(), "\ud800", {"\ud800": 1}])
def test_what_has_no_form_is_refused(value: object) -> None:
    """Before anybody has it."""
    with pytest.raises(CannotCarryError):
        encode_notice("node", [value])


def test_a_tag_like_ours_stays_a_tag() -> None:
    """A client may send any."""
    ours = cbor2.loads(encode_notice("node", [Extension(1, b"")]), tag_hook=lambda tag, _: tag)[1][
        0
    ].tag
    for inside in ("x", b"\xc1", b"\x01", msgpack.packb([1, 2])):
        tag = cbor2.CBORTag(ours, inside)
        assert decode_notice(encode_notice("node", [tag])) == ("node", [tag])


class Net:
    """A network over a bus in memory, and what it heard."""

    def __init__(self) -> None:
        self.bus = MemoryBus(Hub(Rules(), draw_word), None, now)  # type: ignore[arg-type]
        self.network = BusNetwork(self.bus, "realm1")
        self.heard: list[tuple[str, messages.Notice]] = []
        self.lives: list[frozenset[str]] = []
        self.network.begin(lambda *heard: self.heard.append(heard), self.lives.append)


EVENT = Publication(
    *(1, "com.t", [b"x"], None, 0, Publisher(1, "a", "r")),
    Audience(exclude=frozenset({1}), eligible_authid=frozenset()),
    retain=True,
    time=1.5,
)
LEFT = messages.Left(5)


def test_notices_go_to_all_and_to_one() -> None:
    """This node included, each as it was."""
    net = Net()
    node = net.bus.node
    assert net.lives == [{node}]
    assert net.network.tell(EVENT, "1") is None
    assert net.network.tell(LEFT) is None
    assert net.network.send(node, LEFT) is True
    assert net.network.send("nobody", LEFT) is False
    written = [messages.write(notice) for notice in (EVENT, LEFT, LEFT)]
    assert [(name, messages.write(notice)) for name, notice in net.heard] == [
        (node, words) for words in written
    ]
    [kept] = net.network.kept()  # type: ignore[misc]
    assert messages.write(kept) == written[0]
    net.network.drop(["1"])
    net.network.keep("2", LEFT)
    assert net.network.kept() == [LEFT]


def test_what_another_version_says_is_passed_over() -> None:
    """And so is what it keeps."""
    net = Net()
    later = encode_notice("node", [messages.VERSION + 1, "all", "is", "new"])
    net.bus.broadcast("wamp:realm1", later)
    assert net.heard == []
    net.bus.keep("wamp:realm1", "1", later)
    net.bus.keep("wamp:realm1", "2", encode_notice("node", messages.write(LEFT)))
    assert net.network.kept() == [LEFT]


@pytest.mark.parametrize(
    ("rule", "asked", "uri"),
    [
        ("single", "single", "wamp.error.procedure_already_exists"),
        ("single", "first", "wamp.error.procedure_already_exists"),
        ("first", "last", "wamp.error.procedure_exists_with_different_invocation_policy"),
    ],
)
def test_a_place_that_is_held_is_taken(rule: str, asked: str, uri: str) -> None:
    """The error says how; once it is ceded it is free."""
    net = Net()

    def claim(holder: int, policy: str) -> Any:
        shared = policy != "single"
        return net.network.claim("exact p", holder, policy, lambda: None, is_shared=shared)

    claim(1, rule)
    with pytest.raises(TakenError) as taken:
        claim(2, asked)
    assert taken.value.uri == uri
    net.network.cede("exact p", 1)
    assert isinstance(claim(2, asked), int)
    assert [net.network.take_turn("exact p") for _ in range(2)] == [0, 1]


def test_who_cannot_be_reached_is_a_network_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was done."""
    net = Net()

    def fail(*_: object) -> None:
        raise BusUnavailable

    monkeypatch.setattr(net.bus, "broadcast_logged", fail)
    with pytest.raises(WampError) as failed:
        net.network.tell(EVENT)
    assert failed.value.uri == "wamp.error.network_failure"
    assert net.heard == []
