# SPDX-License-Identifier: MIT
"""WAMP under tokens: who comes in, what is granted, and the end when a token expires."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, field
from autobahn.wamp.auth import compute_wcs

from tests.support.tokens import ED, NOW, OTHER_ED, key, token
from tests.unit.router.peers import (
    ABORT,
    AUTHENTICATE,
    CALL,
    CHALLENGE,
    ERROR,
    EVENT,
    GOODBYE,
    PUBLISH,
    REGISTER,
    REGISTERED,
    SUBSCRIBE,
    SUBSCRIBED,
    WELCOME,
    HandClock,
    Peer,
    World,
    with_rooms,
)
from wsecho.access.claims import Claims
from wsecho.access.sessions import TokenAuthenticator, TokenAuthorizer, identity_of
from wsecho.access.tokens import verify
from wsecho.access.wampcra import Logins, read_logins
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.rules import RoomRules

DENIED = "wamp.error.authentication_denied"
REQUIRED = "wamp.error.authentication_required"
NOT_AUTHORIZED = "wamp.error.not_authorized"
LOGINS = read_logins(b"""
[ann]
secret = "ann's long secret"
name = "Ann"
rooms = { join = ["team-*"] }
[late]
secret = "late's long secret"
exp = 1_699_999_999
""")


@define
class Guarded:
    """A world with tokens."""

    clock: HandClock = field(factory=HandClock)
    logins: Logins = field(factory=lambda: LOGINS)
    world: World = field(init=False)

    def __attrs_post_init__(self) -> None:
        authenticator = TokenAuthenticator(self.read, lambda: self.logins, self.clock.now)
        self.world, _ = with_rooms(
            authenticator=authenticator, authorizer=TokenAuthorizer(RoomRules())
        )
        self.world.router.clock = self.clock

    def read(self, text: str) -> Claims:
        """Verify a token."""
        return verify(text, [key(ED)], self.clock.now())

    def peer(self, **claims: Any) -> Peer:
        """An open session whose handshake had a token."""
        claims = self.read(token(**claims))  # type: ignore[assignment]
        peer = self.shown(claims)
        peer.hello()
        assert peer.one()[0] == WELCOME
        return peer

    def shown(self, claims: Any) -> Peer:
        """A peer that has shown a token in its handshake."""
        caller = Caller("x", claims.grants, claims.sub, claims.name, claims.expires)
        return self.world.raw_peer(identity=identity_of(caller))

    def asked(self, **details: Any) -> Any:
        """What answers the HELLO of a peer that has shown none."""
        peer = self.world.raw_peer()
        peer.hello(**details)
        return peer, peer.one()


@pytest.fixture
def guarded() -> Guarded:
    """A world with tokens."""
    return Guarded()


# -- who comes in


def test_a_token_in_the_handshake(guarded: Guarded) -> None:
    """HELLO may leave the authid out; it becomes the token's sub."""
    peer = guarded.shown(guarded.read(token(sub="ann")))
    peer.hello()
    details = peer.one()[2]
    assert (details["authid"], details["authrole"]) == ("ann", "user")
    assert (details["authmethod"], details["authprovider"]) == ("token", "wsecho")


def test_a_token_without_sub(guarded: Guarded) -> None:
    """The session gets an authid that nobody else has."""
    one, two = guarded.peer(), guarded.peer()
    assert one.session.authrole == "anonymous"
    assert one.session.authid != two.session.authid


@pytest.mark.parametrize("sub", ["bob", ...])
def test_another_authid_than_the_sub(guarded: Guarded, sub: Any) -> None:
    """Nobody takes another's name."""
    peer = guarded.shown(guarded.read(token(sub=sub)))
    peer.hello(authid="ann")
    assert peer.one()[::2] == [ABORT, DENIED]


