# SPDX-License-Identifier: MIT
"""What nodes say to one another, and what is passed over."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.router import Audience, Publication
from wsecho.router.cluster import messages
from wsecho.router.wire.outgoing import Publisher


def test_notices_of_another_version_are_passed_over() -> None:
    """And of a kind that is not known."""
    left = messages.Left(1)
    assert messages.read(messages.write(left)) == left
    assert messages.read([messages.VERSION + 1, 3, 1]) is None
    assert messages.read([messages.VERSION, 99]) is None
    for malformed in ([messages.VERSION, 3], [messages.VERSION, 3, 1, 2], [], None):
        with pytest.raises((TypeError, ValueError)):
            messages.read(malformed)


names = st.text(max_size=3)
members, numbers = st.frozensets(names, max_size=2), st.frozensets(st.integers(1, 9), max_size=2)
publications = st.builds(
    Publication,
    st.integers(1, 2**53),
    st.just("com.t"),
    st.none() | st.lists(st.integers() | st.binary(), max_size=2),
    st.none() | st.dictionaries(names, st.booleans(), max_size=2),
    st.integers(0, 9),
    st.none() | st.builds(Publisher, st.integers(1, 9), names, names),
    st.none()
    | st.builds(
        Audience,
        *(numbers, members, members),
        *(st.none() | numbers, st.none() | members, st.none() | members),
    ),
    st.booleans(),
    time=st.floats(0, 2e9),
)


def values_of(publication: Publication) -> list[Any]:
    """All that a publication says; its position is its own node's."""
    return [getattr(publication, each.name) for each in attrs.fields(Publication)]


@given(publications)
def test_a_publication_is_on_every_node_what_it_was(publication: Publication) -> None:
    """By itself, kept, or in a testament; an empty whitelist stays one and no whitelist none."""
    kept = messages.KeptEvent(publication)
    testament = messages.TestamentMessage(publication, "ann", "user")
    for notice in (publication, kept, testament):
        back = messages.read(messages.write(notice))
        assert type(back) is type(notice)
        found = back if isinstance(back, Publication) else back.publication
        assert values_of(found) == values_of(publication)


def test_the_form_of_a_publication() -> None:
    """It is what nodes of other releases read and write, field by field."""
    publication = Publication(
        *(7, "com.t", [b"x"], {"k": 1}, 5, Publisher(1, "ann", "user")),
        Audience(exclude=frozenset({9}), eligible_authid=frozenset()),
        retain=True,
        time=1.5,
    )
    words = [7, "com.t", [b"x"], {"k": 1}, 5, [1, "ann", "user"]]
    words += [[[9], [], [], None, [], None], 1.5, True]
    assert messages.write(publication) == [1, 1, *words]
    assert messages.write(messages.KeptEvent(publication)) == [1, 14, words]
    assert messages.write(messages.TestamentMessage(publication, "a", "r")) == [
        1,
        15,
        words,
        "a",
        "r",
    ]
