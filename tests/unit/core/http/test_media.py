# SPDX-License-Identifier: MIT
"""Media types in headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.media import EVENTS, accepts, content_type
from wsecho.core.http.requests import RequestHead
from wsecho.core.wire.errors import BadRequest


def head(*headers: tuple[str, str]) -> RequestHead:
    """A request with these headers."""
    return RequestHead("GET", "/", "1.1", headers)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/plain", "text/plain"),
        ("Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
        (";", ""),
    ],
)
def test_a_type_is_read_without_its_parameters(value: str, expected: str) -> None:
    """In lower case (RFC 9110 section 8.3.1)."""
    assert content_type(head(("content-type", value))) == expected


def test_no_type_is_empty_and_two_are_one_too_many() -> None:
    """Which one counts is nobody's guess."""
    assert content_type(head()) == ""
    with pytest.raises(BadRequest, match="content-type stands 2 times"):
        content_type(head(("content-type", "a/b"), ("content-type", "c/d")))


@pytest.mark.parametrize("weight", ["", ";q=1", "; q=0.5", ";charset=utf-8;q=0.001", ";q=x"])
def test_a_named_type_is_accepted(weight: str) -> None:
    """In any line, at any place."""
    assert accepts(head(("accept", "*/*"), ("accept", f"a/b, Text/Event-Stream{weight}")), EVENTS)


@pytest.mark.parametrize("weight", [";q=0", "; Q=0.", " ; q=0.000"])
def test_a_type_of_weight_0_is_refused(weight: str) -> None:
    """RFC 9110 section 12.4.2."""
    assert not accepts(head(("accept", f"text/event-stream{weight}, */*")), EVENTS)


@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_header_has_an_answer(values: list[str]) -> None:
    """Whatever stands in it."""
    said = head(*(("accept", value) for value in values))
    assert accepts(said, EVENTS) in {True, False}


@pytest.mark.parametrize("value", ['text/plain;a="1, {}, 2"', 'text/plain;a="\\", {}', '"{}"'])
def test_a_type_in_quotes_is_not_named(value: str) -> None:
    """It is the text of another's parameter (RFC 9110 section 5.6.6)."""
    assert not accepts(head(("accept", value.format(EVENTS))), EVENTS)
    assert accepts(head(("accept", f'a/b;c="d,", {EVENTS};e=";q=0"')), EVENTS)
