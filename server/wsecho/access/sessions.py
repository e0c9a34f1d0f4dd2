# SPDX-License-Identifier: MIT
"""WAMP sessions under tokens: who a peer is, and what it may do.

A token in the transport's handshake counts; else the peer's HELLO is answered with a challenge for
a `ticket`, which is a token, or by WAMP-CRA ("Authentication", specification).
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from wsecho.access.claims import Claims
from wsecho.access.wampcra import Logins, sign_challenge
from wsecho.core.rooms.callers import Caller
from wsecho.core.rooms.rules import RoomRules
from wsecho.core.wire.errors import BadRequest, BadToken
from wsecho.core.wire.grants import NOTHING, Grants
from wsecho.core.wire.names import parse_room
from wsecho.core.wire.timestamps import rfc3339
from wsecho.core.wire.topics import PRESENCE_PREFIX, ROOM_PREFIX
from wsecho.router import Challenge, Identity, Requester, TransportDetails, WampError
from wsecho.router.model.access import Action
from wsecho.router.wire.errors import (
    AUTHENTICATION_DENIED,
    AUTHENTICATION_REQUIRED,
    INVALID_ARGUMENT,
    NOT_AUTHORIZED,
)
from wsecho.router.wire.requests import Hello
from wsecho.router.wire.uris import Match, may_reach

_PROVIDER: Final = "wsecho"
_NONCE_BYTES: Final = 16
BY_APPLICATION: Final = "application"
"""The `authmethod` of a session of which an application said who that is."""

# They ask for nothing, or look at the caller's grants themselves: `wsecho.members` and
# `wsecho.publish` at those for the room, Event History at those for its subscription, testaments at
# those for their topic; `wsecho.token` brings others.
_UNGUARDED: Final = {
    "wsecho.echo",
    "wsecho.members",
    "wsecho.publish",
    "wsecho.token",
    "wamp.subscription.get_events",
    "wamp.session.add_testament",
    "wamp.session.flush_testaments",
}


def identity_of(caller: Caller) -> Identity | None:
    """Return who a handshake's caller is to the router; None for one that showed no token."""
    if caller.expires is None:
        return None
    claims = Claims(caller.grants, caller.sub, caller.name, caller.expires, whole=caller.claims)
    return identity_by(claims, "token")


def identity_by(claims: Claims, method: str) -> Identity:
    """Return who claims make of somebody, and how they were shown."""
    # One whose token names nobody is told apart from others all the same.
    authid = claims.sub or secrets.token_hex(_NONCE_BYTES)
    role = "user" if claims.sub else "anonymous"
    return Identity(authid, role, method, _PROVIDER, grants=claims, expires=claims.expires)


def claims_of(session: Requester) -> Claims | None:
    """Return what a session's token said; None where no tokens are asked for."""
    claims = session.identity.grants if session.identity is not None else None
    return claims if isinstance(claims, Claims) else None


class Held(Protocol):
    """A subscription or a registration."""

    @property
    def uri(self) -> str:
        """What it is to."""

    @property
    def match(self) -> Match:
        """By which policy."""


class Holder(Requester, Protocol):
    """An open session, with what it holds, by id."""

    @property
    def subscriptions(self) -> Mapping[int, Held]:
        """What it subscribed to."""

    @property
    def registrations(self) -> Mapping[int, Held]:
        """What it registered."""


@frozen
class TokenAuthenticator:
    """Lets in who has a token, or a login.

    Args:
        read: verifies a token; raises `BadToken`.
        logins: who may come by WAMP-CRA; asked anew each time, for they can be read again.
        now: the time, Unix seconds.
    """

    read: Callable[[str], Claims]
    logins: Callable[[], Logins]
    now: Callable[[], float]

    def authenticate(self, hello: Hello, details: TransportDetails) -> Identity | Challenge:
        """Answer a HELLO.

        Raises:
            WampError: there is no token, or one for somebody else.
        """
        if details.identity is not None:
            return self._checked(details.identity, hello)
        for method in hello.authmethods:
            if method == "ticket":
                return Challenge(method, {}, lambda ticket, _: self._by_ticket(ticket, hello))
            if method == "wampcra" and self.logins() and hello.authid:
                return self._by_wampcra(hello.authid, hello)
        raise WampError(
            AUTHENTICATION_REQUIRED,
            "a token is needed: in the transport's handshake, or by the authmethod ticket",
        )

    def refresh(self, session: Holder, token: str) -> Identity:
        """Read a fresh token, which must be for the same one, and allow what it holds.

        Args:
            session: one that is open.
            token: as it was presented.

        Returns:
            Who it is from now on.

        Raises:
            WampError: the token is bad, or for another, or allows too little.
        """
        known, old = session.identity, claims_of(session)
        assert known is not None and old is not None  # noqa: S101, PT018  # it was let in
        if known.authmethod == BY_APPLICATION:
            reason = "the application says who you are here: no token changes that"
            raise WampError(INVALID_ARGUMENT, reason)
        claims = self._read(token)
        if claims.sub != old.sub:
            raise WampError(AUTHENTICATION_DENIED, "the token is for another sub")
        held: tuple[tuple[Action, Iterable[Held]], ...] = (
            ("subscribe", session.subscriptions.values()),
            ("register", session.registrations.values()),
        )
        for action, each in ((action, each) for action, found in held for each in found):
            if not _allows(claims.grants, action, each.uri, each.match):
                reason = f"the token does not allow to {action} {each.uri!r}, which you have"
                raise WampError(NOT_AUTHORIZED, reason)
        return evolve(known, grants=claims, expires=claims.expires)

    def _by_ticket(self, ticket: str, hello: Hello) -> Identity:
        return self._checked(identity_by(self._read(ticket), "ticket"), hello)

    def _read(self, token: str) -> Claims:
        try:
            return self.read(token)
        except BadToken as error:
            raise WampError(AUTHENTICATION_DENIED, error.reason) from None

    def _by_wampcra(self, authid: str, hello: Hello) -> Challenge:
        challenge = json.dumps(
            {
                "authid": authid,
                "authrole": "user",
                "authmethod": "wampcra",
                "authprovider": _PROVIDER,
                "nonce": secrets.token_urlsafe(_NONCE_BYTES),
                "timestamp": rfc3339(self.now()),
            }
        )
        login = self.logins().get(authid)
        # Whoever does not exist is challenged all the same: guessing names is no use.
        secret = login.secret if login is not None else secrets.token_urlsafe(_NONCE_BYTES)

        def verify(signature: str, _extra: dict[str, Any]) -> Identity:
            given = signature.encode(errors="replace")
            good = secrets.compare_digest(given, sign_challenge(secret, challenge))
            if login is None or not good:
                raise WampError(AUTHENTICATION_DENIED, "no such authid, or a wrong signature")
            return self._checked(identity_by(login.claims, "wampcra"), hello)

        return Challenge("wampcra", {"challenge": challenge}, verify)

    def _checked(self, identity: Identity, hello: Hello) -> Identity:
        claims = identity.grants
        assert isinstance(claims, Claims)  # noqa: S101  # as `identity_by` makes them
        if hello.authid is not None and hello.authid != claims.sub:
            raise WampError(AUTHENTICATION_DENIED, "the authid is not the token's sub")
        try:
            claims.check_time(self.now())
        except BadToken as error:
            raise WampError(AUTHENTICATION_DENIED, error.reason) from None
        return identity


