# SPDX-License-Identifier: MIT
"""A publication: whom it reaches, and the EVENT that they are sent."""

from __future__ import annotations

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.wire.positions import Position
from wsecho.router.model.publications import Publication
from wsecho.router.wire.audience import Audience
from wsecho.router.wire.outgoing import Publisher


@frozen
class Somebody:
    """A subscriber."""

    id: int
    authid: str
    authrole: str


ids, names = st.frozensets(st.integers(1, 4)), st.frozensets(st.sampled_from("abc"))
somebodies = st.lists(
    st.builds(Somebody, st.integers(1, 4), st.sampled_from("abc"), st.sampled_from("abc")),
    max_size=6,
)
audiences = st.builds(
    Audience, ids, names, names, st.none() | ids, st.none() | names, st.none() | names
)


@given(somebodies, st.integers(0, 4), st.none() | audiences)
def test_all_whom_it_reaches_receive_it(
    subscribers: list[Somebody], skip: int, audience: Audience | None
) -> None:
    """Asked for all at once or each for itself ("Publisher Exclusion", and the six lists)."""
    publication = Publication(1, "a", skip=skip, audience=audience)
    expected = [
        somebody
        for somebody in subscribers
        if somebody.id != skip
        and (
            audience is None
            or (
                somebody.id not in audience.exclude
                and somebody.authid not in audience.exclude_authid
                and somebody.authrole not in audience.exclude_authrole
                and (audience.eligible is None or somebody.id in audience.eligible)
                and (
                    audience.eligible_authid is None or somebody.authid in audience.eligible_authid
                )
                and (
                    audience.eligible_authrole is None
                    or somebody.authrole in audience.eligible_authrole
                )
            )
        )
    ]
    assert list(publication.receivers(subscribers)) == expected
    assert [each for each in subscribers if publication.reaches(each)] == expected


def test_nobody_is_asked_where_all_receive_it() -> None:
    """The subscribers themselves, for there may be many thousands."""
    subscribers = (Somebody(1, "a", "b"),)
    assert Publication(1, "a").receivers(subscribers) is subscribers


def test_the_event_names_the_topic_for_a_pattern_alone() -> None:
    """As EVENT.Details.topic, the one that was published to ("Pattern-based Subscriptions")."""
    publication = Publication(7, "a.b", [1], {"k": 2}, publisher=Publisher(5, "ann", "user"))
    who = {"publisher": 5, "publisher_authid": "ann", "publisher_authrole": "user"}
    assert publication.event(3, "exact").marshal() == [36, 3, 7, who, [1], {"k": 2}]
    for match in ("prefix", "wildcard"):
        details = {**who, "topic": "a.b"}
        assert publication.event(3, match).marshal() == [36, 3, 7, details, [1], {"k": 2}]


def test_the_event_says_that_it_was_retained() -> None:
    """Where it is delivered from there ("Event Retention")."""
    publication = Publication(7, "a", [1], retain=True)
    assert publication.event(3, "exact").marshal() == [36, 3, 7, {}, [1]]
    assert publication.event(3, "exact", retained=True).marshal()[3] == {"retained": True}


def test_the_event_of_an_owned_topic_knows_its_place() -> None:
    """For what is left out where a peer reads too slowly; it is not sent."""
    position = Position("e", 5)
    event = Publication(7, "a", position=position).event(3, "exact")
    assert event.place == ("a", position)
    assert event.marshal() == [36, 3, 7, {}]
    assert Publication(7, "a").event(3, "exact").place is None
