# SPDX-License-Identifier: MIT
"""What an application's replies mean."""

import base64
import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsecho.hooks import Drop, Forbidden
from wsecho.webhooks.questions import AskedOver
from wsecho.webhooks.replies import MAX_DEPTH, BadReplyError, read_reply

QUESTIONS: tuple[AskedOver, ...] = get_args(AskedOver)
MAX_DATA = 1_000


def read(question: AskedOver, reply: object) -> Any:
    """Read a reply of status 200."""
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return read_reply(question, 200, body, MAX_DATA)


def nested(depth: int) -> dict[str, Any]:
    """Claims of so many objects within one another."""
    claims: dict[str, Any] = {}
    for _ in range(depth - 1):
        claims = {"x": claims}
    return claims


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "more",
    [{}, {"data": None, "base64": None, "claims": None, "drop": None}, {"reason": "x", "new": 1}],
    ids=["plain", "null", "more"],
)
def test_yes(question: AskedOver, more: dict[str, object]) -> None:
    """What is null is not there, and what is not known is skipped."""
    assert read(question, {"allow": True, **more}) is None


@pytest.mark.parametrize(
    ("question", "more", "said"),
    [
        ("connect", {"claims": {"sub": "ann"}}, {"sub": "ann"}),
        ("connect", {"claims": {}}, {}),
        ("publish", {"data": "é\u2028"}, "é\u2028"),
        ("publish", {"data": ""}, ""),
        ("publish", {"base64": "AP8="}, b"\0\xff"),
        ("publish", {"base64": ""}, b""),
        ("publish", {"data": "x", "drop": False}, "x"),
        ("publish", {"drop": False}, None),
        ("publish", {"data": "x" * MAX_DATA}, "x" * MAX_DATA),
    ],
    ids=range(9),
)
def test_yes_and_more(question: AskedOver, more: dict[str, object], said: object) -> None:
    """Claims of a connection, data of a message."""
    assert read(question, {"allow": True, **more}) == said


def test_what_is_dropped() -> None:
    """It is no yes, and no no."""
    with pytest.raises(Drop):
        read("publish", {"allow": True, "drop": True})


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("more", "reason", "code"),
    [
        ({}, "the application does not allow it", "forbidden"),
        ({"reason": None, "code": None}, "the application does not allow it", "forbidden"),
        ({"reason": "not you", "code": "forbidden"}, "not you", "forbidden"),
        ({"reason": "it is full", "code": "over_limit"}, "it is full", "over_limit"),
        ({"drop": True, "claims": 1}, "the application does not allow it", "forbidden"),
        ({"reason": "x" * 2_000}, "x" * 1_000, "forbidden"),
    ],
    ids=range(6),
)
def test_no(question: AskedOver, more: dict[str, object], reason: str, code: str) -> None:
    """With a reason and a code, or the usual ones."""
    with pytest.raises(Forbidden) as no:
        read(question, {"allow": False, **more})
    assert (no.value.reason, no.value.code) == (reason, code)


