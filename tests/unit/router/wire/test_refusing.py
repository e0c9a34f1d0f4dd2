# SPDX-License-Identifier: MIT
"""What becomes of each message that is refused for what its sender did, or for what it holds."""

from __future__ import annotations

import pytest

from wsecho.router.wire import errors, requests
from wsecho.router.wire.errors import ProtocolViolationError, UnfitError, WampError
from wsecho.router.wire.refusing import refusal_message
from wsecho.router.wire.requests import Refused, Request

TOO_FAST = WampError(errors.OVER_RATE, "too fast")
UNFIT = UnfitError("half a pair")
ASKING: list[tuple[Request, dict[str, bool]]] = [
    (requests.Publish(1, "a", None, None), {"silent": True}),
    (requests.Publish(1, "a", None, None, acknowledge=True), {}),
    (requests.Subscribe(1, "a"), {}),
    (requests.Unsubscribe(1, 2), {}),
    (requests.Call(1, "a", None, None), {}),
    (requests.Call(1, "a", None, None, progress=True), {"progress": True}),
    (requests.Register(1, "a"), {}),
    (requests.Unregister(1, 2), {}),
]
OPENING: list[Request] = [requests.Hello("realm1", {}), requests.Authenticate("x", {})]
LET_PASS: list[Request] = [
    requests.Abort("a.b"),
    requests.Goodbye("a.b"),
    requests.Cancel(1),
    Refused(48, 1, "a.b", "why"),
]


@pytest.mark.parametrize(("request_", "marks"), ASKING)
@pytest.mark.parametrize("error", [TOO_FAST, UNFIT, WampError("a.b")])
def test_what_asks_for_something_is_refused(
    request_: Request, marks: dict[str, bool], error: WampError
) -> None:
    """Under its own id, so that the next id is the next one; in silence where nobody waits."""
    expected = Refused(request_.TYPE, 1, error.uri, error.reason or "", **marks)
    assert refusal_message(request_, error) == expected


@pytest.mark.parametrize("request_", [*OPENING, *LET_PASS, requests.Yield(1, [1], None)])
def test_what_ends_or_answers_something_is_let_pass(request_: Request) -> None:
    """However fast it came: somebody waits for it, or goes."""
    assert refusal_message(request_, TOO_FAST) is request_


@pytest.mark.parametrize("request_", OPENING)
def test_a_session_is_not_opened_by_what_is_unfit(request_: Request) -> None:
    """There is no request to be refused alone."""
    with pytest.raises(ProtocolViolationError) as violation:
        refusal_message(request_, UNFIT)
    assert (violation.value.uri, violation.value.reason) == (UNFIT.uri, "half a pair")


@pytest.mark.parametrize("request_", LET_PASS)
def test_what_has_no_payload_is_not_unfit(request_: Request) -> None:
    """Whatever else stands in it is looked at by nobody."""
    assert refusal_message(request_, UNFIT) is request_


def test_a_caller_learns_that_the_answer_could_not_be_had() -> None:
    """A YIELD becomes the callee's ERROR; an ERROR keeps its URI and loses its payload."""
    answered = refusal_message(requests.Yield(7, ["\ud800"], {"k": 1}, progress=True), UNFIT)
    assert answered == requests.Error(7, errors.INVALID_PAYLOAD, ["half a pair"], None)
    failed = refusal_message(requests.Error(7, "com.bad", ["\ud800"], {"k": 1}), UNFIT)
    assert failed == requests.Error(7, "com.bad", None, None)
