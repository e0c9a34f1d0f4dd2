# SPDX-License-Identifier: MIT
"""From lists to requests: whatever comes is a request, a refusal, or a violation."""

from __future__ import annotations

import copy
import math
from typing import Any

import cbor2
import pytest
from autobahn.wamp import message
from hypothesis import given
from hypothesis import strategies as st

from wsecho.router.wire import requests
from wsecho.router.wire.errors import ProtocolViolationError
from wsecho.router.wire.ids import MAX_ID
from wsecho.router.wire.parsing import parse

scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary()
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)
types = st.sampled_from([*range(72), 16.0, 48.0])
option_names = st.sampled_from(
    [
        *("match", "invoke", "mode", "acknowledge", "exclude_me", "exclude", "eligible_authid"),
        *("eligible", "retain", "timeout", "receive_progress", "progress", "disclose_me"),
        *("get_retained", "roles", "authid", "authmethods", "authextra", "disclose_caller"),
    ]
)
options = st.dictionaries(option_names, anything, max_size=4)
uris = st.sampled_from(["a", "a.b", "a..b", "", "wamp.session.count", "a b"])
parts: tuple[st.SearchStrategy[Any], ...] = (
    types,
    st.integers(0, 5) | uris | anything,
    options | st.integers(0, 5) | anything,
    uris | st.integers(0, 5) | anything,
    st.lists(anything, max_size=2) | anything,
    st.dictionaries(st.text(max_size=3), anything, max_size=2) | anything,
)
# Nothing is drawn that is cut off again: that took half the time.
lively = st.one_of(*[st.tuples(*parts[:size]).map(list) for size in range(1, 7)])


def read(raw: Any) -> requests.Request | None:
    """The request, or None for a violation."""
    try:
        return parse(raw)
    except ProtocolViolationError:
        return None


@given(anything | lively)
def test_whatever_comes_is_read_or_refused(raw: Any) -> None:
    """Nothing but a violation is ever raised, and what is read can be relied on."""
    request = read(raw)
    if request is None:
        return
    if isinstance(request, requests.Refused):
        assert request.reason.isascii()
        assert request.uri.startswith("wamp.error.invalid_")
    number = getattr(request, "request", 1)
    assert type(number) is int
    assert 1 <= number <= MAX_ID
    args, kwargs = getattr(request, "args", None), getattr(request, "kwargs", None)
    assert args is None or type(args) is list
    assert kwargs is None or all(type(key) is str for key in kwargs)


def test_what_autobahn_sends_is_read() -> None:
    """Each message that Autobahn's client marshals, with its options."""
    assert parse(message.Subscribe(1, "a.", match="prefix", get_retained=True).marshal()) == (
        requests.Subscribe(1, "a.", "prefix", get_retained=True)
    )
    assert parse(message.Register(2, "a..b", match="wildcard", invoke="last").marshal()) == (
        requests.Register(2, "a..b", "wildcard", "last")
    )
    call = message.Call(3, "a", kwargs={"k": 1}, timeout=5, receive_progress=True)
    assert parse(call.marshal()) == (
        requests.Call(3, "a", None, {"k": 1}, receive_progress=True, timeout=5)
    )
    sent = message.Publish(4, "a", args=[1], acknowledge=True, exclude_me=False, eligible=[])
    publish = parse(sent.marshal())
    assert isinstance(publish, requests.Publish)
    assert (publish.acknowledge, publish.exclude_me) == (True, False)
    assert publish.audience is not None
    assert publish.audience.eligible == frozenset()
    assert parse(message.Cancel(5, mode="kill").marshal()) == requests.Cancel(5, "kill")
    assert parse(message.Yield(6, args=[1], progress=True).marshal()) == (
        requests.Yield(6, [1], None, progress=True)
    )
    assert parse(message.Unsubscribe(7, 8).marshal()) == requests.Unsubscribe(7, 8)
    assert parse(message.Unregister(7, 8).marshal()) == requests.Unregister(7, 8)
    assert parse(message.Goodbye("a.b").marshal()) == requests.Goodbye("a.b")
    assert parse(message.Error(68, 9, "a.b", args=[1]).marshal()) == (
        requests.Error(9, "a.b", [1], None)
    )


