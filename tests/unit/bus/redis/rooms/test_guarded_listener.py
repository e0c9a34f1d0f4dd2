# SPDX-License-Identifier: MIT
"""What fails at the doors keeps nothing from the others."""

from typing import Any

from attrs import define, field
from twisted.logger import capturedLogs

from wsecho.bus.redis.rooms.guarded_listener import GuardedListener


@define(eq=False)
class Doors:
    """Notes what it is told, and fails."""

    told: list[tuple[Any, ...]] = field(factory=list)

    def __getattr__(self, name: str) -> Any:
        def fail(*words: Any) -> None:
            self.told.append((name, *words))
            raise ValueError(name)

        return fail


def test_all_is_handed_on_and_each_fault_is_logged() -> None:
    """Nothing of it comes back."""
    doors = Doors()
    guarded: Any = GuardedListener(doors)
    calls: list[tuple[Any, ...]] = [
        *(("on_publication", "a", 1, 2), ("renew", "a", 1)),
        *(("skip", "a", "e", 1, 2), ("announce", "a", 1, 2)),
    ]
    with capturedLogs() as events:
        for name, *words in calls:
            getattr(guarded, name)(*words)
    assert doors.told == calls
    assert [event["log_format"] for event in events] == ["a door failed to take what came"] * 4
