# SPDX-License-Identifier: MIT
"""The arguments of the router's own procedures."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from wsecho.router import ProcedureCall, WampError
from wsecho.router.meta.arguments import (
    as_arguments,
    keyword,
    positional,
    reason_uri,
    strings,
    typed,
)
from wsecho.router.wire.errors import ProtocolViolationError

KINDS: dict[type, Any] = {str: "x", list: [1], dict: {"k": 1}, bool: True, int: 5}


def called(*args: Any, **kwargs: Any) -> ProcedureCall:
    """A call with these."""
    return ProcedureCall(None, "wamp.x", list(args), kwargs)  # type: ignore[arg-type]


def refused(call: Any, *args: Any, **kwargs: Any) -> WampError:
    """Why a call of ours fails."""
    with pytest.raises(WampError) as error:
        call(*args, **kwargs)
    return error.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_only_the_type_itself_will_do(kind: type, other: type) -> None:
    """A boolean is no integer, and nothing is converted."""
    value = KINDS[other]
    if kind is other:
        assert typed(value, kind, "it") == value
    else:
        error = refused(typed, value, kind, "it")
        assert error.uri == "wamp.error.invalid_argument"
        assert (error.reason or "").startswith("it must be ")


def test_a_whole_float_is_an_integer() -> None:
    """JavaScript's serializers write it so ("Messages"); a broken one is none."""
    assert typed(5.0, int, "it") == 5
    assert type(typed(5.0, int, "it")) is int
    refused(typed, 5.5, int, "it")


@pytest.mark.parametrize("nothing", [None, cbor2.undefined])
def test_null_stands_for_what_was_left_out(nothing: object) -> None:
    """It is missing where it is required, and the default where it is not."""
    for call in (called(nothing), called()):
        assert positional(call, 0, list, "list", default=[]) == []
        assert refused(positional, call, 0, list, "list").reason == "argument 1, list, is missing"
    assert keyword(called(scope=nothing), "scope", str, default="a") == "a"
    assert keyword(called(), "scope", str) is None


def test_each_argument_is_named_where_it_is_wrong() -> None:
    """By its place and its name, for whoever calls from a language of another kind."""
    assert refused(positional, called(1), 1, str, "topic").reason == "argument 2, topic, is missing"
    assert refused(positional, called(1), 0, str, "topic").reason == "topic must be a string"
    assert refused(keyword, called(scope=1), "scope", str).reason == "scope must be a string"
    assert refused(strings, ["a", 1], "roles").reason == "roles must be a list of strings"
    assert strings(["a", "b"], "roles") == ["a", "b"]


def test_a_call_breaks_no_protocol_by_what_it_asks_for() -> None:
    """The options of a message are arguments here; what is refused anyway stays as it is."""
    with pytest.raises(WampError) as error, as_arguments():
        raise ProtocolViolationError("option match must be a string")
    assert error.value.uri == "wamp.error.invalid_argument"
    assert error.value.reason == "option match must be a string"
    with pytest.raises(WampError) as kept, as_arguments():
        raise WampError("a.b")
    assert kept.value.uri == "a.b"


def test_a_uri_must_be_one() -> None:
    """`wamp.error.invalid_uri` ("URIs")."""
    assert reason_uri("a.b", "reason") == "a.b"
    error = refused(reason_uri, "a..b", "reason")
    assert (error.uri, error.reason) == ("wamp.error.invalid_uri", "reason is not a valid URI")