NEITHER: tuple[object, ...] = ("true", 1, 0, [], {})
BAD: list[tuple[AskedOver, object, str]] = [
    *[("join", body, "no JSON") for body in (b"", b"ok", b"{", b'{"allow":true', b"{'allow':1}")],
    ("join", b'{"allow":true}{"allow":true}', "no JSON"),
    ("join", b'{"allow":true,}', "no JSON"),
    ("join", b"\xff", "no JSON"),
    ("join", '{"allow":true}'.encode("utf-16"), "no JSON"),
    ("join", b'{"allow":true,"x":NaN}', "no JSON"),
    ("join", b'{"allow":true,"x":-Infinity}', "no JSON"),
    ("join", b'{"allow":true,"x":1e999}', "no JSON"),
    ("join", b'{"allow":true,"x":' + b"9" * 5_000 + b"}", "no JSON"),
    ("join", b'{"allow":true,"x":"\\ud800"}', "no JSON"),
    ("publish", b'{"allow":true,"data":"\\udfff"}', "no JSON"),
    ("join", b'{"allow":true,"x":' + b"[" * 100_000, "no JSON"),
    ("join", b'{"allow":false,"allow":true}', "one name twice"),
    ("connect", b'{"allow":true,"claims":{"sub":"a","sub":"b"}}', "one name twice"),
    *[("join", reply, "no object") for reply in (True, None, [], [{"allow": True}], "yes", 1)],
    *[("join", {"allow": allow}, "no allow") for allow in (None, *NEITHER)],
    ("join", {}, "no allow"),
    ("join", {"Allow": True}, "no allow"),
    ("join", {"allow": False, "reason": 1}, "reason is no string"),
    ("join", {"allow": False, "code": "unauthorized"}, "neither forbidden nor over_limit"),
    ("join", {"allow": False, "code": ["forbidden"]}, "neither forbidden nor over_limit"),
    ("join", {"allow": True, "claims": {}}, "claims, which is for another"),
    ("join", {"allow": True, "drop": True}, "drop, which is for another"),
    ("join", {"allow": True, "drop": False}, "drop, which is for another"),
    ("connect", {"allow": True, "data": "x"}, "data, which is for another"),
    ("publish", {"allow": True, "claims": {}}, "claims, which is for another"),
    ("connect", {"allow": True, "claims": []}, "claims are no object"),
    ("connect", {"allow": True, "claims": "sub"}, "claims are no object"),
    ("connect", {"allow": True, "claims": nested(MAX_DEPTH)}, "too deeply"),
    ("publish", {"allow": True, "data": 1}, "data is no string"),
    ("publish", {"allow": True, "data": {"a": 1}}, "data is no string"),
    ("publish", {"allow": True, "base64": 1}, "base64 is no string"),
    *[
        ("publish", {"allow": True, "base64": text}, "base64 is none")
        for text in ("A", "é", "A-_=")
    ],
    *[("publish", {"allow": True, "drop": drop}, "drop is neither") for drop in NEITHER],
    ("publish", {"allow": True, "data": "x", "base64": "AA=="}, "base64 and data at once"),
    ("publish", {"allow": True, "data": "x", "drop": True}, "data and drop at once"),
    ("publish", {"allow": True, "data": "é" * MAX_DATA}, "2000 bytes, over --max-message-size"),
    (
        "publish",
        {"allow": True, "base64": base64.b64encode(b"x" * 1_001).decode()},
        "1001 bytes, over --max-message-size",
    ),
]


@pytest.mark.parametrize(("question", "reply", "reason"), BAD, ids=range(len(BAD)))
def test_what_is_no_answer(question: AskedOver, reply: object, reason: str) -> None:
    """And why."""
    with pytest.raises(BadReplyError) as bad:
        read(question, reply)
    assert reason in bad.value.reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (201, "HTTP 201"),
        (204, "HTTP 204"),
        (302, "HTTP 302, and no redirect is followed"),
        (307, "HTTP 307, and no redirect is followed"),
        (403, "HTTP 403"),
        (500, "HTTP 500"),
    ],
)
def test_another_status_is_no_answer(status: int, reason: str) -> None:
    """Whatever its body says."""
    with pytest.raises(BadReplyError) as bad:
        read_reply("join", status, b'{"allow":true}', MAX_DATA)
    assert reason in bad.value.reason


def test_what_is_too_large_is_no_answer() -> None:
    """It was not read."""
    with pytest.raises(BadReplyError, match="larger than any may be"):
        read_reply("join", 200, None, MAX_DATA)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
REPLY = st.fixed_dictionaries(
    {"allow": st.booleans() | JSON},
    optional={
        "data": st.text() | JSON,
        "base64": st.text(alphabet="AP8=") | JSON,
        "drop": st.booleans() | JSON,
        "claims": st.dictionaries(st.text(), JSON) | JSON,
        "reason": st.text() | JSON,
        "code": st.sampled_from(["forbidden", "over_limit"]) | JSON,
    },
)


@given(
    question=st.sampled_from(QUESTIONS),
    body=st.binary() | st.one_of(JSON, REPLY).map(lambda reply: json.dumps(reply).encode()),
)
def test_whatever_comes_it_is_an_answer_or_none(question: AskedOver, body: bytes) -> None:
    """Of the kind that the question has, and never a yes without `"allow":true`."""
    said: object = None
    outcome: object = None
    try:
        said = read(question, body)
    except (BadReplyError, Forbidden, Drop) as error:
        outcome = type(error)
    if outcome in {None, Drop}:
        assert json.loads(body)["allow"] is True
    if outcome is Forbidden:
        assert json.loads(body)["allow"] is False
    kinds = {"connect": Mapping, "join": (), "publish": str | bytes}
    assert said is None or isinstance(said, kinds[question])  # type: ignore[arg-type]
    assert outcome is not Drop or question == "publish"
