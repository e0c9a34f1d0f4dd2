# SPDX-License-Identifier: MIT
"""What goes wrong, with the URI that WAMP has for it."""

from __future__ import annotations

import pytest

from wsecho.router.wire import errors
from wsecho.router.wire.errors import (
    CannotCarryError,
    ProtocolViolationError,
    RouterError,
    TakenError,
    UnfitError,
    WampError,
)
from wsecho.router.wire.uris import is_uri


def test_every_uri_is_one() -> None:
    """Those of the specification's two lists, Autobahn's and our own."""
    uris = [value for name, value in vars(errors).items() if name.isupper()]
    assert len(uris) > 25
    assert all(is_uri(uri) for uri in uris)
    assert all(uri.split(".")[:2] == ["wamp", "error"] for uri in uris if ".error." in uri[:11])


def test_an_error_carries_its_reason_or_a_payload() -> None:
    """The reason is what people read, so it is the argument where there is no other."""
    assert WampError("a.b").payload == []
    assert WampError("a.b", "why").payload == ["why"]
    told = WampError("a.b", "why", args=[1], kwargs={"k": 2})
    assert (told.payload, told.kwargs, told.reason) == ([1], {"k": 2}, "why")
    assert WampError("a.b", "why", args=[]).payload == []


@pytest.mark.parametrize(
    ("rule", "asked", "uri"),
    [
        ("single", "single", errors.PROCEDURE_ALREADY_EXISTS),
        ("single", "first", errors.PROCEDURE_ALREADY_EXISTS),
        ("first", "single", errors.POLICY_CONFLICT),
        ("first", "first", errors.PROCEDURE_ALREADY_EXISTS),
        ("first", "last", errors.POLICY_CONFLICT),
    ],
)
def test_what_is_taken_says_by_which_policy(rule: str, asked: str, uri: str) -> None:
    """Those who ask by another policy learn which one there is ("Shared Registration")."""
    taken = TakenError(rule, asked)
    assert taken.uri == uri
    assert (rule in (taken.reason or "")) is (uri == errors.POLICY_CONFLICT)


def test_whose_fault_it_is_can_be_told() -> None:
    """One request, the session, or the transport's form; all of them are on purpose."""
    assert UnfitError("why").uri == errors.INVALID_ARGUMENT
    assert ProtocolViolationError("why").uri == errors.PROTOCOL_VIOLATION
    assert CannotCarryError().uri == errors.INVALID_PAYLOAD
    assert CannotCarryError(errors.PAYLOAD_SIZE_EXCEEDED).uri == errors.PAYLOAD_SIZE_EXCEEDED
    for kind in (WampError, ProtocolViolationError, CannotCarryError):
        assert issubclass(kind, RouterError)
    assert not issubclass(ProtocolViolationError, WampError)
