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
    CHALLENGE,
    ERROR,
    GOODBYE,
    HELLO,
    PUBLISH,
    RESULT,
    SUBSCRIBE,
    SUBSCRIBED,
    WELCOME,
    YIELD,
    Recorder,
    World,
    is_over,
)
from wsecho.router import Challenge, Identity, SessionState, WampError
from wsecho.router.model.access import TransportDetails
from wsecho.router.wire.requests import Hello


def test_hello_is_answered_with_welcome(world: World) -> None:
    """HELLO → WELCOME with a session id, the realm, and an anonymous identity of its own."""
    [first, second] = [world.raw_peer().hello().one() for _ in range(2)]
    kind, session, details = first
    assert (kind, details["realm"]) == (WELCOME, "realm1")
    assert 1 <= session <= 2**53
    assert details["authrole"] == details["authmethod"] == "anonymous"
    assert details["authid"] != second[2]["authid"]


def test_welcome_announces_exactly_what_works(world: World) -> None:
    """The features of WELCOME, no more and no less; no Event History without an owner."""
    roles = world.raw_peer().hello().one()[2]["roles"]
    assert {role: set(roles[role]["features"]) for role in roles} == {
        "broker": {
            *("publisher_identification", "pattern_based_subscription", "session_meta_api"),
            *("subscription_meta_api", "subscriber_blackwhite_listing", "publisher_exclusion"),
            "event_retention",
        },
        "dealer": {
            *("caller_identification", "pattern_based_registration", "session_meta_api"),
            *("registration_meta_api", "shared_registration", "call_timeout", "call_canceling"),
            *("progressive_call_results", "progressive_call_invocations", "testament_meta_api"),
        },
    }
    assert all(on is True for role in roles.values() for on in role["features"].values())


def test_an_unknown_realm_is_aborted(world: World) -> None:
    """ABORT `wamp.error.no_such_realm`, and the transport is closed."""
    peer = world.raw_peer().hello("nowhere")
    assert peer.one()[2] == "wamp.error.no_such_realm"
    assert peer.transport.closed is not None
    assert peer.ending.by == "refusal"


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


@pytest.mark.parametrize("second", [1, 4, 5])
def test_request_ids_must_not_go_back(world: World, second: int) -> None:
    """Backwards or repeated is a protocol violation."""
    peer = world.peer()
    peer.send([SUBSCRIBE, 5, {}, "a.b"])
    [abort] = peer.send([CALL, second, {}, "wamp.session.count"])
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")


def test_a_gap_in_request_ids_is_let_pass(world: World) -> None:
    """AutobahnJS leaves one where a request fails before it is sent."""
    peer = world.peer()
    answers = peer.send([SUBSCRIBE, 1, {}, "a.b"], [SUBSCRIBE, 70, {}, "a.c"])
    assert [raw[:2] for raw in answers] == [[SUBSCRIBED, 1], [SUBSCRIBED, 70]]


def test_a_refused_request_uses_its_id(world: World) -> None:
    """An id that was answered with ERROR cannot come again."""
    peer = world.peer()
    [error] = peer.send([SUBSCRIBE, 1, {}, "a..b"])
    assert error[:3] == [ERROR, SUBSCRIBE, 1]
    [abort] = peer.send([SUBSCRIBE, 1, {}, "a.b"])
    assert abort[0] == ABORT


def test_unordered_transports_may_send_ids_in_any_order(world: World) -> None:
    """Unbatched long-poll: any order, but never twice."""
    peer = world.peer(ordered=False)
    requests: list[Any] = [[SUBSCRIBE, number, {}, "a.b"] for number in (3, 1, 2)]
    assert [raw[1] for raw in peer.send(*requests)] == [3, 1, 2]
    assert peer.send([SUBSCRIBE, 2, {}, "a.b"])[0][0] == ABORT


