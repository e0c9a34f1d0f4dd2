# SPDX-License-Identifier: MIT
"""How a peer comes to a realm: what it names in its HELLO, and how it shows who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from wsecho.router.model.access import Challenge
from wsecho.router.model.states import SessionState
from wsecho.router.wire import requests
from wsecho.router.wire.errors import ProtocolViolationError

if TYPE_CHECKING:
    from wsecho.router.model.access import Identity, TransportDetails
    from wsecho.router.model.hosts import HomeRealm, SessionHost
    from wsecho.router.wire.requests import Request

S = TypeVar("S")


class Opening(Generic[S]):
    """What is said before a session is open ("Session Establishment").

    Args:
        host: knows the realms.
        details: what is known of the peer by its transport.

    Attributes:
        realm: the realm that was named in HELLO, None before.
        hello: that HELLO.
    """

    __slots__ = ("_challenge", "_details", "_host", "hello", "realm")

    def __init__(self, host: SessionHost[S], details: TransportDetails) -> None:
        self._host = host
        self._details = details
        self._challenge: Challenge | None = None
        self.realm: HomeRealm[S] | None = None
        self.hello: requests.Hello | None = None

    def take(self, request: Request, state: SessionState) -> Identity | Challenge:
        """Take HELLO or AUTHENTICATE.

        Args:
            request: what came.
            state: where the session stands.

        Returns:
            Who the peer is, or what it has to answer before that is known.

        Raises:
            WampError: it is not let in.
            ProtocolViolationError: it is neither of both, or not its turn.
        """
        if isinstance(request, requests.Hello) and state is SessionState.WAITING:
            outcome = self._take_hello(request)
        elif isinstance(request, requests.Authenticate) and self._challenge is not None:
            outcome = self._challenge.verify(request.signature, request.extra)
        else:
            raise ProtocolViolationError(f"unexpected message while {state.value}")
        self._challenge = outcome if isinstance(outcome, Challenge) else None
        return outcome

    def _take_hello(self, hello: requests.Hello) -> Identity | Challenge:
        self.realm, self.hello = self._host.realm(hello.realm), hello
        return self.realm.authenticator.authenticate(hello, self._details)
