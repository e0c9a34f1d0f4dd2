# SPDX-License-Identifier: MIT
"""Opening and closing of sessions ("Sessions"), and what breaks the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.router.peers import (
    ABORT,
    AUTHENTICATE,
    BASIC_ROLES,
    CALL,
    ERROR,
    GOODBYE,
    HELLO,
    PUBLISH,
    SUBSCRIBE,
    WELCOME,
    YIELD,
    Recorder,
    World,
    is_over,
    takes_no_more_than,
)
from wsecho.router import Identity, SessionState, WampError
from wsecho.router.wire.outgoing import published
from wsecho.router.wire.requests import Goodbye


def test_hello_is_answered_with_welcome(world: World) -> None:
    """HELLO → WELCOME with a session id, the realm, and an anonymous identity of its own."""
    [first, second] = [world.raw_peer().hello().one() for _ in range(2)]
    kind, session, details = first
    assert (kind, details["realm"]) == (WELCOME, "realm1")
    assert 1 <= session <= 2**53
    assert details["authrole"] == details["authmethod"] == "anonymous"
    assert details["authid"] != second[2]["authid"]


@pytest.mark.parametrize("realm", ["", "a..b", "a b", "a\n", "#"])
def test_an_invalid_realm_is_aborted(world: World, realm: Any) -> None:
    """ABORT `wamp.error.invalid_uri`."""
    peer = world.raw_peer()
    [abort] = peer.send([HELLO, realm, {"roles": BASIC_ROLES}])
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.invalid_uri")
    assert is_over(peer)


@pytest.mark.parametrize(
    "details",
    [{}, {"roles": {}}, {"roles": {"dancer": {}}}, {"roles": []}, {"roles": {"caller": 5}}, [], 3],
)
def test_a_hello_without_roles_breaks_the_protocol(world: World, details: Any) -> None:
    """At least one known role must be announced."""
    peer = world.raw_peer()
    [abort] = peer.send([HELLO, "realm1", details])
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")


def test_a_second_hello_breaks_the_protocol(world: World) -> None:
    """ABORT `wamp.error.protocol_violation`; the others are untouched."""
    peer, other = world.peer(), world.peer()
    [abort] = peer.send([HELLO, "realm1", {"roles": BASIC_ROLES}])
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")
    assert peer.ending.by == "violation"
    assert other.call("wamp.session.count")[3] == [1]


@pytest.mark.parametrize(
    "raw",
    [
        [GOODBYE, {}, "wamp.close.normal"],
        [SUBSCRIBE, 1, {}, "a.b"],
        [SUBSCRIBE, 1, {}, "a..b"],
        [PUBLISH, 1, {}, "a.b"],
        [CALL, 1, {}, "a.b"],
        [YIELD, 1, {}],
        [ERROR, 68, 1, {}, "a.b"],
        [AUTHENTICATE, "x", {}],
    ],
)
def test_anything_but_hello_first_breaks_the_protocol(world: World, raw: list[Any]) -> None:
    """HELLO must be the very first message."""
    peer = world.raw_peer()
    [abort] = peer.send(raw)
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")
    assert is_over(peer)


@pytest.mark.parametrize(
    "raw",
    [
        *([kind, 1, {}] for kind in (2, 4, 17, 33, 35, 36, 37, 50, 65, 67, 68, 69)),
        *([], {}, "x", None, 7, [None], ["x"], [[]], [{}], [True], [99, 1, {}], [16.5, 1, {}, "a"]),
        *([PUBLISH], [PUBLISH, 1, {}], [PUBLISH, 1, {}, "a", [], {}, 1], [PUBLISH, "1", {}, "a"]),
        *([PUBLISH, 0, {}, "a"], [PUBLISH, -1, {}, "a"], [PUBLISH, 2**53 + 1, {}, "a"]),
        *([PUBLISH, True, {}, "a"], [PUBLISH, 1.5, {}, "a"], [PUBLISH, 1, [], "a"]),
        *([PUBLISH, 1, {}, "a", {}], [PUBLISH, 1, {}, "a", "ppt"], [PUBLISH, 1, {}, "a", [], []]),
        *([PUBLISH, 1, {}, "a", [], {1: 2}], [AUTHENTICATE, "x", {}], [AUTHENTICATE, 5, {}]),
        *([ERROR, 48, 1, {}, "a"], [ERROR, 68, 1, {}, "a"], [YIELD, 1, {}], [34, 1, "x"]),
    ],
)
def test_what_is_no_message_of_a_client_breaks_the_protocol(world: World, raw: Any) -> None:
    """Unknown types, wrong arity, ids and containers of the wrong type: ABORT, and it is over."""
    peer, other = world.peer(), world.peer()
    [abort] = peer.send(raw)
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")
    assert peer.transport.closed == peer.ending
    assert peer.send([CALL, 1, {}, "wamp.session.count"]) == []
    assert other.result("wamp.session.count") == 1


def test_octets_that_are_no_message_end_the_session(world: World) -> None:
    """The door tells of what its serializer cannot read."""
    peer = world.peer()
    peer.session.violate("not JSON")
    assert peer.one() == [ABORT, {"message": "not JSON"}, "wamp.error.protocol_violation"]
    assert is_over(peer)


def test_goodbye_is_answered_and_ends_the_session(world: World) -> None:
    """GOODBYE → GOODBYE `wamp.close.goodbye_and_out`, then the transport is closed."""
    peer = world.peer()
    assert peer.send([GOODBYE, {}, "wamp.close.close_realm"]) == [
        [GOODBYE, {}, "wamp.close.goodbye_and_out"]
    ]
    assert (peer.ending.uri, peer.ending.by) == ("wamp.close.close_realm", "peer")
    assert peer.transport.closed == peer.ending
    world.check_empty()


def test_a_goodbye_with_an_odd_reason_is_a_goodbye(world: World) -> None:
    """A peer that goes is let go."""
    peer = world.peer()
    assert peer.send([GOODBYE, {}, "not a uri"])[0][0] == GOODBYE
    assert is_over(peer)


def test_abort_is_not_answered(world: World) -> None:
    """ABORT ends the session at once, in any state."""
    for peer in (world.raw_peer(), world.peer()):
        assert peer.send([ABORT, {}, "a.b"]) == []
        assert (is_over(peer), peer.ending.by) == (True, "peer")
    world.check_empty()


def test_our_goodbye_waits_for_the_peers(world: World) -> None:
    """The realm is left at once; meanwhile everything but GOODBYE is ignored."""
    peer = world.peer()
    peer.subscribe("a.b")
    peer.session.close("wamp.close.system_shutdown", "see you")
    assert peer.one() == [GOODBYE, {"message": "see you"}, "wamp.close.system_shutdown"]
    assert peer.session.state is SessionState.CLOSING
    assert not world.realm.sessions
    assert peer.send([CALL, 9, {}, "wamp.session.count"], [PUBLISH, 1, {}, "a"]) == []
    assert peer.transport.closed is None
    peer.send([GOODBYE, {}, "wamp.close.goodbye_and_out"])
    assert peer.transport.closed is not None
    assert peer.ending.uri == "wamp.close.system_shutdown"
    world.check_empty()


def test_our_goodbye_does_not_wait_for_ever(world: World) -> None:
    """Without an answer the transport is closed all the same."""
    peer = world.peer()
    peer.session.close()
    world.clock.move(world.router.goodbye_wait)
    assert is_over(peer)
    world.check_empty()


def test_a_peer_that_never_says_hello_is_sent_away(world: World) -> None:
    """`opening_wait` seconds after its transport came; an open one may stay."""
    peer, late = world.peer(), world.raw_peer()
    world.clock.move(world.router.opening_wait)
    assert late.one()[::2] == [ABORT, "wamp.error.timeout"]
    assert is_over(late)
    assert peer.session.is_open


def test_losing_the_transport_twice_is_harmless(world: World) -> None:
    """`lost` may come at any time, and again; nothing is sent then."""
    peer = world.peer()
    peer.subscribe("a.b")
    peer.session.lost()
    peer.session.lost()
    peer.session.abort("a.b")
    peer.session.close()
    assert peer.take() == []
    assert peer.transport.closed is None
    assert peer.ending.by == "transport"
    world.check_empty()


def test_a_transport_that_raises_loses_its_session_only() -> None:
    """One bad transport never harms the others; the fault is reported."""
    world = World()
    bad, good, publisher = world.peer(), world.peer(), world.peer()
    for peer in (bad, good):
        peer.subscribe("a.b")

    def fail(_raw: object) -> None:
        raise OSError("secret")

    bad.transport.on_send = fail
    publisher.publish("a.b", 1)
    assert good.events() == [[[1]]]
    assert (is_over(bad), bad.ending.by) == (True, "fault")
    assert [type(fault) for fault in world.faults] == [OSError]


def test_a_text_that_cannot_be_carried_is_left_out(world: World) -> None:
    """GOODBYE and ABORT go out without their message rather than not at all."""
    peer = world.peer()
    peer.transport.cannot_carry = lambda raw: raw[0] == GOODBYE and bool(raw[1])
    peer.session.close("a.b", "\ud800")
    assert peer.one() == [GOODBYE, {}, "a.b"]


def test_a_recorder_is_a_transport() -> None:
    """The double that these tests use has the port's shape."""
    assert Recorder().details.ordered


