# SPDX-License-Identifier: MIT
"""Who a peer is ("Authentication"), and what it may do ("Authorization")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.router.peers import (
    ABORT,
    AUTHENTICATE,
    CHALLENGE,
    ERROR,
    PUBLISH,
    SUBSCRIBE,
    World,
)
from wsecho.router import Challenge, Identity, WampError
from wsecho.router.model.access import TransportDetails
from wsecho.router.wire.requests import Hello

if TYPE_CHECKING:
    from wsecho.router import Session
    from wsecho.router.model.access import Action
    from wsecho.router.wire.uris import Match


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


class Grants:
    """Allows what stands in a set of action and URI."""

    def __init__(self, *allowed: tuple[str, str]) -> None:
        self.allowed = set(allowed)

    def allows(self, _session: Session, action: Action, uri: str, _match: Match) -> bool:
        """Look it up."""
        return (action, uri) in self.allowed

    def may_receive(self, _session: Session, topic: str) -> bool:
        """Look it up."""
        if topic == "broken":
            raise KeyError("secret")
        return ("subscribe", topic) in self.allowed


def test_what_is_not_granted_is_not_authorized() -> None:
    """Each of the four actions asks the authorizer."""
    peer = World(authorizer=Grants()).peer()
    for kind, options in (
        (SUBSCRIBE, {}),
        (PUBLISH, {"acknowledge": True}),
        (48, {}),
        (64, {}),
    ):
        answer = peer.ask(kind, options, "a.b")
        assert (answer[0], answer[4]) == (ERROR, "wamp.error.not_authorized")
    assert peer.refused("wamp.session.kill_all") == "wamp.error.not_authorized"


def test_a_pattern_delivers_only_what_is_granted() -> None:
    """Live and retained; an exact subscription was granted when it was made."""
    grants = Grants(
        *(("publish", "a"), ("publish", "b"), ("publish", "broken"), ("subscribe", "")),
        ("subscribe", "a"),
    )
    world = World(authorizer=grants)
    publisher, live, late = world.peer(), world.peer(), world.peer()
    live.subscribe("", match="prefix")
    for topic in ("a", "b", "broken"):
        publisher.publish(topic, topic, retain=True)
    late.subscribe("", match="prefix", get_retained=True)
    assert live.events() == late.events() == [[["a"]]]
    assert {type(fault) for fault in world.faults} == {KeyError}
