# SPDX-License-Identifier: MIT
"""Random peers doing random things: the router never fails, and nothing is left of anyone."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.unit.router.peers import (
    ABORT,
    CALL,
    CANCEL,
    ERROR,
    EVENT,
    GOODBYE,
    HELLO,
    INTERRUPT,
    INVOCATION,
    RESULT,
    ROLES,
    WELCOME,
    YIELD,
    Peer,
    World,
    with_rooms,
)
from tests.unit.router.wire.test_parsing import anything, lively
from wsecho.router import SessionState
from wsecho.router.wire.requests import CANCEL_MODES, INVOKES
from wsecho.router.wire.uris import matches

hello = st.just([HELLO, "realm1", {"roles": ROLES}])
sensible = st.sampled_from(
    [
        *([32, 1, {}, "a"], [32, 2, {"match": "prefix"}, ""], [32, 3, {}, "wsecho.room.A"]),
        *([16, 4, {"acknowledge": True}, "a", [1]], [16, 5, {}, "wsecho.room.a", ["x"]]),
        *([64, 6, {"match": "prefix"}, "p"], [48, 7, {"progress": True}, "p"], [48, 7, {}, "p"]),
        *([48, 8, {"timeout": 5}, "wamp.session.kill_all"], [49, 8, {}], [70, 1, {}], [34, 9, 1]),
        *([8, 68, 1, {}, "a.b"], [GOODBYE, {}, "a.b"], [ABORT, {}, "a.b"]),
    ]
)


@given(st.lists(st.tuples(st.integers(0, 2), hello | sensible | lively | anything), max_size=25))
def test_no_message_makes_the_router_fail(steps: list[tuple[int, Any]]) -> None:
    """Whatever order, whatever nonsense: no fault, and every session ends in a known way."""
    world, _ = with_rooms()
    peers = [world.raw_peer(ordered=bool(number)) for number in range(3)]
    for place, raw in steps:
        peers[place].session.receive(raw)
    assert not world.faults, world.faults
    for peer in peers:
        sent = peer.take()
        over = peer.session.state is SessionState.CLOSED
        assert over == (peer.transport.closed is not None)
        assert (peer.session.id in world.realm.sessions) == peer.session.is_open
        assert sum(raw[0] == WELCOME for raw in sent) <= 1
        # Nothing follows an ABORT, and GOODBYE is followed by ABORT at most.
        tail = list(itertools.dropwhile(lambda raw: raw[0] not in (ABORT, GOODBYE), sent))
        assert [raw[0] for raw in tail] in ([], [ABORT], [GOODBYE], [GOODBYE, ABORT])
        peer.session.lost()
    world.check_empty()


topics = st.sampled_from(["a", "a.b", "a.b.c", "b", "a.c"])
procedures = st.sampled_from(["p", "p.q", "p.q.r"])
wanted = st.sampled_from(
    [("a", "exact"), ("a.b", "exact"), ("a", "prefix"), ("a.", "prefix"), (".b", "wildcard")]
)
offered = st.sampled_from([("p", "exact"), ("p", "prefix"), ("p..r", "wildcard")])


class Realm(RuleBasedStateMachine):
    """Peers that come, go, subscribe, publish, register, call and answer, against a plain model.

    The model of the broker says who must get an event. For the dealer the law is: every call gets
    exactly one final answer, unless its caller is gone.
    """

    peers: Bundle[Peer] = Bundle("peers")
    invoked: Bundle[tuple[Peer, int]] = Bundle("invoked")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.all: list[Peer] = []
        self.subscribed: dict[Peer, dict[tuple[str, str], int]] = {}
        self.open_calls: dict[Peer, set[int]] = {}
        self.number = 0

    def hear(self) -> list[tuple[Peer, int]]:
        """Take what everybody got; check the final answers; the new invocations."""
        invocations = []
        for peer in self.all:
            for raw in peer.take():
                if raw[0] == INVOCATION:
                    invocations.append((peer, raw[1]))
                elif raw[0] == RESULT and not raw[2].get("progress"):
                    self.open_calls[peer].remove(raw[1])
                elif raw[0] == ERROR:
                    assert raw[1] == CALL
                    self.open_calls[peer].remove(raw[2])
                else:
                    assert raw[0] in (RESULT, INTERRUPT), raw
        return invocations

    @rule(target=peers)
    def come(self) -> Peer:
        """A session opens."""
        peer = self.world.peer()
        self.all.append(peer)
        self.subscribed[peer] = {}
        self.open_calls[peer] = set()
        return peer

    @rule(peer=peers, uri=wanted)
    def subscribe(self, peer: Peer, uri: tuple[str, str]) -> None:
        """SUBSCRIBE, perhaps again."""
        self.subscribed[peer][uri] = peer.subscribe(uri[0], match=uri[1])

    @rule(peer=peers, uri=wanted)
    def unsubscribe(self, peer: Peer, uri: tuple[str, str]) -> None:
        """UNSUBSCRIBE what was subscribed to, or what was not."""
        subscription = self.subscribed[peer].pop(uri, None)
        answer = peer.ask(34, subscription or 99_999)
        assert (answer[0] == ERROR) is (subscription is None)

    @rule(peer=peers, topic=topics, me=st.booleans())
    def publish(self, peer: Peer, topic: str, me: bool) -> None:
        """Each matching subscription of each receiver gets the event once."""
        self.number += 1
        publication = peer.publish(topic, self.number, exclude_me=not me)
        for receiver in self.all:
            expected = sorted(
                identifier
                for (uri, match), identifier in self.subscribed[receiver].items()
                if matches(uri, match, topic) and (me or receiver is not peer)  # type: ignore[arg-type]
            )
            assert receiver.session.is_open
            events = [raw for raw in receiver.transport.sent if raw[0] == EVENT]
            receiver.transport.sent[:] = [raw for raw in receiver.transport.sent if raw[0] != EVENT]
            assert sorted(raw[1] for raw in events) == expected
            assert all(raw[2] == publication and raw[4] == [self.number] for raw in events)

    @rule(peer=peers, uri=offered, invoke=st.sampled_from(INVOKES))
    def register(self, peer: Peer, uri: tuple[str, str], invoke: str) -> None:
        """REGISTER, which may fail."""
        peer.ask(64, {"match": uri[1], "invoke": invoke}, uri[0])

    @rule(peer=peers)
    def unregister(self, peer: Peer) -> None:
        """UNREGISTER the oldest."""
        for identifier in list(peer.session.registrations)[:1]:
            assert peer.ask(66, identifier)[0] == 67

    @rule(
        target=invoked,
        peer=peers,
        procedure=procedures,
        timeout=st.sampled_from([0, 1000]),
        progress=st.booleans(),
    )
    def call(self, peer: Peer, procedure: str, timeout: int, progress: bool) -> Any:
        """CALL: one INVOCATION, or an ERROR."""
        peer.request += 1
        self.open_calls[peer].add(peer.request)
        options = {"timeout": timeout, "receive_progress": progress}
        peer.session.receive([CALL, peer.request, options, procedure])
        invocations = self.hear()
        assert len(invocations) == (peer.request in self.open_calls[peer])
        return multiple(*invocations)

    @rule(where=consumes(invoked), failed=st.booleans())
    def answer(self, where: tuple[Peer, int], failed: bool) -> None:
        """YIELD or ERROR, perhaps too late."""
        peer, number = where
        peer.session.receive(
            [ERROR, 68, number, {}, "com.bad"] if failed else [YIELD, number, {}, [1]]
        )
        self.hear()

    @rule(where=invoked)
    def progress(self, where: tuple[Peer, int]) -> None:
        """A progressive YIELD, perhaps too late."""
        where[0].session.receive([YIELD, where[1], {"progress": True}])
        self.hear()

    @rule(peer=peers, mode=st.sampled_from(CANCEL_MODES))
    def cancel(self, peer: Peer, mode: str) -> None:
        """CANCEL the oldest call."""
        for number in sorted(self.open_calls[peer])[:1]:
            peer.session.receive([CANCEL, number, {"mode": mode}])
        self.hear()

    @rule(seconds=st.sampled_from([0.5, 1.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.world.clock.move(seconds)
        self.hear()

    @rule(peer=consumes(peers), politely=st.booleans())
    def go(self, peer: Peer, politely: bool) -> None:
        """A session ends; its calls are nobody's any more."""
        if politely:
            peer.session.receive([GOODBYE, {}, "wamp.close.close_realm"])
        else:
            peer.session.lost()
        self.all.remove(peer)
        del self.subscribed[peer], self.open_calls[peer]
        self.hear()

    @invariant()
    def nothing_is_left_over(self) -> None:
        """Broker and dealer hold what the living have, and no more."""
        assert not self.world.faults, self.world.faults
        realm = self.world.realm
        assert set(realm.sessions) == {peer.id for peer in self.all}
        held = {uri for uris in self.subscribed.values() for uri in uris}
        assert {(one.uri, one.match) for one in realm.broker.subscriptions._by_id.values()} == held
        for peer in self.all:
            session = peer.session
            assert set(session.calls) == self.open_calls[peer]
            assert sorted(session.subscriptions) == sorted(self.subscribed[peer].values())
            for call in session.calls.values():
                assert call.callee is not None
                assert call.callee.invocations[call.invocation] is call
        callees = {
            callee.session
            for registration in realm.dealer.registrations._by_id.values()
            for callee in registration.callees
        }
        assert callees <= {peer.session for peer in self.all}

    def teardown(self) -> None:
        """All go, and nothing is left."""
        for peer in self.all:
            peer.session.lost()
        self.world.check_empty()


def test_all_is_done_in_the_order_it_comes_in() -> None:
    """Events and calls alike, and nothing is held for the gone."""
    run_state_machine_as_test(Realm)
