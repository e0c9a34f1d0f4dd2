# SPDX-License-Identifier: MIT
"""Which rooms somebody is in: one is occupied at once, and vacated after a while without anybody.

The two alternate: whoever comes back within that while makes neither.
"""

from typing import Final

from attrs import define, field

VACANCY: Final = 2.0
"""Seconds that a room is without anybody before it is vacated."""


@define(eq=False)
class Occupancy:
    """The rooms of one process."""

    _inside: dict[str, set[str]] = field(factory=dict, init=False)
    # In the order of their time: the wait is the same for all.
    _vacating: dict[str, float] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._inside)

    def enter(self, room: str, member: str) -> bool:
        """Note that somebody is in a room; tell whether that is occupied by it."""
        self._vacating.pop(room, None)
        members = self._inside.get(room)
        if members is None:
            self._inside[room] = {member}
            return True
        members.add(member)
        return False

    def leave(self, room: str, member: str, now: float) -> None:
        """Note that somebody is in a room no more; it is no harm if he was not."""
        members = self._inside.get(room)
        if members is not None and member in members:
            members.remove(member)
            if not members:
                self._vacating[room] = now + VACANCY

    def vacate(self, now: float) -> list[str]:
        """Return the rooms that are vacated by now, each once."""
        due = []
        for room, until in self._vacating.items():
            if until > now:
                break
            due.append(room)
        for room in due:
            del self._vacating[room], self._inside[room]
        return due