def test_a_handshake_that_is_old_by_its_hello(guarded: Guarded) -> None:
    """The token counts when the session opens, not when the socket did."""
    peer = guarded.shown(guarded.read(token(exp=NOW + 5)))
    guarded.clock.move(5)
    peer.hello()
    assert peer.one()[::2] == [ABORT, DENIED]


@pytest.mark.parametrize("methods", [[], ["anonymous"], ["scram", "cookie"], ["wampcra"]])
def test_nothing_to_show(guarded: Guarded, methods: list[str]) -> None:
    """ABORT says that it is needed. WAMP-CRA needs an authid."""
    _, answer = guarded.asked(authmethods=methods)
    assert answer[::2] == [ABORT, REQUIRED]


def test_a_ticket(guarded: Guarded) -> None:
    """Is a token."""
    peer, answer = guarded.asked(authmethods=["anonymous", "ticket"], authid="ann")
    assert answer == [CHALLENGE, "ticket", {}]
    [welcome] = peer.send([AUTHENTICATE, token(sub="ann"), {}])
    assert (welcome[0], welcome[2]["authmethod"]) == (WELCOME, "ticket")


@pytest.mark.parametrize(
    "ticket",
    [
        *("", "x", token(OTHER_ED, sub="ann"), token(sub="bob"), token(sub="ann", exp=NOW)),
        token(sub="ann", rooms={"join": "*"}),
    ],
)
def test_a_bad_ticket(guarded: Guarded, ticket: str) -> None:
    """ABORT, and no word of it in the reason."""
    peer, _ = guarded.asked(authmethods=["ticket"], authid="ann")
    [answer] = peer.send([AUTHENTICATE, ticket, {}])
    assert answer[::2] == [ABORT, DENIED]
    assert not ticket or ticket not in str(answer[1])


def cra(guarded: Guarded, authid: str, secret: str) -> Any:
    """Log in by WAMP-CRA; the answer."""
    peer, answer = guarded.asked(authmethods=["wampcra"], authid=authid)
    assert answer[:2] == [CHALLENGE, "wampcra"]
    signature = compute_wcs(secret.encode(), answer[2]["challenge"].encode()).decode()
    [answer] = peer.send([AUTHENTICATE, signature, {}])
    return answer


def test_wamp_cra(guarded: Guarded) -> None:
    """By the secrets file; each challenge is another."""
    welcome = cra(guarded, "ann", "ann's long secret")
    assert welcome[2]["authid"] == "ann"
    challenges = {
        guarded.asked(authmethods=["wampcra"], authid="ann")[1][2]["challenge"] for _ in range(2)
    }
    assert len(challenges) == 2


@pytest.mark.parametrize(
    ("authid", "secret"),
    [("ann", "another secret"), ("nobody", ""), ("late", "late's long secret"), ("\ud800", "x")],
)
def test_wamp_cra_refused(guarded: Guarded, authid: str, secret: str) -> None:
    """A name that does not exist is challenged like one that does."""
    assert cra(guarded, authid, secret)[::2] == [ABORT, DENIED]


def test_a_signature_that_is_none(guarded: Guarded) -> None:
    """Whatever characters it has."""
    peer, _ = guarded.asked(authmethods=["wampcra"], authid="ann")
    assert peer.send([AUTHENTICATE, "\ud800é", {}])[0][::2] == [ABORT, DENIED]


def test_without_a_file_there_is_no_wamp_cra(guarded: Guarded) -> None:
    """The next method is asked for."""
    guarded.logins = {}
    _, answer = guarded.asked(authmethods=["wampcra", "ticket"], authid="ann")
    assert answer[1] == "ticket"


# -- what is granted


def outcome(peer: Peer, kind: int, uri: str, **options: Any) -> Any:
    """The error of a request, None where it was done."""
    options = {"acknowledge": True, **options} if kind == PUBLISH else options
    answer = peer.ask(kind, options, uri)
    return answer[4] if answer is not None and answer[0] == ERROR else None


