# SPDX-License-Identifier: MIT
"""The other nodes of one realm: who they are, what they say, and what they are told."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from wsecho.router import errors
from wsecho.router.errors import WampError
from wsecho.router.ids import MAX_ID
from wsecho.router.others import notices
from wsecho.router.others.calling import Calling
from wsecho.router.others.events import Events
from wsecho.router.others.neighbours import Neighbour, joined, state_of
from wsecho.router.others.network import check
from wsecho.router.others.registering import Registering
from wsecho.router.others.wills import Wills

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.router.others.network import Network
    from wsecho.router.others.notices import Notice
    from wsecho.router.realm import Realm
    from wsecho.router.session import Session
    from wsecho.router.subscriptions import Subscription
    from wsecho.router.uris import Match


class Others:
    """What a realm has to do with other nodes.

    Args:
        realm: the realm.
        network: leads to them.

    Attributes:
        events, wills, registering, calling: what it does with them.
        check: sees that what is known of all nodes can be told, or raises `WampError`.
    """

    def __init__(self, realm: Realm, network: Network) -> None:
        self._realm = realm
        self._network = network
        self.check = partial(check, network)
        self.events = Events(realm, network)
        self.wills = Wills(realm, network, self.events)
        self.registering = Registering(realm, network)
        self.calling = Calling(realm, network)
        self._neighbours: dict[str, Neighbour] = {}
        self._is_cut_off = True
        self._hear: dict[type[Any], Callable[[Neighbour, Any], object]] = {
            notices.Joined: Neighbour.joined,
            notices.Left: lambda node, notice: node.left(notice.session),
            notices.Subscribed: Neighbour.subscribed,
            notices.Unsubscribed: lambda node, notice: node.unsubscribed(*notices.fields(notice)),
            notices.Registered: Neighbour.registered,
            notices.Unregistered: lambda node, notice: node.unregistered(*notices.fields(notice)),
            notices.Invoke: self.calling.invoked,
            notices.Interrupt: self.calling.interrupted,
            notices.Result: self.calling.answered,
            notices.Failed: self.calling.answered,
            notices.End: lambda _, notice: self.calling.ended(notice),
        }

    def begin(self) -> None:
        """Begin to hear of them."""
        self._network.begin(self.heard, self.changed)

    def stable_id(self, kind: str, uri: str, match: Match) -> int:
        """The id that a subscription or registration has on every node, whoever makes it first."""
        text = f"{kind} {self._realm.name} {match} {uri}".encode(errors="surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest()) % MAX_ID + 1

    # -- what they are told

    def joined(self, session: Session) -> None:
        """A session of this node is open."""
        self._tell(joined(session))

    def left(self, session: Session) -> None:
        """A session of this node is over."""
        self._tell(notices.Left(session.id))

    def subscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has subscribed."""
        uri, match, created = subscription.uri, subscription.match, subscription.created
        self._tell(notices.Subscribed(session.id, uri, match, created))

    def unsubscribed(self, session: Session, subscription: Subscription) -> None:
        """A session of this node has unsubscribed, or left, with all that it had."""
        if session.is_open:
            self._tell(notices.Unsubscribed(session.id, subscription.uri, subscription.match))

    def _tell(self, notice: Notice) -> None:
        # Whoever comes asks for all; and they are told all again after they were away.
        if self._neighbours:
            with suppress(WampError):
                self._network.tell(notice)

    def _tell_all(self, node: str, *, asks: bool) -> None:
        for part in state_of(self._realm, self.registering.offered, asks=asks):
            self.calling.send(node, part)

    # -- what they say

    def heard(self, node: str, notice: Notice) -> None:
        """Take what a node said."""
        is_own = node == self._network.node
        if isinstance(notice, notices.Event):
            self.events.heard(notice, is_own=is_own)
        elif is_own:
            return
        elif isinstance(notice, notices.Kept):
            self.events.kept(notice)
        elif isinstance(notice, notices.State):
            self._take_state(node, notice)
        elif node in self._neighbours:
            # Of one that is not known yet, all will be asked for.
            self._hear[type(notice)](self._neighbours[node], notice)

    def _take_state(self, node: str, part: notices.State) -> None:
        self._neighbour(node).state(part)
        if part.asks:
            self._tell_all(node, asks=False)

    def _neighbour(self, node: str) -> Neighbour:
        known = self._neighbours.get(node)
        if known is None:
            known = self._neighbours[node] = Neighbour(node, self._realm, self.calling)
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
        for neighbour in list(self._neighbours.values()):
            # Others that were cut off, too, may come back a little later.
            if neighbour.node not in others and not neighbour.is_doubtful:
                self._bury(neighbour)
        for node in sorted(others):
            if came_back or node not in self._neighbours:
                self._neighbour(node)
                self._tell_all(node, asks=True)

    def _cut_off(self) -> None:
        self._is_cut_off = True
        self.events.cut_off()
        error = WampError(errors.NETWORK_FAILURE, "the callee cannot be reached any more")
        for neighbour in list(self._neighbours.values()):
            self.calling.lose(neighbour, error)
            if self._network.goes_on_alone:
                self._forget(neighbour)

    def _come_back(self) -> None:
        self.events.catch_up()
        self.wills.come_back()
        for neighbour in self._neighbours.values():
            neighbour.is_doubtful = True
        if self._neighbours:
            bury = partial(self._realm.safely, self._bury_doubtful)
            self._realm.clock.call_later(self._network.patience, bury)

    def _bury_doubtful(self) -> None:
        if self._is_cut_off:
            return
        for neighbour in list(self._neighbours.values()):
            if neighbour.is_doubtful:
                self._bury(neighbour)

    def _bury(self, neighbour: Neighbour) -> None:
        for guest in neighbour.guests.values():
            self.registering.bury(guest)
        self._forget(neighbour)

    def _forget(self, neighbour: Neighbour) -> None:
        del self._neighbours[neighbour.node]
        self.calling.lose(neighbour, WampError(errors.CANCELED, "the callee is gone"))
        for session in list(neighbour.guests):
            neighbour.left(session)
