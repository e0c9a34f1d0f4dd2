# SPDX-License-Identifier: MIT
"""Which rule a room falls under, and what it leaves to the server."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.limits.slowness import SlowRule, SlowRules
from wsecho.core.rooms.rules import RoomRule, RoomRules, RoomTable

GLOBS = st.text("ab*?[]!-.", min_size=1, max_size=5)
NAMES = st.text("ab-.[]!*?", min_size=1, max_size=5)


def tables(*globs: str) -> tuple[RoomTable, ...]:
    """Make tables that are told apart by how many messages they keep."""
    return tuple(RoomTable(glob, {"history": number}) for number, glob in enumerate(globs))


def test_a_room_under_no_rule_has_what_the_server_has() -> None:
    """Nothing is made or looked up for it."""
    default = RoomRule(history=7, max_members=3)
    assert RoomRules(default).of("any") is default
    assert RoomRules(default, tables("team-*")).of("other") == default


@given(globs=st.lists(GLOBS, max_size=4), name=NAMES)
def test_the_first_rule_that_matches_counts(globs: list[str], name: str) -> None:
    """Whatever else matches, and however often it is asked."""
    rules = RoomRules(RoomRule(history=99), tables(*globs))
    wanted = next((n for n, glob in enumerate(globs) if fnmatchcase(name, glob)), None)
    for _ in range(2):
        found = rules.of(name)
        assert found.history == (99 if wanted is None else wanted)
        assert found.glob == (None if wanted is None else globs[wanted])


@given(
    globs=st.lists(GLOBS, max_size=3),
    slow=st.lists(GLOBS, max_size=3),
    name=NAMES,
    own=st.booleans(),
)
def test_a_rule_wins_over_the_policies_for_slow_readers(
    globs: list[str], slow: list[str], name: str, *, own: bool
) -> None:
    """And what it leaves out goes by them."""
    policies = SlowRules(tuple(SlowRule(glob, "skip") for glob in slow))
    given = {"slow": "latest"} if own else {"history": 1}
    rules = RoomRules(tables=tuple(RoomTable(glob, given) for glob in globs), slow=policies)
    is_ruled = own and any(fnmatchcase(name, glob) for glob in globs)
    assert rules.of(name).slow == ("latest" if is_ruled else policies.of(name))


def test_what_a_rule_leaves_out_is_the_servers() -> None:
    """Field by field."""
    default = RoomRule(history=7, history_ttl=8.0, max_members=9)
    rules = RoomRules(default, (RoomTable("a", {"max_members": 1}),))
    assert rules.of("a") == RoomRule(glob="a", history=7, history_ttl=8.0, max_members=1)


def test_rooms_under_one_rule_share_what_was_made_of_it() -> None:
    """A thousand rooms cost one rule."""
    rules = RoomRules(tables=tables("team-*"))
    assert rules.of("team-a") is rules.of("team-b")


def test_other_tables_hold_from_then_on() -> None:
    """For rooms too that were asked for before."""
    rules = RoomRules(RoomRule(history=99), tables("team-*"))
    assert rules.of("team-a").history == 0
    rules.replace((RoomTable("team-a", {"history": 5}),))
    assert rules.of("team-a").history == 5
    rules.replace(())
    assert rules.of("team-a").history == 99


def test_no_comings_and_goings_are_told_where_nobody_is_seen() -> None:
    """There are none."""
    rules = RoomRules(tables=(RoomTable("*", {"presence": "off"}),))
    assert rules.of("a").tell == {"occupied", "vacated", "kicked", "deleted"}
