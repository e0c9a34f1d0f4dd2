# SPDX-License-Identifier: MIT
"""The names of what is written in Redis, and of its channels."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from wsecho.bus.redis.client.keys import Keys
from wsecho.core.rooms.retries import Keyed


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
        node, own = keys.node(word), keys.send_to(word, word)
        return [keys.room(room).channel, keys.subject(word), keys.logged(word), node, own]

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


def test_names_of_nodes_are_apart() -> None:
    """Each is below the prefix, and no two are the same, though their words are."""
    keys = Keys("p:", 3)
    names = [
        *(keys.trial, keys.nodes, keys.claims, keys.turns, keys.used("w"), keys.willed),
        *(keys.wills("w"), keys.kept("w"), keys.log("w"), keys.last("w"), keys.address("w")),
        *keys.aside("w"),
    ]
    assert all(str(name).startswith("p:") for name in names)
    assert len(set(names)) == len(names)
