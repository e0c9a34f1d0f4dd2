# SPDX-License-Identifier: MIT
"""Which rooms have which policy for slow readers."""

from wsecho.core.limits.slowness import SlowRule, SlowRules


def test_the_first_rule_that_matches_counts() -> None:
    """And where none does, slow readers are closed."""
    rules = SlowRules((SlowRule("prices.*", "latest"), SlowRule("p*", "skip")))
    assert [rules.of(room) for room in ("prices.gold", "prices", "chat")] == [
        "latest",
        "skip",
        "close",
    ]