ROLES: dict[str, Any] = {"callee": {"features": {"call_canceling": True}}}
SAMPLES: dict[type, tuple[Any, ...]] = {
    str: ("a.b",),
    int: (1, 1.0),
    bool: (True, False),
    list: ([],),
    dict: ({},),
    float: (1.5, math.nan),
    bytes: (b"a.b",),
    cbor2.CBORTag: (cbor2.CBORTag(99, "a.b"),),
}
TYPED: list[tuple[list[Any], tuple[Any, ...], type]] = [
    # A message that is right; the place in it; the type that must stand there.
    ([1, "realm1", {"roles": ROLES}], (1,), str),
    ([1, "realm1", {"roles": ROLES}], (2,), dict),
    ([1, "realm1", {"roles": ROLES}], (2, "roles"), dict),
    ([1, "realm1", {"roles": ROLES}], (2, "roles", "callee"), dict),
    ([1, "realm1", {"roles": ROLES}], (2, "roles", "callee", "features"), dict),
    ([1, "realm1", {"roles": ROLES}], (2, "roles", "callee", "features", "call_canceling"), bool),
    ([1, "realm1", {"roles": ROLES, "authid": "a"}], (2, "authid"), str),
    ([1, "realm1", {"roles": ROLES, "authextra": {}}], (2, "authextra"), dict),
    ([1, "realm1", {"roles": ROLES, "authmethods": []}], (2, "authmethods"), list),
    ([1, "realm1", {"roles": ROLES, "authmethods": ["ticket"]}], (2, "authmethods", 0), str),
    *[
        ([kind, {}, "a.b"], (place,), wanted)
        for kind in (3, 6)
        for place, wanted in ((1, dict), (2, str))
    ],
    ([3, {}, "a.b", [], {}], (3,), list),
    ([3, {}, "a.b", [], {}], (4,), dict),
    ([5, "signature", {}], (1,), str),
    ([5, "signature", {}], (2,), dict),
    *[
        ([8, 68, 1, {}, "a.b", [], {}], (place,), wanted)
        for place, wanted in ((2, int), (3, dict), (4, str), (5, list), (6, dict))
    ],
    *[
        ([kind, 1, {}, "a.b", [], {}], (place,), wanted)
        for kind in (16, 48)
        for place, wanted in ((1, int), (2, dict), (3, str), (4, list), (5, dict))
    ],
    *[
        ([16, 1, {name: True}, "a.b"], (2, name), bool)
        for name in ("acknowledge", "exclude_me", "disclose_me", "retain")
    ],
    *[
        ([16, 1, {name: [value]}, "a.b"], place, wanted)
        for names, value in (
            (("exclude", "eligible"), 1),
            (("exclude_authid", "exclude_authrole", "eligible_authid", "eligible_authrole"), "a"),
        )
        for name in names
        for place, wanted in (((2, name), list), ((2, name, 0), type(value)))
    ],
    *[
        ([48, 1, {name: True}, "a.b"], (2, name), bool)
        for name in ("receive_progress", "disclose_me", "progress")
    ],
    ([48, 1, {"timeout": 5}, "a.b"], (2, "timeout"), int),
    *[
        ([kind, 1, {}, "a.b"], (place,), wanted)
        for kind in (32, 64)
        for place, wanted in ((1, int), (2, dict), (3, str))
    ],
    ([32, 1, {"match": "prefix"}, "a.b"], (2, "match"), str),
    ([32, 1, {"get_retained": True}, "a.b"], (2, "get_retained"), bool),
    ([64, 1, {"match": "prefix"}, "a.b"], (2, "match"), str),
    ([64, 1, {"invoke": "first"}, "a.b"], (2, "invoke"), str),
    ([64, 1, {"disclose_caller": True}, "a.b"], (2, "disclose_caller"), bool),
    *[
        ([kind, 1, 2, {}], (place,), wanted)
        for kind in (34, 66)
        for place, wanted in ((1, int), (2, int), (3, dict))
    ],
    ([49, 1, {"mode": "skip"}], (1,), int),
    ([49, 1, {"mode": "skip"}], (2,), dict),
    ([49, 1, {"mode": "skip"}], (2, "mode"), str),
    *[
        ([70, 1, {"progress": True}, [], {}], place, wanted)
        for place, wanted in (
            *(((1,), int), ((2,), dict), ((3,), list), ((4,), dict)),
            ((2, "progress"), bool),
        )
    ],
]


@pytest.mark.parametrize(("message", "place", "wanted"), TYPED)
def test_a_wrong_type_anywhere_breaks_the_protocol(
    message: list[Any], place: tuple[Any, ...], wanted: type
) -> None:
    """Each place of each message, with a value of every other type that a serializer can make."""
    assert not isinstance(parse(message), requests.Refused)
    for kind, values in SAMPLES.items():
        for value in values if kind is not wanted else ():
            wrong = copy.deepcopy(message)
            inner: Any = wrong
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            with pytest.raises(ProtocolViolationError) as caught:
                parse(wrong)
            assert caught.value.uri == "wamp.error.protocol_violation", (wrong, caught.value)


@pytest.mark.parametrize(("message", "place", "wanted"), TYPED)
@pytest.mark.parametrize("absence", [None, cbor2.undefined])
def test_an_option_that_is_null_was_left_out(
    message: list[Any], place: tuple[Any, ...], wanted: type, absence: object
) -> None:
    """So wampy's binary serializers write it; what has a place of its own cannot be."""
    left_out = copy.deepcopy(message)
    inner: Any = left_out
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = absence
    may_be_absent = wanted in {dict, list} or type(place[-1]) is str
    if message[0] == 1 and place[-1] in {2, "roles"}:
        may_be_absent = False  # HELLO announces a role
    if may_be_absent:
        assert not isinstance(parse(left_out), requests.Refused)
    else:
        assert read(left_out) is None


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1.5, "1", True, None, [1]])
def test_what_is_no_integer_is_no_id(number: object) -> None:
    """Not a number, infinite, broken, or of another type."""
    with pytest.raises(ProtocolViolationError):
        parse([32, number, {}, "a"])