LONG = "com." + "x" * 600


def test_a_welcome_without_features_fits_where_theirs_do_not(world: World) -> None:
    """RawSocket's shortest limit is 512 octets; the roles alone are announced then."""
    peer = world.raw_peer()
    takes_no_more_than(peer, 512)
    welcome = peer.hello().one()
    assert (welcome[0], welcome[2]["roles"]) == (WELCOME, {"broker": {}, "dealer": {}})
    assert peer.session.is_open


def test_who_cannot_be_welcomed_is_sent_away(world: World) -> None:
    """ABORT, and nobody hears that somebody came or went."""
    watcher, peer = world.peer(), world.raw_peer(identity=Identity(LONG, "user", "token"))
    watcher.subscribe("wamp.session.", match="prefix")
    takes_no_more_than(peer, 512)
    assert peer.hello().one() == [ABORT, {}, "wamp.error.invalid_payload"]
    assert is_over(peer)
    assert watcher.events() == []
    watcher.session.lost()
    world.check_empty()


def test_a_session_ends_when_its_identity_expires(world: World) -> None:
    """GOODBYE `wsecho.close.token_expired`; one that ended before expires no more."""
    expires = world.clock.now() + 60
    peers = [
        world.peer(identity=Identity("ann", "user", "token", expires=expires)) for _ in range(2)
    ]
    peers[1].session.lost()
    world.clock.move(59)
    assert peers[0].session.is_open
    world.clock.move(1)
    assert peers[0].one() == [
        GOODBYE,
        {"message": "the token has expired"},
        "wsecho.close.token_expired",
    ]
    peers[0].session.receive([GOODBYE, {}, "wamp.close.goodbye_and_out"])
    world.check_empty()