def test_rooms_go_by_their_grants(guarded: Guarded) -> None:
    """Join to subscribe, publish to publish, whatever the spelling."""
    peer = guarded.peer(rooms={"join": ["team-*"], "publish": ["team-2"]})
    assert outcome(peer, SUBSCRIBE, "wsecho.room.team-1") is None
    assert outcome(peer, SUBSCRIBE, "wsecho.room.te%61m-1") is None
    assert outcome(peer, SUBSCRIBE, "wsecho.room.other") == NOT_AUTHORIZED
    assert outcome(peer, SUBSCRIBE, "wsecho.room.%6fther") == NOT_AUTHORIZED
    assert outcome(peer, PUBLISH, "wsecho.room.team-1") == NOT_AUTHORIZED
    assert outcome(peer, PUBLISH, "wsecho.room.team-2") is None


def test_presence_goes_by_join(guarded: Guarded) -> None:
    """And nobody publishes it."""
    peer = guarded.peer(
        rooms={"join": ["team-*"], "publish": ["*"]},
        wamp={"subscribe": ["wsecho."], "publish": ["wsecho."]},
    )
    assert outcome(peer, SUBSCRIBE, "wsecho.presence.team-1") is None
    assert outcome(peer, SUBSCRIBE, "wsecho.presence.other") == NOT_AUTHORIZED
    assert outcome(peer, PUBLISH, "wsecho.presence.team-1") == NOT_AUTHORIZED
    assert outcome(peer, CALL, "wsecho.members") != NOT_AUTHORIZED


@pytest.mark.parametrize(
    ("kind", "action"),
    [(SUBSCRIBE, "subscribe"), (PUBLISH, "publish"), (CALL, "call"), (REGISTER, "register")],
)
def test_everything_else_goes_by_prefixes(guarded: Guarded, kind: int, action: str) -> None:
    """Of the string; grants for rooms mean nothing there."""
    peer = guarded.peer(wamp={action: ["com.app.", "com.b"]})
    for uri in ("com.app.x", "com.b", "com.bc.d"):
        assert outcome(peer, kind, uri) != NOT_AUTHORIZED
    for uri in ("com.app", "com.other", "org.com.app.x", "wsecho.rooms"):
        assert outcome(peer, kind, uri) == NOT_AUTHORIZED
    assert outcome(guarded.peer(), kind, "com.app.x") == NOT_AUTHORIZED


def test_the_meta_api_needs_call(guarded: Guarded) -> None:
    """Killing others above all; what looks at the grants itself does not."""
    other = guarded.peer()
    peer = guarded.peer()
    for name in ("kill", "kill_by_authid", "kill_by_authrole", "kill_all", "list", "get", "count"):
        assert peer.refused(f"wamp.session.{name}", other.id) == NOT_AUTHORIZED
    assert peer.refused("wamp.subscription.get_events", 1) == "wamp.error.no_such_subscription"
    assert peer.call("wsecho.echo")[4] == "wamp.error.no_such_procedure"
    killer = guarded.peer(wamp={"call": ["wamp.session.kill"]})
    assert killer.call("wamp.session.kill", other.id)[0] != ERROR
    assert other.one()[0] == GOODBYE


def test_a_testament_is_looked_at_when_it_is_made(guarded: Guarded) -> None:
    """Nobody speaks by dying where he may not speak."""
    peer = guarded.peer(rooms={"publish": ["a"]})
    assert peer.call("wamp.session.add_testament", "wsecho.room.a", ["x"], {})[0] != ERROR
    assert peer.refused("wamp.session.add_testament", "wsecho.room.b", ["x"], {}) == NOT_AUTHORIZED


