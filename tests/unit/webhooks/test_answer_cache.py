# SPDX-License-Identifier: MIT
"""Answers that are kept, by a clock that the test turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from wsecho.hooks import Forbidden
from wsecho.webhooks.answer_cache import LONGEST, MAX_KEPT, AnswerCache, seconds_to_keep


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=60", 60),
        ("private, Max-Age=60, must-revalidate", 60),
        ('max-age="60"', 60),
        (",, max-age=60 ,", 60),
        ('private="a, no-store", max-age=60', 60),
        ("max-age=60, max-age=60", 60),
        ("max-age=99999999999", LONGEST),
        ("max-age=0", 0),
        (None, 0),
        ("", 0),
        ("public", 0),
        ("s-maxage=60", 0),
        ("max-age", 0),
        ("max-age=-1", 0),
        ("max-age=1.5", 0),
        ("max-age = 60", 0),
        ("max-age=sixty", 0),
        ("max-age=٣", 0),
        ("max-age=60, max-age=61", 0),
        ("max-age=60, no-store", 0),
        ("NO-STORE, max-age=60", 0),
        ("max-age=60 no-store", 0),
        ('no-cache="Set-Cookie", max-age=60', 0),
        ('max-age=60, "', 0),
    ],
)
def test_what_a_header_says(header: str | None, seconds: int) -> None:
    """What is malformed, twofold or forbidden is not kept."""
    assert seconds_to_keep(header) == seconds


@given(st.text() | st.text(alphabet='max-age=60,no-store" ').map("max-age=5,".__add__))
def test_whatever_a_header_says_it_is_a_time(header: str) -> None:
    """Within the bound."""
    assert 0 <= seconds_to_keep(header) <= LONGEST


@pytest.fixture
def clock() -> Clock:
    """By which answers grow old."""
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    """One that is empty."""
    return AnswerCache(clock.seconds)


def test_a_yes_is_kept_for_its_time(cache: AnswerCache, clock: Clock) -> None:
    """For that room and that sub."""
    cache.keep("main", "ann", None, 60)
    clock.advance(59)
    assert cache.knows("main", "ann")
    assert not cache.knows("main", "bob")
    assert not cache.knows("other", "ann")
    clock.advance(1)
    assert not cache.knows("main", "ann")
    assert (len(cache), cache.used) == (0, 1)


def test_a_no_is_kept_too(cache: AnswerCache) -> None:
    """With its reason and its code, and as another exception each time."""
    no = Forbidden("too many", "over_limit")
    cache.keep("main", "ann", no, 60)
    raised = []
    for _ in range(2):
        with pytest.raises(Forbidden) as caught:
            cache.knows("main", "ann")
        raised.append(caught.value)
    assert [(each.reason, each.code) for each in raised] == [("too many", "over_limit")] * 2
    assert len({id(each) for each in (no, *raised)}) == 3
    assert cache.used == 2


def test_a_later_answer_takes_the_place(cache: AnswerCache) -> None:
    """Also where that one may not be kept."""
    cache.keep("main", "ann", Forbidden("no"), 60)
    cache.keep("main", "ann", None, 60)
    assert cache.knows("main", "ann")
    cache.keep("main", "ann", None, 0)
    assert not cache.knows("main", "ann")


def test_what_is_kept_is_bounded(cache: AnswerCache) -> None:
    """What was kept first makes place."""
    for number in range(MAX_KEPT + 1):
        cache.keep("main", str(number), None, 60)
    assert len(cache) == MAX_KEPT
    assert not cache.knows("main", "0")
    assert cache.knows("main", "1")
