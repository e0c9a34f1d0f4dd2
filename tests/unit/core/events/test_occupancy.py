# SPDX-License-Identifier: MIT
"""When a room is occupied, and when it is vacated."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.events.occupancy import VACANCY, Occupancy

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "leave", "wait"]),
        st.sampled_from("ab"),
        st.sampled_from("xyz"),
        st.sampled_from([0.0, 0.5, VACANCY]),
    )
)


@given(steps=STEPS)
def test_the_two_alternate(steps: list[tuple[str, str, str, float]]) -> None:
    """Whoever comes and goes, as often as he likes; and at the end nothing is left of it."""
    occupancy, now = Occupancy(), 0.0
    told: dict[str, list[str]] = {"a": [], "b": []}
    inside: dict[str, set[str]] = {"a": set(), "b": set()}
    empty_since = {"a": -VACANCY, "b": -VACANCY}
    for action, room, member, wait in [*steps, ("end", "a", "x", VACANCY)]:
        if action == "enter":
            if occupancy.enter(room, member):
                told[room].append("occupied")
            inside[room].add(member)
        elif action == "leave" and member in inside[room]:
            occupancy.leave(room, member, now)
            inside[room].discard(member)
            if not inside[room]:
                empty_since[room] = now
        else:
            occupancy.leave(room, "nobody", now)
            now += wait
        for each in occupancy.vacate(now):
            told[each].append("vacated")
        for each, events in told.items():
            pairs, rest = divmod(len(events), 2)
            assert events == ["occupied", "vacated"] * pairs + ["occupied"] * rest
            is_empty_for_long = not inside[each] and now - empty_since[each] >= VACANCY
            assert (rest == 0) is (is_empty_for_long or not events)
    assert len(occupancy) == sum(len(events) % 2 for events in told.values())


def test_whoever_comes_back_in_time_makes_neither() -> None:
    """And the time begins anew when he goes again."""
    occupancy = Occupancy()
    assert occupancy.enter("a", "x")
    occupancy.leave("a", "x", 0.0)
    assert occupancy.vacate(1.9) == []
    assert not occupancy.enter("a", "y")
    assert occupancy.vacate(100.0) == []
    occupancy.leave("a", "y", 100.0)
    assert occupancy.vacate(101.9) == []
    assert occupancy.vacate(102.0) == ["a"]
    assert occupancy.enter("a", "x")
