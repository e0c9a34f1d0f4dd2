# SPDX-License-Identifier: MIT
"""Speaking into rooms from any door, so that everybody hears one order."""

import secrets
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol

from wsecho.core.history import Message
from wsecho.core.retries import Receipt
from wsecho.core.rooms import Delivery, Hub, Rules, Said

# An id must not repeat by chance, nobody has to be kept from guessing it.
_IDS: Final = Random()  # noqa: S311


class RoomMember(Protocol):
    """A member of a room, whatever door it came through."""

    @property
    def wants_own(self) -> bool:
        """Whether it gets back what it said itself."""

    def deliver(self, message: Message) -> None:
        """Send it a message of the room."""


class Listener(Protocol):
    """Hears every message of every room, after its members."""

    def heard(self, room: str, message: Message, origin: Any) -> None:
        """Take one message; `origin` is what `Rooms.publish` was given."""


class Rooms:
    """The rooms, with their deliveries in order.

    Delivering may have somebody speak in turn (a WAMP session that ends leaves its testament).
    What is said then waits until the message before has reached everyone.

    Args:
        rules: what rooms keep.
        seconds: the clock, Unix time.
    """

    def __init__(self, rules: Rules, seconds: Callable[[], float]) -> None:
        self.hub: Hub[RoomMember] = Hub(rules, lambda: secrets.token_urlsafe(9))
        self.seconds = seconds
        self.listeners: list[Listener] = []
        self._waiting: deque[tuple[str, Delivery[RoomMember], Any]] = deque()
        self._delivering = False

    def join(self, room: str, member: RoomMember) -> None:
        """Take a member into a room."""
        self.hub.join(room, member, self.seconds())

    def leave(self, room: str, member: RoomMember) -> None:
        """Let a member leave a room; twice is no harm."""
        self.hub.leave(room, member, self.seconds())

    def publish(
        self,
        room: str,
        payload: bytes,
        *,
        is_binary: bool,
        sender: RoomMember | None = None,
        key: str | None = None,
        caller: str = "",
        publication: int | None = None,
        origin: Any = None,
    ) -> Receipt:
        """Say something in a room.

        Args:
            room: its name, checked.
            payload: UTF-8 where it is text.
            is_binary: whether it is binary.
            sender: the member that speaks, where a member does.
            key: makes a retry safe.
            caller: whose key it is.
            publication: the WAMP publication id, where there is one already.
            origin: handed on to the listeners.

        Raises:
            KeyReusedError: something else was said under the key.
        """
        said = Said(payload, is_binary, publication or draw_publication(), key, caller)
        delivery = self.hub.publish(room, said, sender, self.seconds())
        if delivery.message is not None:
            self._waiting.append((room, delivery, origin))
            self._deliver()
        return delivery.receipt

    def sweep(self) -> None:
        """Let go of what is too old."""
        self.hub.sweep(self.seconds())

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                room, delivery, origin = self._waiting.popleft()
                message = delivery.message
                assert message is not None  # noqa: S101  # only such ones wait
                for member in delivery.audience:
                    member.deliver(message)
                for listener in self.listeners:
                    listener.heard(room, message, origin)
        finally:
            self._delivering = False


def draw_publication() -> int:
    """Draw a WAMP id of global scope: 1 to 2**53, at random (WAMP, "IDs")."""
    return _IDS.randint(1, 1 << 53)
