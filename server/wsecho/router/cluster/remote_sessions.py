# SPDX-License-Identifier: MIT
"""Those of other nodes, in place of sessions: a session that may be invoked, a caller to answer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from attrs import define, field, frozen

from wsecho.router.cluster import messages
from wsecho.router.model.peer import Peer
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.outgoing import (
    OutgoingError,
    OutgoingInterrupt,
    OutgoingInvocation,
    OutgoingResult,
)

if TYPE_CHECKING:
    from wsecho.router.cluster.network import Network
    from wsecho.router.model.calls import OngoingCall, SpentCalls
    from wsecho.router.model.registrations import Registration
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.wire.outgoing import OutgoingMessage

# What a dealer asks a callee's features for.
_FEATURES: Final = (
    *("call_canceling", "progressive_call_results", "progressive_call_invocations"),
    "registration_revocation",
)


def features(session: Session) -> list[str]:
    """Those of a session's features as a callee that other nodes have to know."""
    return [name for name in _FEATURES if name in session.peer.callee]


class RemoteCalls(Protocol):
    """The way of calls to the sessions of other nodes."""

    def next_number(self) -> int:
        """The number of this node's next call."""

    def invoke(self, remote_session: RemoteSession, msg: OutgoingInvocation) -> None:
        """Send INVOCATION.

        Raises:
            CannotCarryError: there is no form for it between nodes.
        """

    def interrupt(self, remote_session: RemoteSession, msg: OutgoingInterrupt) -> None:
        """Send INTERRUPT."""

    def send(self, node: str, notice: messages.Notice) -> None:
        """Tell a node what it need not know."""


@define(eq=False)
class RemoteSession:
    """A session of another node.

    Attributes:
        node: where it is.
        id: its session id.
        details: what the meta API tells of it.
        peer: what it announced as a callee.
        is_here: False; `is_open`: True, as far as is known here (see `Registrant`).
        last_begun: the highest number of a call of this node's that went to it.
        subscriptions, registrations: what it holds, by id.
        invocations: this node's calls of it that are under way, by number.
    """

    is_here: ClassVar = False
    is_open: ClassVar = True
    node: str
    id: int
    details: dict[str, Any]
    peer: Peer
    _calling: RemoteCalls
    last_begun: int = 0
    subscriptions: dict[int, Subscription] = field(factory=dict, init=False)
    registrations: dict[int, Registration] = field(factory=dict, init=False)
    invocations: dict[int, OngoingCall] = field(factory=dict, init=False)

    @classmethod
    def of(cls, node: str, joined: messages.SessionJoined, calling: RemoteCalls) -> RemoteSession:
        """The one that a notice tells of."""
        return cls(node, joined.session, joined.details, Peer(frozenset(joined.features)), calling)

    @property
    def authid(self) -> str:
        """Its name."""
        return str(self.details["authid"])

    @property
    def authrole(self) -> str:
        """Its role."""
        return str(self.details["authrole"])

    def describe(self) -> dict[str, Any]:
        """What others may know of it."""
        return self.details

    def next_invocation(self) -> int:
        """The number of this node's next call, whoever is the callee."""
        return self._calling.next_number()

    def send(self, msg: OutgoingMessage) -> None:
        """Send INVOCATION or INTERRUPT by way of its node.

        Raises:
            CannotCarryError: there is no form for it between nodes.
        """
        if isinstance(msg, OutgoingInvocation):
            self._calling.invoke(self, msg)
        else:
            assert isinstance(msg, OutgoingInterrupt)  # noqa: S101  # there is nothing else
            self._calling.interrupt(self, msg)

    def close(self, reason: str, text: str | None = None) -> None:
        """Let its node end it."""
        self._calling.send(self.node, messages.End(self.id, reason, text))


@frozen(eq=False)
class FarCaller:
    """Whoever called from another node.

    Attributes:
        calls: all calls that come from that node and are under way here, by its numbers.
        spent: those of them that ended before all was sent.
    """

    _network: Network
    _node: str
    _callee: int
    calls: dict[int, OngoingCall]
    spent: SpentCalls

    def send(self, msg: OutgoingMessage) -> None:
        """Send RESULT or ERROR by way of its node, which fails the call itself if it cannot.

        Raises:
            CannotCarryError: there is no form for it between nodes.
        """
        notice: messages.ResultMessage | messages.Failed
        if isinstance(msg, OutgoingResult):
            progress = msg.progress
            notice = messages.ResultMessage(
                self._callee, msg.request, progress, msg.args, msg.kwargs
            )
        else:
            assert isinstance(msg, OutgoingError)  # noqa: S101  # there is nothing else
            notice = messages.Failed(self._callee, msg.request, msg.uri, msg.args, msg.kwargs)
        with suppress(WampError):
            self._network.send(self._node, notice)
