# SPDX-License-Identifier: MIT
"""What is known here of another node: its sessions, what they hold, and its calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from wsecho.router.calls import SpentCalls
from wsecho.router.meta_sessions import describe
from wsecho.router.others import notices
from wsecho.router.others.guests import Guest, features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsecho.router.calls import Call
    from wsecho.router.others.calling import Calling
    from wsecho.router.realm import Realm
    from wsecho.router.session import Session
    from wsecho.router.uris import Match

PART: Final = 200
"""Sessions in one part of a `State`."""


@define(eq=False)
class Neighbour:
    """Another node.

    Attributes:
        node: its name.
        guests: its sessions, by id.
        calls: its calls of sessions here that are under way, by its numbers.
        spent: those of them that ended before all was sent.
        is_doubtful: whether this node was cut off since that one last said all that it has.
    """

    node: str
    _realm: Realm
    _calling: Calling
    guests: dict[int, Guest] = field(factory=dict, init=False)
    calls: dict[int, Call] = field(factory=dict, init=False)
    spent: SpentCalls = field(factory=SpentCalls, init=False)
    is_doubtful: bool = field(default=False, init=False)
    _stated: dict[int, list[Any]] | None = field(default=None, init=False)

    def joined(self, notice: notices.Joined) -> Guest:
        """Take a session in."""
        guest = self.guests.get(notice.session)
        if guest is None:
            guest = Guest.of(self.node, notice, self._calling)
            self.guests[guest.id] = self._realm.guests[guest.id] = guest
            self._realm.announce("wamp.session.on_join", guest.details)
        return guest

    def left(self, session: int) -> None:
        """Let go of a session, and of all that it had."""
        guest = self.guests.pop(session, None)
        if guest is None:
            return
        realm = self._realm
        for subscription in list(guest.subscriptions.values()):
            realm.broker.remove_guest(guest, subscription)
        for registration in list(guest.registrations.values()):
            realm.dealer.remove(guest, registration)
        realm.dealer.lose_callee(guest)
        if realm.guests.get(guest.id) is guest:
            del realm.guests[guest.id]
        realm.announce("wamp.session.on_leave", guest.id, guest.authid, guest.authrole)

    def subscribed(self, notice: notices.Subscribed) -> None:
        """Take note of a subscription."""
        guest = self.guests.get(notice.session)
        if guest is not None:
            self._realm.broker.enter_guest(guest, notice.uri, notice.match, notice.created)

    def unsubscribed(self, session: int, uri: str, match: Match) -> None:
        """Take note that a subscription is over."""
        guest = self.guests.get(session)
        found = self._realm.broker.find(uri, match)
        if guest is not None and found is not None and found.id in guest.subscriptions:
            self._realm.broker.remove_guest(guest, found)

    def registered(self, notice: notices.Registered) -> None:
        """Take note of a registration."""
        guest = self.guests.get(notice.session)
        if guest is not None:
            self._realm.dealer.enter_guest(guest, notice)

    def unregistered(self, session: int, uri: str, match: Match) -> None:
        """Take note that a registration is over."""
        guest = self.guests.get(session)
        found = self._realm.dealer.registrations.find(uri, match)
        if guest is not None and found is not None and found.serves(guest):
            self._realm.dealer.remove(guest, found)

    # -- all at once

    def state(self, part: notices.State) -> bool:
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
        for session in self.guests.keys() - stated.keys():
            self.left(session)
        for joined, subscriptions, registrations in stated.values():
            guest = self.joined(notices.Joined(*joined))
            self._compare(guest, subscriptions, registrations)
        return True

    def _compare(
        self, guest: Guest, subscriptions: list[list[Any]], registrations: list[list[Any]]
    ) -> None:
        has = {(each.uri, each.match) for each in guest.subscriptions.values()}
        for uri, match in has - {(each[0], each[1]) for each in subscriptions}:
            self.unsubscribed(guest.id, uri, match)
        for each in subscriptions:
            self.subscribed(notices.Subscribed(guest.id, *each))
        serves = {(each.uri, each.match) for each in guest.registrations.values()}
        for uri, match in serves - {(each[0], each[1]) for each in registrations}:
            self.unregistered(guest.id, uri, match)
        for each in registrations:
            self.registered(notices.Registered(guest.id, *each))


def state_of(
    realm: Realm, offered: list[notices.Registered], *, asks: bool
) -> Iterator[notices.State]:
    """All that this node has, and what it has `offered`, in parts."""
    offers: defaultdict[int, list[list[Any]]] = defaultdict(list)
    for offer in offered:
        offers[offer.session].append(list(notices.fields(offer)[1:]))
    entries = [_entry(session, offers[session.id]) for session in realm.sessions.values()]
    starts = range(0, max(1, len(entries)), PART)
    for start in starts:
        last = start + PART >= len(entries)
        part = entries[start : start + PART]
        yield notices.State(start == 0, last, asks and last, part)


def joined(session: Session) -> notices.Joined:
    """What is told of a session that was opened here."""
    return notices.Joined(session.id, describe(session), features(session))


def _entry(session: Session, offers: list[list[Any]]) -> list[Any]:
    return [
        notices.fields(joined(session)),
        [[each.uri, each.match, each.created] for each in session.subscriptions.values()],
        [
            [each.uri, each.match, each.invoke, callee.rank, each.created, callee.disclose_caller]
            for each in session.registrations.values()
            for callee in each.callees
            if callee.session is session
        ]
        + offers,
    ]