def test_a_session_is_closed_once(world: World) -> None:
    """A further reason changes nothing, and the first is the record's."""
    peer = world.peer()
    for reason in ("a.first", "a.second"):
        peer.session.close(reason)
    assert peer.one() == [GOODBYE, {}, "a.first"]
    world.clock.move(60)
    assert peer.ending.uri == "a.first"
    peer.session.close("a.third")
    assert peer.take() == []


def test_a_session_may_vanish_without_a_word(world: World) -> None:
    """Where its transport's end says it all; the transport is its owner's to close."""
    peer = world.peer()
    peer.session.vanish("wamp.close.system_shutdown")
    assert (peer.take(), peer.transport.closed) == ([], None)
    assert peer.ending.uri == "wamp.close.system_shutdown"
    world.check_empty()


def test_a_reason_that_is_too_long_is_replaced(world: World) -> None:
    """Somebody else may choose it (`wamp.session.kill`): the peer has its GOODBYE all the same."""
    killer, peer = world.peer(), world.peer()
    takes_no_more_than(peer, 512)
    killer.result("wamp.session.kill", peer.id, reason=LONG)
    assert peer.one() == [GOODBYE, {}, "wamp.close.normal"]


def test_a_transport_that_raises_at_the_end_ends_its_session() -> None:
    """Our GOODBYE and ABORT, too, must not harm anybody else."""
    world = World()
    closing, refused = world.peer(), world.raw_peer()

    def fail(_raw: list[Any]) -> bool:
        raise OSError("gone")

    for peer in (closing, refused):
        peer.transport.cannot_carry = fail
        peer.session.close()
        assert is_over(peer)
    assert len(world.faults) == 2
    assert not world.router.sessions
    assert not world.clock.waiting


