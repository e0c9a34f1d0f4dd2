# SPDX-License-Identifier: MIT
"""What becomes of a reader that reads too slowly, by room (`--slow`)."""

from fnmatch import fnmatchcase
from typing import Final, Literal, get_args

from attrs import frozen

SlowPolicy = Literal["close", "skip", "latest"]
"""Close it with 1013, skip its oldest messages, or keep only the newest for it."""

POLICIES: Final[tuple[SlowPolicy, ...]] = get_args(SlowPolicy)


@frozen
class SlowRule:
    """The policy of the rooms that a glob matches."""

    glob: str
    policy: SlowPolicy


@frozen
class SlowRules:
    """The policies of all rooms.

    Args:
        rules: the first that matches counts; a room that none matches has `close`.
    """

    rules: tuple[SlowRule, ...] = ()

    def of(self, room: str) -> SlowPolicy:
        """Return a room's policy."""
        for rule in self.rules:
            if fnmatchcase(room, rule.glob):
                return rule.policy
        return "close"
