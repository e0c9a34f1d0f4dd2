# SPDX-License-Identifier: MIT
"""What the router asks of those who bring it peers and time: a transport, a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.model.access import TransportDetails
    from wsecho.router.model.states import Ending
    from wsecho.router.wire.outgoing import OutgoingMessage


class Transport(Protocol):
    """One peer's way to us, as the router sees it."""

    @property
    def details(self) -> TransportDetails:
        """What is known of the peer."""

    def send(self, message: OutgoingMessage) -> None:
        """Send one message; never blocks.

        The same object is handed to every receiver of an event on one subscription, so
        `message.serialize(serializer)` is worked out once for each serializer object.

        Raises:
            CannotCarryError: this peer's serializer or size limit cannot take the message.
        """

    def pause(self) -> None:
        """Read no more from the peer until `resume`; what was read already may still come."""

    def resume(self) -> None:
        """Read again; the session may be over by now, but is not lost."""

    def close(self, ending: Ending) -> None:
        """The session is over: send out what waits, then close. Called once at most."""


class Timer(Protocol):
    """A call that was scheduled."""

    def cancel(self) -> None:
        """Forget it; the router does so once, and never after it has fired."""


class Clock(Protocol):
    """The time of day, and calls at a later one; neither stands still where that is set back."""

    def now(self) -> float:
        """Unix time in seconds: for what is shown and for nothing else, since it may be set."""

    def call_at(self, moment: float, call: Callable[[], None], /) -> Timer:
        """Call `call` once it is that Unix time."""

    def call_later(self, delay: float, call: Callable[[], None], /) -> Timer:
        """Call `call` after `delay` seconds."""
