# SPDX-License-Identifier: MIT
"""The bus of a server that is one process: every room is current here, and all is known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.bus.one_process import OneProcessBus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wsecho.bus.interface import BusListener
    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.core.rooms.hub import Hub
    from wsecho.core.rooms.retries import Keyed, Receipt
    from wsecho.core.rooms.room import PublishRequest
    from wsecho.core.rooms.wills import Will
    from wsecho.core.wire.positions import Position


class MemoryBus(OneProcessBus):
    """Rooms in this process alone.

    Args:
        hub: the rooms.
        listener: delivers.
        now: seconds, by which ages and waits are measured.
    """

    def __init__(self, hub: Hub[Any], listener: BusListener, now: Callable[[], float]) -> None:
        super().__init__(hub, listener, now)
        self._wills: set[tuple[str, str]] = set()

    is_up: Final = True
    keeps: Final = False
    pressure: Backpressure | None = None

    def start(self) -> None:
        """There is nothing to begin."""

    def stop(self) -> None:
        """There is nothing to let go of."""

    def check_health(self) -> None:
        """Nothing can keep a message from its readers."""

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say something to oneself."""
        self._pass_on(subject, payload)

    def broadcast_logged(
        self, subject: str, payload: bytes, keep: str | None = None, will: Will | None = None
    ) -> bool:
        """Say something to oneself, but what was taken back."""
        if will is not None and self.is_spent(subject, will):
            return False
        if will is not None:
            self.spend(subject, will)
        if keep is not None:
            self.keep(subject, keep, payload)
        self.broadcast(subject, payload)
        return True

    def bequeath(self, subject: str, name: str, payload: bytes) -> None:
        """Nobody is there when this process is not."""
        self._wills.add((subject, name))

    def revoke(self, subject: str, names: Sequence[str]) -> None:
        """Take wills back."""
        self._wills.difference_update((subject, name) for name in names)

    def inherit(self, subject: str, heir: Callable[[Will, bytes], object]) -> None:
        """There is no node but this one."""

    def is_spent(self, subject: str, will: Will) -> bool:
        """Tell whether a will was carried out, or taken back."""
        return (subject, will.name) not in self._wills

    def spend(self, subject: str, will: Will) -> None:
        """Note that a will was carried out."""
        self.revoke(subject, [will.name])

    def announce(self, subject: str, payload: bytes) -> None:
        """Say something to oneself."""
        self.broadcast(subject, payload)

    def send_to(self, node: str, subject: str, payload: bytes) -> bool:
        """Say something to oneself; there is nobody else."""
        if node != self.node or subject not in self._listeners:
            return False
        self.broadcast(subject, payload)
        return True

    def catch_up(self) -> None:
        """All is heard at once."""

    def keep(self, subject: str, name: str, payload: bytes) -> None:
        """Keep something of a subject under a name."""
        self._kept[subject][name] = payload

    def drop(self, subject: str, names: Sequence[str]) -> None:
        """Keep it no longer."""
        for name in names:
            self._kept[subject].pop(name, None)

    def attach(self, room: str, after: Position | None = None) -> None:
        """There is nothing to wait for."""
        self._hub.let_go_of_stale(room, self._now())

    def publish(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Receipt:
        """Say something in a room.

        Raises:
            KeyReusedError: something else was said under the key.
            OverLimit: there are too many rooms.
        """
        now = self._now()
        self._hub.let_go_of_stale(room, now)
        delivery = self._hub.publish(room, said, sender, now)
        if delivery.message is not None:
            self._deliver(room, delivery, origin)
        return delivery.receipt

    def recall(self, room: str, said: PublishRequest, keyed: Keyed) -> Receipt | None:
        """Return the receipt of what was said before under the same key, or None.

        Raises:
            KeyReusedError: something else was said under it.
        """
        return self._hub.recall(room, said, keyed, self._now())

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> dict[str, Receipt]:
        """Say the same in some rooms.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms, or keys of whoever says it.
        """
        self._hub.check_all(said, self._now())
        return {room: self.publish(room, one, None, None) for room, one in said.items()}
