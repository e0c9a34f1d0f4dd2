# SPDX-License-Identifier: MIT
"""A call under way, and the states it goes through."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

if TYPE_CHECKING:
    from wsecho.router.seams import Timer
    from wsecho.router.session import Session


class CallState(Enum):
    """Where a call stands.

    ```
    UPLOADING ──last CALL──▶ OPEN ──CANCEL (kill)──▶ KILLING
        └────────────┬─────────┴─────────────────────────┘
                     ▼  RESULT or ERROR is sent, or the caller is gone
                   ENDED
    ```
    """

    UPLOADING = "uploading"  # progressive call invocations: more CALLs are to come
    OPEN = "open"
    KILLING = "killing"  # INTERRUPT was sent, the callee's word is waited for
    ENDED = "ended"


@define(eq=False)
class Call:
    """A CALL that has no final answer yet.

    Attributes:
        caller: whose call it is.
        request: CALL.Request.
        callee: who was invoked; None where the procedure is the router's own.
        invocation: INVOCATION.Request.
        registration: INVOCATION.Registration.
        details: INVOCATION.Details, fixed by the first CALL.
        receive_progress: whether progressive results are passed on.
        timeout: milliseconds until the first result and between results, 0 for none.
        timer: running while there is a timeout.
        state: see `CallState`.
    """

    caller: Session
    request: int
    callee: Session | None = None
    invocation: int = 0
    registration: int = 0
    details: dict[str, Any] = field(factory=dict)
    receive_progress: bool = False
    timeout: int = 0
    timer: Timer | None = None
    state: CallState = CallState.OPEN


class SpentCalls:
    """Progressive calls of one caller that ended before their last CALL.

    The caller may not know yet and send on: what comes under such an id is ignored, and must not
    count as a request id that was used twice.
    """

    LIMIT: Final = 1024

    def __init__(self) -> None:
        self._ids: dict[int, None] = {}

    def add(self, request: int) -> None:
        """Remember one; beyond `LIMIT` the oldest is forgotten."""
        self._ids[request] = None
        if len(self._ids) > self.LIMIT:
            del self._ids[next(iter(self._ids))]

    def ends(self, request: int, *, more: bool) -> bool:
        """Whether a CALL belongs to one of them; without `more` to come, that one is done with."""
        if request not in self._ids:
            return False
        if not more:
            del self._ids[request]
        return True
