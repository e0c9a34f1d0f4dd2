# SPDX-License-Identifier: MIT
"""What a peer announced in its HELLO, as broker and dealer ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from wsecho.router.wire.requests import Hello


class Peer:
    """The features of a client.

    Attributes:
        callee: all that it announced as a callee.
        can_be_interrupted: whether INTERRUPT means anything to it as a callee.
        can_be_revoked: whether it understands that a registration of its is over.
        yields_progress: whether it is told as a callee that progressive results are welcome. The
            specification wants `call_canceling` beside it, which AutobahnJS does not announce.
        takes_progressive: whether one call may come to it in several INVOCATIONs.
        sends_progressive: whether it may make one call by several CALLs.
        wants_stamps: whether events that have stamps come to it with these.
    """

    __slots__ = (
        "callee",
        "can_be_interrupted",
        "can_be_revoked",
        "sends_progressive",
        "takes_progressive",
        "wants_stamps",
        "yields_progress",
    )

    def __init__(
        self,
        callee: frozenset[str] = frozenset(),
        caller: frozenset[str] = frozenset(),
        *,
        wants_stamps: bool = False,
    ) -> None:
        self.callee = callee
        self.can_be_interrupted = "call_canceling" in callee
        self.can_be_revoked = "registration_revocation" in callee
        self.yields_progress = "progressive_call_results" in callee
        self.takes_progressive = (
            self.can_be_interrupted and "progressive_call_invocations" in callee
        )
        self.sends_progressive = "progressive_call_invocations" in caller
        self.wants_stamps = wants_stamps

    @classmethod
    def of(cls, hello: Hello) -> Self:
        """What a HELLO announced."""
        nothing: frozenset[str] = frozenset()
        return cls(
            hello.features.get("callee", nothing),
            hello.features.get("caller", nothing),
            wants_stamps=(hello.authextra or {}).get("stamps") is True,
        )
