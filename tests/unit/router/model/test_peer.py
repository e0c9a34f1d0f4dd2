# SPDX-License-Identifier: MIT
"""What a HELLO's features mean to the dealer ("Feature Announcement")."""

from __future__ import annotations

import pytest

from wsecho.router.model.peer import Peer
from wsecho.router.wire.requests import Hello

ALL = ("can_be_interrupted", "can_be_revoked", "takes_progressive", "yields_progress")


@pytest.mark.parametrize(
    ("features", "able"),
    [
        (set(), set()),
        ({"call_canceling"}, {"can_be_interrupted"}),
        ({"registration_revocation"}, {"can_be_revoked"}),
        # The specification wants `call_canceling` beside it, which AutobahnJS does not announce.
        ({"progressive_call_results"}, {"yields_progress"}),
        # Nobody could end a call that comes in pieces ("Progressive Call Invocations").
        ({"progressive_call_invocations"}, set()),
        (
            {"progressive_call_invocations", "call_canceling"},
            {"can_be_interrupted", "takes_progressive"},
        ),
        ({"call_timeout", "shared_registration"}, set()),
    ],
)
def test_what_a_callee_is_able_to(features: set[str], able: set[str]) -> None:
    """Only that."""
    peer = Peer(frozenset(features))
    assert {name for name in ALL if getattr(peer, name)} == able
    assert not peer.sends_progressive


def test_a_role_has_its_own_features() -> None:
    """What a callee announces says nothing of the same session as a caller."""
    both = frozenset({"progressive_call_invocations", "call_canceling"})
    caller = Peer.of(Hello("realm1", {"caller": both}))
    assert caller.sends_progressive
    assert not caller.takes_progressive
    callee = Peer.of(Hello("realm1", {"callee": both, "publisher": frozenset()}))
    assert callee.takes_progressive
    assert not callee.sends_progressive
    assert callee.callee == both