@pytest.mark.parametrize(
    ("raw", "uri"),
    [
        ([SUBSCRIBE, 1, {}, "a..b"], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {}, ""], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {"match": "prefix"}, "a..b"], "wamp.error.invalid_uri"),
        ([SUBSCRIBE, 1, {"match": "regex"}, "a.b"], "wamp.error.invalid_argument"),
        ([64, 1, {}, "a..b"], "wamp.error.invalid_uri"),
        ([64, 1, {"invoke": "all"}, "a.b"], "wamp.error.invalid_argument"),
        ([64, 1, {"match": "glob"}, "a.b"], "wamp.error.invalid_argument"),
        ([CALL, 1, {}, "a.b\n"], "wamp.error.invalid_uri"),
        ([CALL, 1, {"timeout": -1}, "a.b"], "wamp.error.invalid_argument"),
        ([49, 1, {"mode": "murder"}], "wamp.error.invalid_argument"),
        ([PUBLISH, 1, {"acknowledge": True}, "a#b"], "wamp.error.invalid_uri"),
    ],
)
def test_a_wrong_uri_or_option_is_an_error_and_the_session_goes_on(
    world: World, raw: list[Any], uri: str
) -> None:
    """ERROR for that request; the next one is served."""
    peer = world.peer()
    [error] = peer.send(raw)
    assert error[:5] == [ERROR, raw[0], 1, {}, uri]
    assert peer.send([CALL, 2, {}, "wamp.session.count"]) == [[RESULT, 2, {}, [1]]]


@pytest.mark.parametrize(
    "raw",
    [
        [SUBSCRIBE, 1, {}, 7],
        [SUBSCRIBE, 1, {"get_retained": "yes"}, "a.b"],
        [PUBLISH, 1, {"retain": 1}, "a"],
        # The type counts first, whatever else is wrong.
        [PUBLISH, 1, {"exclude": ["x"]}, "a..b"],
        [CALL, 1, {"match": 7, "timeout": -1, "progress": 0}, "a..b"],
        [64, 1, {"match": "glob", "disclose_caller": "no"}, "a.b"],
        [GOODBYE, {}, 7],
        [3, [], "wamp.close.normal"],
    ],
)
def test_a_wrong_type_breaks_the_protocol(world: World, raw: list[Any]) -> None:
    """Only a string can be an invalid URI, and only what an option may be an invalid argument."""
    peer, other = world.peer(), world.peer()
    [abort] = peer.send(raw)
    assert (abort[0], abort[2]) == (ABORT, "wamp.error.protocol_violation")
    assert is_over(peer)
    assert other.result("wamp.session.count") == 1


def test_an_unacknowledged_publish_is_refused_in_silence(world: World) -> None:
    """Nobody waits for the ERROR: Autobahn would take it for a protocol violation."""
    peer = world.peer()
    raws = [[PUBLISH, 1, {}, "a..b"], [PUBLISH, 2, {}, "wamp.x"]]
    assert peer.send(*raws) == []
    assert peer.session.is_open


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


def test_closing_the_router_says_goodbye_to_all(world: World) -> None:
    """Open sessions get GOODBYE, those that are not open yet ABORT."""
    early, peer = world.raw_peer(), world.peer()
    world.router.close()
    assert early.one()[::2] == [ABORT, "wamp.close.system_shutdown"]
    assert peer.one() == [GOODBYE, {}, "wamp.close.system_shutdown"]


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


def test_a_fault_of_a_procedure_is_not_told() -> None:
    """What our own procedures raise becomes `wamp.error.runtime_error`, without a word of it."""
    world = World()

    def broken(_call: object) -> Any:
        raise ValueError("secret")

    world.realm.provide("wsecho.broken", broken)
    peer = world.peer()
    assert peer.call("wsecho.broken") == [ERROR, CALL, 1, {}, "wamp.error.runtime_error"]
    assert peer.session.is_open
    assert len(world.faults) == 1


def test_whole_floats_and_null_options_are_let_pass(world: World) -> None:
    """Wampy's binary serializers write 1.0 for 1, and null or `undefined` for what is left out."""
    cbor2 = pytest.importorskip("cbor2")
    peer = world.peer()
    undefined = cbor2.undefined
    answers = peer.send(
        [32.0, 1.0, {"match": None, "get_retained": undefined}, "a.b"],
        [SUBSCRIBE, 2, undefined, "a.b"],
        [CALL, 3.0, {"timeout": undefined}, "wamp.session.count", None, undefined],
        [34, 4, 1.0],
    )
    assert answers == [[33, 1, 1], [33, 2, 1], [RESULT, 3, {}, [1]], [35, 4]]