@pytest.mark.parametrize(
    ("uri", "match"), [("wsecho.room.", "prefix"), ("", "prefix"), ("wsecho..", "wildcard")]
)
def test_a_pattern_delivers_what_is_granted(guarded: Guarded, uri: str, match: str) -> None:
    """Live, event by event."""
    peer = guarded.peer(rooms={"join": ["team-*"]}, wamp={"subscribe": ["com.app."]})
    speaker = guarded.peer(wamp={"publish": [""]})
    peer.subscribe(uri, match=match)
    for topic in ("wsecho.room.team-1", "wsecho.room.other", "com.app.x", "com.other"):
        speaker.publish(topic, topic)
    wanted = ["wsecho.room.team-1"] + (["com.app.x"] if uri == "" else [])
    assert [event[0][0] for event in peer.events()] == wanted


def test_a_pattern_that_reaches_nothing_granted(guarded: Guarded) -> None:
    """Is refused as a whole."""
    peer = guarded.peer(rooms={"publish": ["*"]}, wamp={"subscribe": ["com.app."]})
    assert outcome(peer, SUBSCRIBE, "wsecho.room.", match="prefix") == NOT_AUTHORIZED
    assert outcome(peer, SUBSCRIBE, "org", match="prefix") == NOT_AUTHORIZED
    assert outcome(peer, SUBSCRIBE, "com.", match="prefix") is None
    assert outcome(peer, SUBSCRIBE, "com.app.x", match="prefix") is None
    assert outcome(peer, SUBSCRIBE, "com..x", match="wildcard") is None
    assert outcome(peer, SUBSCRIBE, "org..x", match="wildcard") == NOT_AUTHORIZED


def test_a_pattern_is_registered_where_all_of_it_is_granted(guarded: Guarded) -> None:
    """It takes others' calls."""
    peer = guarded.peer(wamp={"register": ["com.app."]})
    assert outcome(peer, REGISTER, "com.app.", match="prefix") is None
    assert outcome(peer, REGISTER, "com.", match="prefix") == NOT_AUTHORIZED
    assert outcome(peer, REGISTER, "com..x", match="wildcard") == NOT_AUTHORIZED
    assert peer.ask(REGISTER, {"match": "wildcard"}, "com.app..x")[0] == REGISTERED


def test_the_past_of_anothers_subscription(guarded: Guarded) -> None:
    """Its id is no grant."""
    one = guarded.peer(rooms={"join": ["a"]})
    other = guarded.peer(rooms={"join": ["b"]})
    number = one.subscribe("wsecho.room.a")
    assert one.call("wamp.subscription.get_events", number)[0] != ERROR
    assert other.refused("wamp.subscription.get_events", number) == NOT_AUTHORIZED


# -- its end


def test_goodbye_when_the_token_expires(guarded: Guarded) -> None:
    """At that very moment, with the reason; the session is left at once."""
    peer = guarded.peer(exp=NOW + 60)
    answer = peer.ask(SUBSCRIBE, {}, "wsecho.room.a")
    assert answer[0] == SUBSCRIBED
    guarded.clock.move(59.9)
    assert not peer.take()
    guarded.clock.move(0.1)
    assert peer.one() == [
        GOODBYE,
        {"message": "the token has expired"},
        "wsecho.close.token_expired",
    ]
    guarded.peer(rooms={"publish": ["*"]}).publish("wsecho.room.a", "x")
    assert EVENT not in [raw[0] for raw in peer.take()]
    peer.send([GOODBYE, {}, "wamp.close.goodbye_and_out"])
    assert peer.transport.closed is not None
    assert peer.transport.closed.uri == "wsecho.close.token_expired"


def test_a_session_that_ends_before_its_token(guarded: Guarded) -> None:
    """Leaves no clock running."""
    peer = guarded.peer(exp=NOW + 60)
    peer.session.lost()
    assert not guarded.clock.waiting


def test_a_login_lasts(guarded: Guarded) -> None:
    """Where its table has no `exp`."""
    assert cra(guarded, "ann", "ann's long secret")[0] == WELCOME
    assert not guarded.clock.waiting
