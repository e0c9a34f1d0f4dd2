# SPDX-License-Identifier: MIT
"""What a session asks of its router, and of the realm that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.core.promise import Later
    from wsecho.router.model.access import Authenticator, Authorizer, Identity, TransportDetails
    from wsecho.router.model.ports import Clock
    from wsecho.router.wire.outgoing import OutgoingMessage

S_contra = TypeVar("S_contra", contravariant=True)
"""The session: this file stands below its own."""


class Serving(Protocol):
    """Serves the requests of one open session."""

    def take(self, request: Any) -> bool:
        """Serve a message, if it is one that asks for something; whether it was one.

        Raises:
            ProtocolViolationError: an id out of order, or one that was never given.
        """


class HomeRealm(Protocol[S_contra]):
    """What a session asks of the realm that it is in."""

    @property
    def authenticator(self) -> Authenticator:
        """Decides who a peer is."""

    @property
    def authorizer(self) -> Authorizer | None:
        """Decides what a session may do, None where all may do everything."""

    def admit(self, identity: Identity, details: TransportDetails) -> Later[Identity]:
        """Whether somebody who is known may be here, and as whom.

        Raises:
            WampError: it may not; the result may be that, too.
        """

    def serve(self, session: S_contra) -> Serving:
        """What serves the requests of a session that was let in."""

    def welcome(self, session: S_contra, *, features: bool = True) -> OutgoingMessage:
        """WELCOME for a session that was let in, with or without what we have to say of us."""

    def join(self, session: S_contra) -> None:
        """Take in a session that has just been opened."""

    def leave(self, session: S_contra) -> None:
        """Clear up after a session that is over; it does no harm to say so twice."""


class SessionHost(Protocol[S_contra]):
    """What a session asks of its router: see `Router` for the attributes."""

    @property
    def clock(self) -> Clock:
        """The time, and calls at a later one."""

    @property
    def faults(self) -> Callable[[BaseException], None]:
        """Is given what is our own fault."""

    @property
    def pressure(self) -> Backpressure | None:
        """Holds back peers that say more than goes to other nodes; None where there are none."""

    @property
    def opening_wait(self) -> float:
        """Seconds from the transport's coming to WELCOME."""

    @property
    def goodbye_wait(self) -> float:
        """Seconds that a peer has to answer our GOODBYE."""

    def realm(self, name: str) -> HomeRealm[S_contra]:
        """The realm of that name.

        Raises:
            WampError: there is none.
        """

    def draw_session_id(self) -> int:
        """A random id that no session of any realm has."""

    def detach(self, session: S_contra) -> None:
        """Forget a session that is closed."""

    def safely(self, call: Callable[[], None]) -> None:
        """Call whom it was given, or clear something up, and go on whatever it raises."""
