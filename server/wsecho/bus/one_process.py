# SPDX-License-Identifier: MIT
"""What all buses of one process have in common: there is no node but this one."""

from __future__ import annotations

import secrets
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from wsecho.bus.memory_events import MemoryEvents
from wsecho.core.rooms.leases import LeaseTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wsecho.bus.interface import BusListener, Directory, EventSource
    from wsecho.core.rooms.hub import Hub
    from wsecho.core.rooms.leases import Claim
    from wsecho.core.rooms.presence import Card, Change
    from wsecho.core.rooms.room import Delivery


class OneProcessBus:
    """Rooms whose members are all in this process.

    Args:
        hub: the rooms.
        listener: delivers.
        now: seconds, by which ages and waits are measured.
    """

    def __init__(self, hub: Hub[Any], listener: BusListener, now: Callable[[], float]) -> None:
        self._hub = hub
        self._listener = listener
        self._now = now
        self._listeners: dict[str, Callable[[bytes], None]] = {}
        self._kept: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._claims = LeaseTable()
        self._events: MemoryEvents | None = None
        self.node = secrets.token_urlsafe(9)

    measures: Final = None
    is_away: bool = False
    speaks_locally: Final = True
    node_ttl: Final = 0.0
    directory: Directory | None = None

    def __len__(self) -> int:
        """Count nothing: all rooms are here."""
        return 0

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what this process says on a subject."""
        self._listeners[subject] = heard

    def claim(self, claim: Claim, lost: Callable[[], None]) -> int:
        """Hold a place.

        Raises:
            HeldError: others hold it alone, or under another rule.
        """
        return self._claims.claim(claim)

    def cede(self, place: str, holder: str, node: str | None = None) -> None:
        """Take a claim back."""
        if node in {None, self.node}:
            self._claims.cede(place, holder)

    def take_turn(self, place: str) -> int:
        """Count up from 0 at a place, while it is held."""
        return self._claims.take_turn(place)

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """There is no node but this one, for ever."""
        changed(frozenset({self.node}))

    def open_events(self, listeners: Sequence[str], source: EventSource) -> MemoryEvents:
        """Have what happens wait for those who are told."""
        self._events = MemoryEvents(listeners, source, self._now)
        return self._events

    def hold(self, room: str) -> None:
        """All rooms are heard of."""

    def release(self, room: str) -> None:
        """All rooms are heard of."""

    def follow_rooms(self, *, all_rooms: bool) -> None:
        """All rooms are heard of."""

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room that somebody came or went."""
        self._listener.announce(room, change, but)

    def members(self, room: str) -> list[Card]:
        """List who is in a room, who came first first; asking is a use.

        Raises:
            OverLimit: there are too many rooms.
        """
        return list(self._hub.use(room, self._now()).presence)

    def counts(self) -> dict[str, int]:
        """Count the members that others see, by room."""
        return {room.name: len(room.presence) for room in self._hub.rooms()}

    def kept(self, subject: str) -> dict[str, bytes]:
        """Read what is kept of a subject."""
        return dict(self._kept[subject])

    def _deliver(self, room: str, delivery: Delivery[Any], origin: Any) -> None:
        """Take to everybody what was said, which is no repetition."""
        if self._events is not None and delivery.message is not None:
            self._events.on_message(room, delivery.message)
        self._listener.on_publication(room, delivery, origin)

    def _pass_on(self, subject: str, payload: bytes) -> None:
        if subject in self._listeners:
            self._listeners[subject](payload)
