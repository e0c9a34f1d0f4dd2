# SPDX-License-Identifier: MIT
"""Members of several nodes as one list."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.rooms.presence import Card, Change
from wsecho.core.rooms.roster import Entry, Roster


def card(name: str, since: float = 0.0, door: str = "v1") -> Card:
    """A member."""
    return Card(name, None, door, since)


def test_one_on_two_nodes_is_one() -> None:
    """It comes once and goes once, and is shown by the door that it came by last."""
    roster = Roster()
    assert roster.enter("A", card("m", 5)) == Change("join", card("m", 5))
    assert roster.enter("B", card("m", 7, "sse")) is None
    assert list(roster) == [card("m", 5, "sse")]
    assert roster.leave("A", "m") is None
    assert roster.leave("A", "m") is None
    assert roster.leave("B", "m") == Change("leave", card("m", 7, "sse"))
    assert list(roster) == []


def test_a_node_that_dies_takes_its_own_along() -> None:
    """And nobody else's."""
    roster = Roster()
    roster.enter("A", card("one", 1))
    roster.enter("A", card("both", 2))
    roster.enter("B", card("both", 3))
    assert roster.count_elsewhere("B") == 2
    assert [change.card.id for change in roster.drop("A")] == ["one"]
    assert [shown.id for shown in roster] == ["both"]
    assert roster.nodes() == {"B"}


ENTRIES = st.dictionaries(
    st.builds(Entry, st.sampled_from("AB"), st.sampled_from("xyz")), st.just(None), max_size=6
)


@given(ENTRIES, ENTRIES)
def test_what_was_missed_is_told_once(before: dict[Entry, None], after: dict[Entry, None]) -> None:
    """From any state to any other, by the ids that came and went."""
    roster = Roster()
    roster.replace({entry: card(entry.id) for entry in before})
    changes = roster.replace({entry: card(entry.id) for entry in after})
    was, is_now = {entry.id for entry in before}, {entry.id for entry in after}
    told = {(change.action, change.card.id) for change in changes}
    assert told == {("join", name) for name in is_now - was} | {
        ("leave", name) for name in was - is_now
    }
    assert len(changes) == len(told)
    assert roster.entries() == set(after)
    assert roster.nodes() == {entry.node for entry in after}
    for node in "AB":
        elsewhere = [entry for entry in after if entry.node != node]
        assert roster.count_elsewhere(node) == len(elsewhere)
