# SPDX-License-Identifier: MIT
"""What broker and dealer ask of their realm, and what a realm tells the other nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wsecho.core.promise import Later
    from wsecho.router.model.access import Action, Authorizer, Requester
    from wsecho.router.model.owner import TopicOwner
    from wsecho.router.model.ports import Clock
    from wsecho.router.model.procedures import Reply
    from wsecho.router.model.publications import Publication
    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.model.testaments import Testament
    from wsecho.router.wire.ids import Random
    from wsecho.router.wire.requests import Call, Register
    from wsecho.router.wire.uris import Match


@define
class Counters:
    """What went through a realm; `left_out` are events that a receiver could not carry."""

    publications: int = 0
    events: int = 0
    left_out: int = 0
    calls: int = 0


class OtherNodes(Protocol):
    """What is done together with other nodes, or, where there are none, by this one alone."""

    def check(self) -> None:
        """See that what is known of all nodes can be told.

        Raises:
            WampError: they cannot be reached, and this one does not go on alone.
        """

    def new_id(self, kind: str, uri: str, match: Match) -> int:
        """The id of a new subscription (`kind` is `s`) or registration (`r`)."""

    def joined(self, session: Session) -> None:
        """A session of this node is open."""

    def left(self, session: Session) -> None:
        """A session of this node is over."""

    def subscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has subscribed."""

    def unsubscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has unsubscribed, or left, with all that it had."""

    def publish(self, publication: Publication) -> Later[int]:
        """Publish to the subscribers of all nodes, and retain it there if so asked.

        Returns:
            The publication id, or a promise of it.

        Raises:
            WampError: it cannot be told now, or holds what has no form between nodes.
        """

    def register(self, session: Session, request: Register) -> None:
        """Let a session of this node serve a procedure that none here has taken.

        Raises:
            WampError: it is taken elsewhere, or cannot be claimed now.
        """

    def unregistered(self, session: Registrant, registration: Registration) -> None:
        """A session of this node serves a procedure no longer."""

    def call(self, session: Session, request: Call) -> None:
        """CALL, the first of its id, of a procedure that is not the router's own.

        Raises:
            WampError: no such procedure, or it cannot be called now.
        """

    def store_testament(self, session: Session, testament: Testament) -> Later[Reply]:
        """A session of this node has added a testament.

        Raises:
            WampError: the others cannot know of it, and it is not added.
        """

    def revoke_testaments(self, session: Session, dropped: Iterable[Testament]) -> None:
        """A session of this node has dropped testaments."""

    def carry_out(self, session: Session, testament: Testament) -> None:
        """Publish a testament of a session of this node that is over."""


class Context(Protocol):
    """The realm, as those who serve its requests see it."""

    @property
    def clock(self) -> Clock:
        """The time, and calls at a later one."""

    @property
    def random(self) -> Random:
        """For publication ids, and the `random` invocation policy."""

    @property
    def counters(self) -> Counters:
        """What went through."""

    @property
    def authorizer(self) -> Authorizer | None:
        """Decides what a session may do, None where all may do everything."""

    @property
    def owner(self) -> TopicOwner | None:
        """Serves topics in place of the broker."""

    @property
    def others(self) -> OtherNodes:
        """The other nodes."""

    @property
    def faults(self) -> Callable[[BaseException], None]:
        """Is given what is our own fault."""

    @property
    def safely(self) -> Callable[[Callable[[], None]], None]:
        """Calls whom it was given, or clears something up, and goes on whatever it raises."""

    def authorize(self, session: Requester, action: Action, uri: str, match: Match) -> None:
        """Let a request pass.

        Raises:
            WampError: the authorizer does not allow it.
        """

    def announce(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Publish an event of the router's own."""
