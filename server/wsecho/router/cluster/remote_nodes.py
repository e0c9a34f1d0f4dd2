# SPDX-License-Identifier: MIT
"""What is known here of another node: its sessions, what they hold, and its calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.router.cluster import messages
from wsecho.router.cluster.remote_sessions import RemoteSession, features
from wsecho.router.model.calls import SpentCalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsecho.router.cluster.remote_sessions import RemoteCalls
    from wsecho.router.model.calls import OngoingCall
    from wsecho.router.model.session import Session
    from wsecho.router.routing.realm import Realm
    from wsecho.router.wire.uris import Match

PART: Final = 200
"""Sessions in one part of a `State`."""


@define(eq=False)
class RemoteNode:
    """Another node.

    Attributes:
        node: its name.
        remote_sessions: its sessions, by id.
        calls: its calls of sessions here that are under way, by its numbers.
        spent: those of them that ended before all was sent.
        is_doubtful: whether this node was cut off since that one last said all that it has.
    """

    node: str
    _realm: Realm
    _calling: RemoteCalls
    remote_sessions: dict[int, RemoteSession] = field(factory=dict, init=False)
    calls: dict[int, OngoingCall] = field(factory=dict, init=False)
    spent: SpentCalls = field(factory=SpentCalls, init=False)
    is_doubtful: bool = field(default=False, init=False)
    _stated: dict[int, list[Any]] | None = field(default=None, init=False)

    def joined(self, notice: messages.SessionJoined) -> RemoteSession:
        """Take a session in."""
        remote_session = self.remote_sessions.get(notice.session)
        if remote_session is None:
            remote_session = RemoteSession.of(self.node, notice, self._calling)
            self.remote_sessions[remote_session.id] = self._realm.remote_sessions[
                remote_session.id
            ] = remote_session
            self._realm.announce("wamp.session.on_join", remote_session.details)
        return remote_session

    def left(self, session: int) -> None:
        """Let go of a session, and of all that it had."""
        remote_session = self.remote_sessions.pop(session, None)
        if remote_session is None:
            return
        realm = self._realm
        for subscription in list(remote_session.subscriptions.values()):
            realm.broker.remove_remote_session(remote_session, subscription)
        for registration in list(remote_session.registrations.values()):
            realm.dealer.registrar.remove(remote_session, registration)
        realm.dealer.lose_callee(remote_session)
        if realm.remote_sessions.get(remote_session.id) is remote_session:
            del realm.remote_sessions[remote_session.id]
        realm.announce(
            "wamp.session.on_leave",
            remote_session.id,
            remote_session.authid,
            remote_session.authrole,
        )

    def subscribed(self, notice: messages.Subscribed) -> None:
        """Take note of a subscription."""
        remote_session = self.remote_sessions.get(notice.session)
        if remote_session is not None:
            self._realm.broker.enter_remote_session(
                remote_session, notice.uri, notice.match, notice.created
            )

    def unsubscribed(self, session: int, uri: str, match: Match) -> None:
        """Take note that a subscription is over."""
        remote_session = self.remote_sessions.get(session)
        found = self._realm.broker.subscriptions.find(uri, match)
        if (
            remote_session is not None
            and found is not None
            and found.id in remote_session.subscriptions
        ):
            self._realm.broker.remove_remote_session(remote_session, found)

    def registered(self, notice: messages.Registered) -> None:
        """Take note of a registration."""
        remote_session = self.remote_sessions.get(notice.session)
        if remote_session is not None:
            self._realm.dealer.registrar.enter_remote_session(remote_session, notice)

    def unregistered(self, session: int, uri: str, match: Match) -> None:
        """Take note that a registration is over."""
        remote_session = self.remote_sessions.get(session)
        found = self._realm.dealer.registrations.find(uri, match)
        if remote_session is not None and found is not None and found.serves(remote_session):
            self._realm.dealer.registrar.remove(remote_session, found)

    # -- all at once

    def state(self, part: messages.NodeState) -> bool:
        """Take a part of all that the node has; whether that was the last."""
        if part.first:
            self._stated = {}
        if self._stated is None:  # the beginning was not heard
            return False
        self._stated.update({entry[0][0]: entry for entry in part.sessions})
        if not part.last:
            return False
        stated, self._stated = self._stated, None
        self.is_doubtful = False
        for session in self.remote_sessions.keys() - stated.keys():
            self.left(session)
        for joined, subscriptions, registrations in stated.values():
            remote_session = self.joined(messages.SessionJoined(*joined))
            self._compare(remote_session, subscriptions, registrations)
        return True

    def _compare(
        self,
        remote_session: RemoteSession,
        subscriptions: list[list[Any]],
        registrations: list[list[Any]],
    ) -> None:
        has = {(each.uri, each.match) for each in remote_session.subscriptions.values()}
        for uri, match in has - {(each[0], each[1]) for each in subscriptions}:
            self.unsubscribed(remote_session.id, uri, match)
        for each in subscriptions:
            self.subscribed(messages.Subscribed(remote_session.id, *each))
        serves = {(each.uri, each.match) for each in remote_session.registrations.values()}
        for uri, match in serves - {(each[0], each[1]) for each in registrations}:
            self.unregistered(remote_session.id, uri, match)
        for each in registrations:
            self.registered(messages.Registered(remote_session.id, *each))


def state_of(
    realm: Realm, offered: list[messages.Registered], *, asks: bool
) -> Iterator[messages.NodeState]:
    """All that this node has, and what it has `offered`, in parts."""
    offers: defaultdict[int, list[list[Any]]] = defaultdict(list)
    for offer in offered:
        offers[offer.session].append(list(messages.fields(offer)[1:]))
    entries = [_entry(session, offers[session.id]) for session in realm.sessions.values()]
    starts = range(0, max(1, len(entries)), PART)
    for start in starts:
        last = start + PART >= len(entries)
        part = entries[start : start + PART]
        yield messages.NodeState(start == 0, last, asks and last, part)


def joined(session: Session) -> messages.SessionJoined:
    """What is told of a session that was opened here."""
    return messages.SessionJoined(session.id, session.describe(), features(session))


def _entry(session: Session, offers: list[list[Any]]) -> list[Any]:
    return [
        messages.fields(joined(session)),
        [[each.uri, each.match, each.created] for each in session.subscriptions.values()],
        [
            [each.uri, each.match, each.invoke, callee.rank, each.created, callee.disclose_caller]
            for each in session.registrations.values()
            for callee in each.callees
            if callee.session is session
        ]
        + offers,
    ]
