# SPDX-License-Identifier: MIT
"""Subscriptions, and those who share one."""

from __future__ import annotations

from itertools import count

import pytest

from tests.unit.router.peers import Peer, World
from wsecho.router import WampError
from wsecho.router.model.subscriptions import Subscription, Subscriptions
from wsecho.router.wire.uris import MATCHES, Match


def made(uri: str = "a", match: Match = "exact") -> Subscription:
    """A subscription of nobody's."""
    return Subscription(1, uri, match, 1_700_000_000.0)


def sessions(world: World, number: int) -> list[Peer]:
    """Some peers."""
    return [world.peer() for _ in range(number)]


def test_members_are_a_snapshot_in_the_order_of_their_coming(world: World) -> None:
    """Whoever is being sent to does not change because one comes or goes meanwhile."""
    subscription, peers = made(), sessions(world, 3)
    for peer in peers:
        subscription.add(peer.session)
    before = subscription.members
    assert before is subscription.members
    subscription.discard(peers[0].session)
    assert [session.id for session in before] == [peer.id for peer in peers]
    assert [session.id for session in subscription.members] == [peer.id for peer in peers[1:]]
    subscription.add(peers[0].session)
    assert subscription.members[-1] is peers[0].session


def test_it_counts_those_of_other_nodes_but_is_here_for_its_own(world: World) -> None:
    """`count_subscribers` counts all; events of this node are for those here."""
    subscription, (here, there) = made(), sessions(world, 2)
    assert (len(subscription), subscription.is_here) == (0, False)
    subscription.remote_sessions[there.session] = None
    assert (len(subscription), subscription.is_here) == (1, False)
    subscription.add(here.session)
    assert (len(subscription), subscription.is_here) == (2, True)
    assert here.session in subscription
    assert there.session not in subscription
    subscription.discard(there.session)
    assert len(subscription) == 2


def test_it_is_described_as_the_meta_api_has_it() -> None:
    """`SubscriptionDetails` ("Subscription Meta API")."""
    assert made("a..", "wildcard").describe() == {
        "id": 1,
        "created": "2023-11-14T22:13:20.000Z",
        "uri": "a..",
        "match": "wildcard",
    }


def test_one_uri_has_one_subscription_under_each_policy() -> None:
    """Asked for again, it is the same one, with its id and its time."""
    store, ids = Subscriptions(), count(1)

    def new_id(kind: str, _uri: str, _match: Match) -> int:
        assert kind == "s"
        return next(ids)

    first = {match: store.obtain("a", match, 1.0, new_id) for match in MATCHES}
    again = {match: store.obtain("a", match, 2.0, new_id) for match in MATCHES}
    assert all(is_new for _, is_new in first.values())
    assert not any(is_new for _, is_new in again.values())
    for match in MATCHES:
        assert again[match][0] is first[match][0] is store.find("a", match)
        assert first[match][0].created == 1.0
        assert store.under(match) == [first[match][0]]
    assert len(store) == 3
    assert {each.match for each in store.matches("a")} == set(MATCHES)


def test_what_was_removed_is_known_no_more() -> None:
    """By its id, its URI, or what it matched."""
    store = Subscriptions()
    subscription, _ = store.obtain("a", "prefix", 1.0, lambda *_: 5)
    assert store.get(5) is subscription
    store.remove(subscription)
    assert (len(store), store.matches("a.b"), store.find("a", "prefix")) == (0, (), None)
    with pytest.raises(WampError) as missing:
        store.get(5)
    assert missing.value.uri == "wamp.error.no_such_subscription"