@frozen
class TokenAuthorizer:
    """Lets a session do what its token grants.

    Rooms, and who is in them, go by the grants for rooms; everything else by URI prefixes.

    Args:
        rules: in which rooms only those may publish who may operate them.
        of_nobody: what a session may do that has shown nothing.
    """

    _rules: RoomRules
    _of_nobody: Grants = NOTHING

    def allows(self, session: Requester, action: Action, uri: str, match: Match) -> bool:
        """Tell whether a request is allowed.

        A pattern may be subscribed to where it reaches anything granted; what it delivers is
        looked at event by event (`may_receive`).
        """
        grants = self._grants(session)
        if not _allows(grants, action, uri, match):
            return False
        return action != "publish" or self._may_say(grants, uri)

    def _may_say(self, grants: Grants, topic: str) -> bool:
        _, room = room_of_topic(topic)
        if room is None or self._rules.of(room).publish == "clients":
            return True
        return grants.may("operate", room)

    def may_receive(self, session: Requester, topic: str) -> bool:
        """Tell whether an event may go to a session through a pattern."""
        return _may_subscribe(self._grants(session), topic)

    def _grants(self, session: Requester) -> Grants:
        claims = claims_of(session)
        return claims.grants if claims is not None else self._of_nobody


def _allows(grants: Grants, action: Action, uri: str, match: Match) -> bool:
    if action == "subscribe" and match != "exact":
        return _reaches_granted(grants, uri, match)
    if action == "subscribe":
        return _may_subscribe(grants, uri)
    if action == "publish":
        return _may_publish(grants, uri)
    if action == "call":
        return uri in _UNGUARDED or grants.may_wamp("call", uri)
    return grants.may_wamp("register", _certain(uri, match))


def _may_subscribe(grants: Grants, topic: str) -> bool:
    is_rooms, room = room_of_topic(topic)
    if is_rooms:
        return room is not None and grants.may("join", room)
    return grants.may_wamp("subscribe", topic)


def _may_publish(grants: Grants, topic: str) -> bool:
    is_rooms, room = room_of_topic(topic)
    if is_rooms:
        # Who comes and goes is ours alone to say.
        is_presence = topic.startswith(PRESENCE_PREFIX)
        return room is not None and not is_presence and grants.may("publish", room)
    return grants.may_wamp("publish", topic)


@lru_cache(maxsize=4096)
def room_of_topic(topic: str) -> tuple[bool, str | None]:
    """Tell whether a topic is a room's, and which room's; None where no room has that name."""
    for prefix in (ROOM_PREFIX, PRESENCE_PREFIX):
        if topic.startswith(prefix):
            try:
                return True, parse_room(topic.removeprefix(prefix))
            except BadRequest:
                return True, None
    return False, None


def _reaches_granted(grants: Grants, pattern: str, match: Match) -> bool:
    reaches_rooms = any(may_reach(pattern, match, p) for p in (ROOM_PREFIX, PRESENCE_PREFIX))
    if reaches_rooms and grants.rooms["join"]:
        return True
    certain = _certain(pattern, match)
    return any(
        certain.startswith(prefix) or prefix.startswith(certain)
        for prefix in grants.wamp["subscribe"]
    )


def _certain(pattern: str, match: Match) -> str:
    """Return what every URI under a pattern begins with."""
    if match != "wildcard":
        return pattern
    certain = ""
    for component in pattern.split("."):
        if not component:
            return certain
        certain += component + "."
    return certain.removesuffix(".")
