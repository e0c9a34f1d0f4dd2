# SPDX-License-Identifier: MIT
"""Preconditions, by the tables and the order of RFC 9110 section 13."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.core.http.conditions import Validators, Verdict
from wsecho.core.http.httpdates import write_http_date
from wsecho.core.http.requests import RequestHead

NOW = 1_700_000_000
TAG = '"a,b"'
THEN = NOW - 1000
HERE = Validators(TAG, THEN)
SAME, EARLIER, LATER = map(write_http_date, (THEN, THEN - 1, THEN + 1))

PERFORM, NOT_MODIFIED, FAILED = Verdict


def head(method: str = "GET", /, **fields: Any) -> RequestHead:
    """A request with some fields."""
    pairs = (
        (name.replace("_", "-"), value)
        for name, values in fields.items()
        for value in ([values] if isinstance(values, str) else values)
    )
    return RequestHead(method, "/", "1.1", tuple(pairs))


@pytest.mark.parametrize(
    ("value", "matches", "strongly"),
    [
        (TAG, True, True),
        ("W/" + TAG, True, False),
        ("*", True, True),
        (" * ", True, True),
        ('"x", ' + TAG, True, True),
        ('"x",W/"a,b"', True, False),
        (f'{TAG}, "x"', True, True),
        (f" ,, {TAG} ,", True, True),
        ([f'"x", "y,{TAG[1:]}', TAG], True, True),
        ('"x"', False, False),
        ('"A,B"', False, False),
        ('"a"', False, False),
        ("a,b", False, False),
        ('w/"a,b"', False, False),
        (f'{TAG} "x"', False, False),
        (f"*, {TAG}", False, False),
        (f'{TAG}, "x', False, False),
        ("", False, False),
        ("\xff", False, False),
    ],
)
def test_lists_of_tags(value: str | list[str], *, matches: bool, strongly: bool) -> None:
    """`If-None-Match` compares weakly, `If-Match` strongly; what is malformed never matches."""
    if_none_match = HERE.judge(head(if_none_match=value), NOW)
    assert if_none_match is (NOT_MODIFIED if matches else PERFORM)
    assert HERE.judge(head(if_match=value), NOW) is (PERFORM if strongly else FAILED)


def test_without_a_tag_only_a_star_matches() -> None:
    """It says that there is something."""
    untagged = Validators(None, THEN)
    assert untagged.judge(head(if_none_match='"x"'), NOW) is PERFORM
    assert untagged.judge(head(if_none_match="*"), NOW) is NOT_MODIFIED
    assert untagged.judge(head(if_match='"x"'), NOW) is FAILED
    assert untagged.judge(head(if_match="*"), NOW) is PERFORM


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"if_modified_since": SAME}, NOT_MODIFIED),
        ({"if_modified_since": LATER}, NOT_MODIFIED),
        ({"if_modified_since": EARLIER}, PERFORM),
        ({"if_modified_since": "long ago"}, PERFORM),
        ({"if_modified_since": [SAME, SAME]}, PERFORM),
        ({"if_unmodified_since": SAME}, PERFORM),
        ({"if_unmodified_since": LATER}, PERFORM),
        ({"if_unmodified_since": EARLIER}, FAILED),
        ({"if_unmodified_since": "long ago"}, PERFORM),
        ({"if_unmodified_since": [EARLIER, EARLIER]}, PERFORM),
        # Whoever sends tags has them decide.
        ({"if_none_match": '"x"', "if_modified_since": LATER}, PERFORM),
        ({"if_none_match": TAG, "if_modified_since": EARLIER}, NOT_MODIFIED),
        ({"if_match": TAG, "if_unmodified_since": EARLIER}, PERFORM),
        ({"if_match": '"x"', "if_unmodified_since": LATER}, FAILED),
        # Both halves are asked, the first one first.
        ({"if_match": '"x"', "if_none_match": TAG}, FAILED),
        ({"if_match": TAG, "if_none_match": TAG}, NOT_MODIFIED),
        ({"if_unmodified_since": EARLIER, "if_none_match": TAG}, FAILED),
        ({"if_unmodified_since": SAME, "if_modified_since": SAME}, NOT_MODIFIED),
        ({"if_match": "*", "if_modified_since": EARLIER}, PERFORM),
        ({}, PERFORM),
    ],
)
def test_the_order(fields: dict[str, Any], verdict: Verdict) -> None:
    """Section 13.2.2, step by step."""
    assert HERE.judge(head(**fields), NOW) is verdict
    assert HERE.judge(head("HEAD", **fields), NOW) is verdict


def test_methods_that_change_something() -> None:
    """Fail where others get 304, and know no `If-Modified-Since`."""
    assert HERE.judge(head("PUT", if_none_match=TAG), NOW) is FAILED
    assert HERE.judge(head("PUT", if_modified_since=LATER), NOW) is PERFORM


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (TAG, True),
        ("W/" + TAG, False),
        ('"x"', False),
        (f'{TAG}, "x"', False),
        ("*", False),
        (SAME, True),
        (LATER, False),
        (EARLIER, False),
        ("long ago", False),
        ([TAG, TAG], False),
        ([], True),
    ],
)
def test_if_range(value: str | list[str], *, answer: bool) -> None:
    """Strong, or equal to the second (section 13.1.5)."""
    assert HERE.allow_range(head(if_range=value), NOW) is answer


def test_a_date_that_two_contents_had_is_weak() -> None:
    """The client may have the other one (section 8.8.2.2)."""
    unsure = Validators(TAG, THEN, is_dated_well=False)
    assert not unsure.allow_range(head(if_range=SAME), NOW)
    assert unsure.allow_range(head(if_range=TAG), NOW)


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_whatever_is_sent_is_no_fault(text: str) -> None:
    """And unless it is `*` or names the tag, it matches nothing."""
    for name in ("if_match", "if_none_match", "if_range", "if_modified_since"):
        request = head(**{name: text})
        HERE.judge(request, NOW)
        HERE.allow_range(request, NOW)
    if TAG not in text and text.strip(" \t") != "*":
        assert HERE.judge(head(if_none_match=text), NOW) is PERFORM
