# SPDX-License-Identifier: MIT
"""Questions as they are posted."""

import json
from typing import Any

import pytest

from wsecho.hooks import Message, Visit
from wsecho.webhooks.questions import write_question

VISIT = Visit(
    id="v1",
    address="192.0.2.1",
    origin="https://example.org",
    headers={"cookie": "a=b"},
    path="/broadcast/main",
    door="raw",
    sub="ann",
    name="Ann",
    claims={"sub": "ann", "name": "Ann", "rooms": {"join": ["*"]}},
)
WRITTEN = {
    "id": "v1",
    "address": "192.0.2.1",
    "origin": "https://example.org",
    "door": "raw",
    "sub": "ann",
    "name": "Ann",
    "claims": {"sub": "ann", "name": "Ann", "rooms": {"join": ["*"]}},
    "headers": {"cookie": "a=b"},
}


def test_connect_is_about_a_visit() -> None:
    """Without a room."""
    written = json.loads(write_question("connect", "q1", VISIT))
    assert written == {"question": "connect", "id": "q1", "visit": WRITTEN}


def test_join_names_the_room() -> None:
    """As people call it."""
    written = json.loads(write_question("join", "q1", VISIT, "küche/1"))
    assert written == {"question": "join", "id": "q1", "room": "küche/1", "visit": WRITTEN}


@pytest.mark.parametrize(
    ("data", "member"),
    [("hé\0\u2028", {"data": "hé\0\u2028"}), (b"\0\xff", {"base64": "AP8="}), ("", {"data": ""})],
    ids=["text", "binary", "empty"],
)
def test_publish_has_the_data(data: str | bytes, member: dict[str, str]) -> None:
    """Text as it is, what is binary in base64."""
    written = json.loads(write_question("publish", "q1", VISIT, "main", Message(data, "key")))
    assert written == {
        "question": "publish",
        "id": "q1",
        "room": "main",
        "visit": WRITTEN,
        **member,
    }


def test_who_says_nothing_of_itself_is_null() -> None:
    """So that an application need not ask whether a member is there."""
    written = json.loads(write_question("connect", "q1", Visit("v1", "192.0.2.1")))["visit"]
    assert set(written) == set(WRITTEN)
    assert (written["origin"], written["sub"], written["name"]) == (None, None, None)
    assert (written["claims"], written["headers"]) == ({}, {})


def test_half_of_a_surrogate_pair_is_carried() -> None:
    """A token's claims may have one, as JSON's escapes may."""
    visit = Visit("v1", "192.0.2.1", claims={"x": "\ud800"})
    assert json.loads(write_question("connect", "q1", visit))["visit"]["claims"] == {"x": "\ud800"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, b"x"], ids=repr)
def test_claims_that_json_has_not_are_a_fault(value: Any) -> None:
    """Of the application in Python that returned them."""
    with pytest.raises((TypeError, ValueError)):
        write_question("connect", "q1", Visit("v1", "192.0.2.1", claims={"x": value}))
