# SPDX-License-Identifier: MIT
"""What a long-poll is answered."""

import json

from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.pages import MAX_SIZE, read_page
from wsecho.core.http.queries import RoomQuery
from wsecho.core.rooms.history import History, Message
from wsecho.core.rooms.vocabulary import write_message
from wsecho.core.wire.positions import Position


def history(sizes: list[int], limit: int = 1000) -> History:
    """A room where texts of these lengths were said."""
    made = History("e", limit, 100.0)
    for size in sizes:
        made.append(Message(made.next_position(), b"x" * size, False, 0.0, 1))
    return made


SIZES = st.lists(st.sampled_from([0, 1, MAX_SIZE // 2, MAX_SIZE, 2 * MAX_SIZE]), max_size=12)


@given(SIZES, st.integers(0, 12), st.integers(1, 5))
def test_page_by_page_each_message_comes_once(sizes: list[int], start: int, limit: int) -> None:
    """Within the limit and the size, or a single one; a page is empty only at the end."""
    said = history(sizes)
    after = Position("e", min(start, len(sizes)))
    seen = []
    while True:
        page = read_page(said, RoomQuery(after=after), limit, write_message)
        assert page.recovered is True
        if not page.frames:
            break
        assert len(page.frames) <= limit
        assert len(page.frames) == 1 or sum(map(len, page.frames)) <= MAX_SIZE
        answer = json.loads(page.write())
        assert answer["messages"][-1]["position"] == answer["position"]
        seen += [message["position"] for message in answer["messages"]]
        after = page.position
    assert seen == [f"e:{number}" for number in range(min(start, len(sizes)) + 1, len(sizes) + 1)]


@given(st.integers(0, 8), st.integers(0, 12), st.integers(1, 12), st.integers(0, 8))
def test_the_last_ones_are_the_last_that_are_kept(
    said: int, wanted: int, limit: int, kept: int
) -> None:
    """Of `history`, `limit` and what is remembered, the least counts."""
    page = read_page(history([1] * said, kept), RoomQuery(history=wanted), limit, write_message)
    assert page.recovered is None
    assert len(page.frames) == min(said, wanted, limit, kept)
    assert page.position == Position("e", said)


@given(st.integers(0, 8), st.none() | st.integers(0, 12), st.integers(1, 12), st.integers(0, 8))
def test_a_lost_place_has_the_last_ones_in_its_stead(
    said: int, wanted: int | None, limit: int, kept: int
) -> None:
    """As many as without `after`; `recovered` says that there may be a gap before them."""
    room = history([1] * said, kept)
    lost = RoomQuery(after=Position("other", 3), history=wanted)
    page = read_page(room, lost, limit, write_message)
    fresh = read_page(room, RoomQuery(history=wanted), limit, write_message)
    assert page.recovered is False
    assert (page.frames, page.position) == (fresh.frames, fresh.position)


def test_recovered_is_written_only_where_it_was_asked() -> None:
    """`null` is no word of the protocol."""
    said = history([1])
    assert json.loads(read_page(said, RoomQuery(), 1, write_message).write()) == {
        "position": "e:1",
        "messages": [],
    }
    lost = read_page(said, RoomQuery(after=Position("x", 1)), 1, write_message)
    assert json.loads(lost.write()) == {"position": "e:1", "recovered": False, "messages": []}