def test_what_is_no_request_is_never_refused(world: World) -> None:
    """It has no id that an ERROR could name."""
    peer = world.peer()
    peer.session.refuse(Goodbye("a.b"), WampError("a.c"))
    assert peer.take() == []


def test_a_closing_session_hears_of_nothing_any_more(world: World) -> None:
    """What is sent to it is dropped: nothing follows a GOODBYE."""
    peer = world.peer()
    peer.session.close()
    peer.take()
    peer.session.send(published(1, 2))
    assert peer.take() == []


def test_what_comes_after_the_end_is_not_looked_at(world: World) -> None:
    """A transport may still hold what was read before."""
    peer = world.peer()
    peer.session.abort("a.b")
    peer.take()
    peer.session.receive([SUBSCRIBE, 1, {}, "com.a"])
    peer.session.receive("no message at all")
    assert peer.take() == []


def test_a_transport_may_have_a_request_refused(world: World) -> None:
    """It uses its id all the same, and what answers or ends something is let pass."""
    peer, error = world.peer(), WampError("wsecho.error.over_rate", "too fast")
    peer.session.receive([SUBSCRIBE, 1, {}, "com.a"], error)
    assert peer.one() == [ERROR, SUBSCRIBE, 1, {}, "wsecho.error.over_rate", ["too fast"]]
    peer.session.receive([SUBSCRIBE, 1, {}, "com.a"])
    assert peer.one()[0] == ABORT
    going = world.peer()
    going.session.receive([GOODBYE, {}, "wamp.close.close_realm"], error)
    assert going.one()[0] == GOODBYE


def test_who_cannot_even_be_told_the_reason_is_closed(world: World) -> None:
    """No form of a GOODBYE fits: the transport is closed when its time is over."""
    peer = world.peer()
    takes_no_more_than(peer, 5)
    peer.session.close()
    assert peer.take() == []
    world.clock.move(60)
    assert peer.transport.closed is not None


@pytest.mark.parametrize("extra", [None, {"since": 1}])
@pytest.mark.parametrize("most", [0, 65_536])
def test_a_welcome_says_how_large_a_message_may_be(most: int, extra: dict[str, Any] | None) -> None:
    """Beside what the authenticator says; not where the transport does not know."""
    identity = Identity("ann", "user", "token", authextra=extra)
    peer = World().raw_peer(max_message_size=most, identity=identity).hello()
    told = {**(extra or {}), **({"max_message_size": most} if most else {})}
    assert peer.one()[2].get("authextra", {}) == told


def test_a_session_is_renewed_until_another_time(world: World) -> None:
    """The time that it had counts no more; who it is to others stays."""
    now = world.clock.now()
    old = Identity("ann", "user", "token", expires=now + 10)
    peer = world.peer(identity=old)
    peer.session.renew(Identity("ann", "user", "token", grants="more", expires=now + 20))
    world.clock.move(15)
    assert peer.session.is_open
    assert peer.session.identity is not old
    world.clock.move(5)
    assert not peer.session.is_open
    peer.session.lost()
    world.check_empty()
