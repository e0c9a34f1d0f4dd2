# SPDX-License-Identifier: MIT
"""Who a peer is, and what it may do: where to come in with tickets, WAMP-CRA and tokens.

By default everybody is anonymous, under a random authid, and may do everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import field, frozen

from wsecho.core.promise import Later
from wsecho.router.wire.audience import Receiver

if TYPE_CHECKING:
    from wsecho.router.wire.ids import Random
    from wsecho.router.wire.requests import Hello
    from wsecho.router.wire.uris import Match

Action = Literal["subscribe", "publish", "call", "register"]


@frozen
class Identity:
    """Who a session is, as WELCOME and the session meta API tell it.

    Attributes:
        authid: the name that others see.
        authrole: the role that others see.
        authmethod: how that was found out.
        authprovider: who found it out.
        authextra: for WELCOME alone.
        grants: whatever the `Authorizer` wants to remember; never sent.
        expires: Unix seconds when the session ends, None for never.
    """

    authid: str
    authrole: str
    authmethod: str
    authprovider: str = "static"
    authextra: dict[str, Any] | None = None
    grants: object = field(default=None, repr=False)
    expires: float | None = None


@frozen
class Challenge:
    """A question to a peer whose HELLO is not enough.

    Attributes:
        method: CHALLENGE.AuthMethod.
        extra: CHALLENGE.Extra.
        verify: given AUTHENTICATE's signature and extra, who that is, or a further challenge;
            raises `WampError`, whose URI is ABORT's reason.
    """

    method: str
    extra: dict[str, Any]
    verify: Callable[[str, dict[str, Any]], Identity | Challenge] = field(repr=False)


@frozen
class TransportDetails:
    """What is known of a peer before its HELLO.

    Attributes:
        kind: `websocket`, `rawsocket`, `longpoll`, `sse`: what others see of it.
        peer: the address, for logs; not told to other sessions.
        ordered: False where messages may overtake one another (unbatched long-poll): request ids
            may then come in any order, but never twice.
        identity: who the peer is, where the transport has found that out already (a token in the
            handshake); its HELLO then needs no CHALLENGE.
        max_message_size: octets of the largest message, or batch, that is taken from the peer, as
            it is told in WELCOME; 0 where nothing is to be told.
        more: whatever else the door's own authenticator wants to see.
    """

    kind: str
    peer: str = ""
    ordered: bool = True
    identity: Identity | None = None
    max_message_size: int = 0
    more: dict[str, Any] = field(factory=dict)


class Authenticator(Protocol):
    """Decides who a peer is ("Authentication")."""

    def authenticate(self, hello: Hello, details: TransportDetails) -> Identity | Challenge:
        """Answer a HELLO.

        Raises:
            WampError: refused; the URI is ABORT's reason
                (`wamp.error.authentication_required`, `wamp.error.authentication_denied`).
        """


class Requester(Receiver, Protocol):
    """Who asks, as an `Authorizer` looks at it: a session that is or was open."""

    @property
    def identity(self) -> Identity | None:
        """Who that is."""


class Authorizer(Protocol):
    """Decides what a session may do ("Authorization")."""

    def allows(self, session: Requester, action: Action, uri: str, match: Match) -> bool:
        """Whether the request is allowed; if not, it is `wamp.error.not_authorized`."""

    def may_receive(self, session: Requester, topic: str) -> bool:
        """Whether an event of `topic` may go to `session` through a pattern subscription."""


Admit = Callable[[Identity, TransportDetails], Later[Identity]]
"""Decides whether somebody who is known may be here, and as whom; fails with `WampError`, whose
URI is ABORT's reason."""


class Anonymous:
    """Takes everyone: what the transport knows, else an anonymous one with a random authid."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def authenticate(self, _hello: Hello, details: TransportDetails) -> Identity:
        """Answer a HELLO."""
        if details.identity is not None:
            return details.identity
        return Identity(f"{self._random.getrandbits(128):032x}", "anonymous", "anonymous")
