# SPDX-License-Identifier: MIT
"""The small parts: records, tags, names, counts, what is known later."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from wsecho.bus.later import Later, gather, settle, when
from wsecho.bus.measures import BOUNDS, Measures
from wsecho.bus.redis.client.keys import Keys
from wsecho.bus.redis.rooms.correlation import MAX_UNDER_WAY, Correlation
from wsecho.bus.redis.rooms.records import NO_TAG, read_notice, write_record
from wsecho.core.rooms.retries import Keyed
from wsecho.core.rooms.room import PublishRequest
from wsecho.core.wire.errors import BusTimeout, Internal, WireError


class Member:
    """Somebody who speaks."""

    def __init__(self, *, wants_own: bool) -> None:
        self.wants_own = wants_own


@given(st.binary(), st.booleans(), st.integers(1, 1 << 53))
def test_a_record_comes_back_as_it_went(payload: bytes, is_binary: bool, publication: int) -> None:
    """Whatever is in it."""
    record = write_record(PublishRequest(payload, is_binary, publication), b"node:7")
    logged = read_notice(b"m e-_1 12 1700000000.000123 " + record)
    message = logged.message
    assert (message.payload, message.is_binary, message.publication) == (
        payload,
        is_binary,
        publication,
    )
    assert (str(message.position), message.time) == ("e-_1:12", 1700000000.000123)
    assert logged.tag == b"node:7"


def test_tags_lead_back_once() -> None:
    """Where somebody will ask, and here alone."""
    tags = Correlation("me")
    quiet = Member(wants_own=False)
    assert tags.tag(None, None) == tags.tag(Member(wants_own=True), None) == NO_TAG
    tag = tags.tag(quiet, "origin")
    assert tags.take(b"other:1") == tags.take(NO_TAG) == (None, None)
    assert tags.take(tag) == (quiet, "origin")
    assert tags.take(tag) == (None, None)
    first = tags.tag(quiet, None)
    for _ in range(MAX_UNDER_WAY):
        tags.tag(quiet, None)
    assert tags.take(first) == (None, None)


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_of_rooms_are_apart(one: str, other: str) -> None:
    """And what belongs to one room has one tag in braces, whatever the room is called."""
    keys = Keys("p:", 3)
    names = keys.room(one)
    assert (names == keys.room(other)) is (one == other)
    tag = names.head.removesuffix(":head")
    for name in (names.head, names.log, names.who, names.receipt(Keyed("k", "me"))):
        assert name.startswith("p:{")
        assert name.count("{") == name.count("}") == 1
        assert name.startswith(tag)
    assert keys.room_on(names.channel) == one


PREFIXES = st.text(st.characters(codec="ascii", min_codepoint=33, exclude_characters="{}\x7f"))


@given(
    st.tuples(PREFIXES, st.integers(0, 20)),
    st.tuples(PREFIXES, st.integers(0, 20)),
    st.text(min_size=1),
    st.text("ab:", min_size=1),
)
@example(("p:", 10), ("p:1", 0), "a", "b")
@example(("p:", 0), ("p:", 1), "a", "b")
@example(("p*", 0), ("pq", 0), "a", "b")
def test_channels_of_two_databases_are_apart(
    one: tuple[str, int], other: tuple[str, int], room: str, word: str
) -> None:
    """And of two prefixes, whatever they are; the pattern of all rooms matches one's own alone."""

    def channels(keys: Keys) -> list[str]:
        node, whisper = keys.node(word), keys.send_to(word, word)
        return [keys.room(room).channel, keys.subject(word), keys.logged(word), node, whisper]

    keys, others = Keys(*one), Keys(*other)
    assert all(name.startswith(one[0]) for name in channels(keys))
    if one != other:
        assert not {*channels(keys)} & {*channels(others)}
    pattern = re.compile(as_regex(keys.pattern_subscriber), re.DOTALL)
    assert [name for name in channels(keys) if pattern.fullmatch(name)] == channels(keys)[:1]
    assert one == other or not any(pattern.fullmatch(name) for name in channels(others))


def as_regex(pattern: str) -> str:
    """Write one of Redis's patterns, of those that `keys` writes, as Python would."""
    parts = re.findall(r"\\(.)|(\*)|(.)", pattern, re.DOTALL)
    return "".join(".*" if star else re.escape(quoted or plain) for quoted, star, plain in parts)


def test_commands_are_counted_by_how_long_they_took() -> None:
    """Each in the buckets from its own on."""
    measures = Measures()
    for seconds in (0.0001, 0.0005, 0.3, 100):
        measures.time(seconds)
    counts = dict(measures.cumulated())
    assert counts["0.0005"] == 2
    assert counts["0.5"] == counts[str(BOUNDS[-1])] == 3
    assert counts["+Inf"] == 4


def test_what_is_known_later() -> None:
    """The same calls as for what is known at once."""
    outcomes: list[object] = []
    later: Deferred[int] = Deferred()
    both: Later[dict[str, int]] = gather({"a": 1, "b": later})
    settle(when(both, lambda found: sum(found.values())), outcomes.append, outcomes.append)
    settle(gather({"a": 1}), outcomes.append, outcomes.append)
    assert outcomes == [{"a": 1}]
    later.callback(2)
    assert outcomes == [{"a": 1}, 3]


def test_what_fails_later() -> None:
    """A peer's error as it is; ours is logged; and nobody is told who has given up waiting."""
    outcomes: list[WireError] = []

    def fail(error: Exception | None) -> None:
        later: Deferred[int] = Deferred()
        settle(gather({"a": 1, "b": later}), lambda _: None, outcomes.append)
        if error is None:
            later.cancel()
        else:
            later.errback(error)

    fail(BusTimeout())
    with capturedLogs() as events:
        fail(ValueError("x"))
    assert [type(outcome) for outcome in outcomes] == [BusTimeout, Internal]
    assert len(events) == 1
    fail(None)
    assert len(outcomes) == 2


def test_a_fault_behind_it_is_logged() -> None:
    """It harms nobody else."""
    later: Deferred[int] = Deferred()

    def break_down(_: int) -> None:
        raise ValueError

    settle(later, break_down, lambda _: pytest.fail("it did not fail there"))
    with capturedLogs() as events:
        later.callback(1)
    assert len(events) == 1
