# SPDX-License-Identifier: MIT
"""The other nodes of one realm: who they are, what they say, and what they are told."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from wsecho.core.promise import Later
from wsecho.router.cluster import messages
from wsecho.router.cluster.calling import Calling
from wsecho.router.cluster.events import Events
from wsecho.router.cluster.network import check_network
from wsecho.router.cluster.registering import Registering
from wsecho.router.cluster.remote_nodes import RemoteNode, joined, state_of
from wsecho.router.cluster.testaments import ClusterTestaments
from wsecho.router.model.publications import Publication
from wsecho.router.wire import errors
from wsecho.router.wire.errors import WampError
from wsecho.router.wire.ids import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wsecho.core.promise import Later
    from wsecho.router.cluster.messages import Notice
    from wsecho.router.cluster.network import Network
    from wsecho.router.model.procedures import Reply
    from wsecho.router.model.registrations import Registrant, Registration
    from wsecho.router.model.session import Session
    from wsecho.router.model.subscriptions import Subscription
    from wsecho.router.model.testaments import Testament
    from wsecho.router.routing.realm import Realm
    from wsecho.router.wire.requests import Call, Register
    from wsecho.router.wire.uris import Match


class RealmCluster:
    """What a realm has to do with other nodes.

    Args:
        realm: the realm.
        network: leads to them.

    Attributes:
        events, wills, registering, calling: what it does with them.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self.events = Events(realm, network)
        self.wills = ClusterTestaments(realm, network, self.events)
        self.registering = Registering(realm, network)
        self.calling = Calling(realm, network)
        self._remote_nodes: dict[str, RemoteNode] = {}
        self._is_cut_off = True
        self._hear: dict[type[Any], Callable[[RemoteNode, Any], object]] = {
            messages.SessionJoined: RemoteNode.joined,
            messages.Left: lambda node, notice: node.left(notice.session),
            messages.Subscribed: RemoteNode.subscribed,
            messages.Unsubscribed: lambda node, notice: node.unsubscribed(*messages.fields(notice)),
            messages.Registered: RemoteNode.registered,
            messages.Unregistered: lambda node, notice: node.unregistered(*messages.fields(notice)),
            messages.Invoke: self.calling.invoked,
            messages.Interrupt: self.calling.interrupted,
            messages.ResultMessage: self.calling.answered,
            messages.Failed: self.calling.answered,
            messages.End: lambda _, notice: self.calling.ended(notice),
        }

    def begin(self) -> None:
        """Begin to hear of them."""
        self._network.begin(self.heard, self.changed)

    def check(self) -> None:
        """See that what is known of all nodes can be told.

        Raises:
            WampError: they cannot be reached, and this one does not go on alone.
        """
        check_network(self._network)

    def new_id(self, kind: str, uri: str, match: Match) -> int:
        """The id that a subscription or registration has on every node, whoever makes it first."""
        text = f"{kind} {self._realm.name} {match} {uri}".encode(errors="surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest()) % MAX_ID + 1

    # -- what they are told

    def joined(self, session: Session) -> None:
        """A session of this node is open."""
        self._tell(joined(session))

    def left(self, session: Session) -> None:
        """A session of this node is over."""
        self._tell(messages.Left(session.id))

    def subscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has subscribed."""
        uri, match, created = subscription.uri, subscription.match, subscription.created
        self._tell(messages.Subscribed(session.id, uri, match, created))

    def unsubscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has unsubscribed, or left, with all that it had."""
        if session.is_open:
            self._tell(messages.Unsubscribed(session.id, subscription.uri, subscription.match))

    # -- what is done together with them

    def publish(self, publication: Publication) -> Later[int]:
        """Tell all nodes; it is delivered here too when it comes round.

        Raises:
            WampError: it cannot be told now, or holds what has no form between nodes.
        """
        return self.events.publish(publication)

    def register(self, session: Session, request: Register) -> None:
        """Claim a procedure among all nodes, then serve it.

        Raises:
            WampError: it is taken, is being asked for, or cannot be claimed now.
        """
        self.registering.register(session, request)

    def unregistered(self, session: Registrant, registration: Registration) -> None:
        """A session of this node serves a procedure no longer."""
        self.registering.unregistered(session, registration)

    def call(self, session: Session, request: Call) -> None:
        """Find a callee on whatever node, and invoke it.

        Raises:
            WampError: no such procedure, or it cannot be called now.
        """
        self.calling.call(session, request)

    def store_testament(self, session: Session, testament: Testament) -> Later[Reply]:
        """Let the other nodes know of a testament.

        Raises:
            WampError: they cannot know, and it is not added.
        """
        return self.wills.store(session, testament)

    def revoke_testaments(self, session: Session, dropped: Iterable[Testament]) -> None:
        """Let them know that some will not be published."""
        self.wills.revoke(session, dropped)

    def carry_out(self, session: Session, testament: Testament) -> None:
        """Publish a testament of a session here that is over, now or when it can be."""
        self.wills.carry_out(session, testament)

    def _tell(self, notice: Notice) -> None:
        # Whoever comes asks for all; and they are told all again after they were away.
        if self._remote_nodes:
            with suppress(WampError):
                self._network.tell(notice)

    def _tell_all(self, node: str, *, asks: bool) -> None:
        for part in state_of(self._realm, self.registering.offered, asks=asks):
            self.calling.send(node, part)

    # -- what they say

    def heard(self, node: str, notice: Notice) -> None:
        """Take what a node said."""
        is_own = node == self._network.node
        if isinstance(notice, Publication):
            self.events.heard(notice, is_own=is_own)
        elif is_own:
            return
        elif isinstance(notice, messages.KeptEvent):
            self.events.kept(notice)
        elif isinstance(notice, messages.NodeState):
            self._take_state(node, notice)
        elif node in self._remote_nodes:
            # Of one that is not known yet, all will be asked for.
            self._hear[type(notice)](self._remote_nodes[node], notice)

    def _take_state(self, node: str, part: messages.NodeState) -> None:
        self._remote_node(node).state(part)
        if part.asks:
            self._tell_all(node, asks=False)

    def _remote_node(self, node: str) -> RemoteNode:
        known = self._remote_nodes.get(node)
        if known is None:
            known = self._remote_nodes[node] = RemoteNode(node, self._realm, self.calling)
        return known

    # -- who they are

    def changed(self, alive: frozenset[str]) -> None:
        """Take note of which nodes live, and that this one was cut off, or is back."""
        if self._network.is_away:
            self._cut_off()
            return
        others = alive - {self._network.node}
        came_back, self._is_cut_off = self._is_cut_off, False
        if came_back:
            self._come_back()
        for remote_node in list(self._remote_nodes.values()):
            # Others that were cut off, too, may come back a little later.
            if remote_node.node not in others and not remote_node.is_doubtful:
                self._bury(remote_node)
        for node in sorted(others):
            if came_back or node not in self._remote_nodes:
                self._remote_node(node)
                self._tell_all(node, asks=True)

    def _cut_off(self) -> None:
        self._is_cut_off = True
        self.events.cut_off()
        error = WampError(errors.NETWORK_FAILURE, "the callee cannot be reached any more")
        for remote_node in list(self._remote_nodes.values()):
            self.calling.lose(remote_node, error)
            if self._network.goes_on_alone:
                self._forget(remote_node)

    def _come_back(self) -> None:
        self.events.catch_up()
        self.wills.come_back()
        for remote_node in self._remote_nodes.values():
            remote_node.is_doubtful = True
        if self._remote_nodes:
            bury = partial(self._realm.safely, self._bury_doubtful)
            self._realm.clock.call_later(self._network.patience, bury)

    def _bury_doubtful(self) -> None:
        if self._is_cut_off:
            return
        for remote_node in list(self._remote_nodes.values()):
            if remote_node.is_doubtful:
                self._bury(remote_node)

    def _bury(self, remote_node: RemoteNode) -> None:
        for remote_session in remote_node.remote_sessions.values():
            self.registering.bury(remote_session)
        self._forget(remote_node)

    def _forget(self, remote_node: RemoteNode) -> None:
        del self._remote_nodes[remote_node.node]
        self.calling.lose(remote_node, WampError(errors.CANCELED, "the callee is gone"))
        for session in list(remote_node.remote_sessions):
            remote_node.left(session)
