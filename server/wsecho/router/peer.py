# SPDX-License-Identifier: MIT
"""What a peer announced in its HELLO, as the dealer asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsecho.router.requests import Hello


class Peer:
    """The features of a client.

    Attributes:
        can_be_interrupted: whether INTERRUPT means anything to it as a callee.
        yields_progress: whether it is told as a callee that progressive results are welcome. The
            specification wants `call_canceling` beside it, which AutobahnJS does not announce.
        takes_progressive: whether one call may come to it in several INVOCATIONs.
        sends_progressive: whether it may make one call by several CALLs.
    """

    __slots__ = ("can_be_interrupted", "sends_progressive", "takes_progressive", "yields_progress")

    def __init__(self, hello: Hello | None = None) -> None:
        features = hello.features if hello is not None else {}
        callee = features.get("callee", frozenset())
        caller = features.get("caller", frozenset())
        self.can_be_interrupted = "call_canceling" in callee
        self.yields_progress = "progressive_call_results" in callee
        self.takes_progressive = (
            self.can_be_interrupted and "progressive_call_invocations" in callee
        )
        self.sends_progressive = "progressive_call_invocations" in caller