def test_unknown_options_are_ignored(world: World) -> None:
    """What the specification may come to mean one day does no harm."""
    assert world.peer().subscribe("a.b", x_magic=True, nkey=[1]) == 1


class Doorkeeper:
    """Asks for a word, twice if it is `again`."""

    def authenticate(self, hello: Hello, details: TransportDetails) -> Identity | Challenge:
        """Answer a HELLO."""
        if details.identity is not None:
            return details.identity
        if "ticket" not in hello.authmethods:
            raise WampError("wamp.error.authentication_required", "a ticket, please")
        return Challenge("ticket", {}, lambda word, _: self.verify(word, hello))

    def verify(self, word: str, hello: Hello) -> Identity | Challenge:
        """Answer an AUTHENTICATE."""
        if word == "again":
            return Challenge("ticket", {"again": True}, lambda word, _: self.verify(word, hello))
        if word != "open":
            raise WampError("wamp.error.authentication_denied")
        return Identity(hello.authid or "ann", "user", "ticket", "doorkeeper", {"since": 1})


def test_a_challenge_that_is_met_opens_the_session() -> None:
    """HELLO → CHALLENGE → AUTHENTICATE → WELCOME, also in two rounds."""
    world = World(authenticator=Doorkeeper())
    peer = world.raw_peer().hello(authmethods=["ticket"], authid="joe")
    assert peer.one() == [CHALLENGE, "ticket", {}]
    assert peer.send([AUTHENTICATE, "again", {}]) == [[CHALLENGE, "ticket", {"again": True}]]
    [welcome] = peer.send([AUTHENTICATE, "open", {}])
    told = ("authid", "authrole", "authmethod", "authprovider", "authextra")
    assert [welcome[2][key] for key in told] == [
        "joe",
        "user",
        "ticket",
        "doorkeeper",
        {"since": 1},
    ]


def test_a_challenge_that_is_not_met_is_aborted() -> None:
    """ABORT with the authenticator's reason; no message but AUTHENTICATE is taken meanwhile."""
    world = World(authenticator=Doorkeeper())
    denied, eager, anonymous = (world.raw_peer() for _ in range(3))
    denied.hello(authmethods=["ticket"])
    assert denied.send([AUTHENTICATE, "wrong"])[0][2] == "wamp.error.authentication_denied"
    eager.hello(authmethods=["ticket"])
    assert eager.send([SUBSCRIBE, 1, {}, "a"])[0][2] == "wamp.error.protocol_violation"
    anonymous.hello()
    assert anonymous.one()[2] == "wamp.error.authentication_required"
    world.check_empty()


def test_what_the_transport_knows_needs_no_challenge() -> None:
    """A token in the handshake is identity enough."""
    world = World(authenticator=Doorkeeper())
    assert world.known("joe").session.authid == "joe"


def test_a_fault_of_the_authenticator_is_not_told() -> None:
    """ABORT `wamp.error.runtime_error`."""

    class Broken:
        def authenticate(self, _hello: Hello, _details: TransportDetails) -> Identity:
            raise KeyError("secret")

    world = World(authenticator=Broken())
    peer = world.raw_peer().hello()
    assert peer.one() == [ABORT, {"message": "the router failed"}, "wamp.error.runtime_error"]
    assert len(world.faults) == 1


def test_realms_are_apart(world: World) -> None:
    """Sessions of different realms neither see nor reach one another."""
    world.router.add_realm("other")
    here, there = world.peer(), world.raw_peer().hello("other")
    there.take()
    there.subscribe("a.b")
    here.publish("a.b", 1)
    assert there.events() == []
    assert here.result("wamp.session.list") == [here.id]


def test_a_text_that_cannot_be_carried_is_left_out(world: World) -> None:
    """GOODBYE and ABORT go out without their message rather than not at all."""
    peer = world.peer()
    peer.transport.cannot_carry = lambda raw: raw[0] == GOODBYE and bool(raw[1])
    peer.session.close("a.b", "\ud800")
    assert peer.one() == [GOODBYE, {}, "a.b"]


def test_a_recorder_is_a_transport() -> None:
    """The double that these tests use has the seam's shape."""
    assert Recorder().details.ordered
