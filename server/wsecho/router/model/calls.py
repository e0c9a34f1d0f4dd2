# SPDX-License-Identifier: MIT
"""A call under way, and the states it goes through."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import define, field

if TYPE_CHECKING:
    from wsecho.router.model.peer import Peer
    from wsecho.router.model.ports import Timer
    from wsecho.router.wire import requests
    from wsecho.router.wire.outgoing import OutgoingMessage


class CallOrigin(Protocol):
    """Whom RESULT and ERROR go to: a session, or the node that has it."""

    @property
    def calls(self) -> dict[int, OngoingCall]:
        """Those under way, by CALL.Request or the node's number."""

    @property
    def spent(self) -> SpentCalls:
        """Those that ended before all was sent."""

    def send(self, msg: OutgoingMessage) -> None:
        """Send RESULT or ERROR.

        Raises:
            CannotCarryError: there is no form for it on that way.
        """


class Invoked(Protocol):
    """Whom INVOCATION goes to: a session, or one on another node."""

    @property
    def peer(self) -> Peer:
        """What it announced."""

    @property
    def invocations(self) -> dict[int, OngoingCall]:
        """The calls under way, by INVOCATION.Request."""

    def send(self, msg: OutgoingMessage) -> None:
        """Send INVOCATION or INTERRUPT.

        Raises:
            CannotCarryError: there is no form for it on that way.
        """

    def next_invocation(self) -> int:
        """The next INVOCATION.Request."""


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
class OngoingCall:
    """A CALL that has no final answer yet.

    Attributes:
        caller: whose call it is.
        request: CALL.Request.
        callee: who was invoked; None where the procedure is the router's own, or while the call
            is postponed.
        invocation: INVOCATION.Request.
        registration: INVOCATION.Registration.
        details: INVOCATION.Details, fixed by the first CALL.
        receive_progress: whether progressive results are passed on.
        timeout: milliseconds until the first result and between results, 0 for none.
        timer: running while there is a timeout.
        state: see `CallState`.
        postponed: the CALLs of it that came while other nodes are asked who is to be invoked; None
            where nobody is asked.
        is_ready: whether they have answered; with what `turn`.
    """

    caller: CallOrigin
    request: int
    callee: Invoked | None = None
    invocation: int = 0
    registration: int = 0
    details: dict[str, Any] = field(factory=dict)
    receive_progress: bool = False
    timeout: int = 0
    timer: Timer | None = None
    state: CallState = CallState.OPEN
    postponed: list[requests.Call] | None = None
    is_ready: bool = False
    turn: int | None = None


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
