# SPDX-License-Identifier: MIT
"""Who may come in: a request's origin, token, address and name, looked at in one place."""

from collections.abc import Callable
from typing import Protocol

from attrs import field, frozen

from wsecho.access.claims import Claims
from wsecho.access.hosts import Hosts
from wsecho.access.presented import presented_token
from wsecho.access.proxies import Proxies, Sender
from wsecho.core.http.handshake import Query, wants_websocket
from wsecho.core.http.origins import Origins
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.callers import Caller, check_secret
from wsecho.core.wire.errors import BadRequest, BadToken, Unauthorized
from wsecho.core.wire.grants import NOTHING


class Gate(Protocol):
    """Lets requests in, or says why not."""

    def sender(self, head: RequestHead, peer: str) -> Sender:
        """Find out where a request came from; every door asks, the echo too.

        Args:
            head: the request.
            peer: the address at the other end of the connection.

        Raises:
            BadRequest: a header stands twice, or a trusted proxy passes on two stories.
        """

    def check_origin(self, head: RequestHead, sender: Sender) -> None:
        """Let a page's request pass.

        Args:
            head: the request.
            sender: where it came from.

        Raises:
            Forbidden: it is another origin's page.
        """

    def admit(
        self, head: RequestHead, query: Query, sender: Sender, *, needs_token: bool = True
    ) -> Caller:
        """Find out who sends a request to something that holds what is others'.

        Args:
            head: the request.
            query: its query.
            sender: where it came from.
            needs_token: False where the caller may still show who it is (WAMP's HELLO); without
                a token it is then granted nothing, while a bad one is refused all the same.

        Raises:
            Unauthorized: a valid token is missing.
            BadRequest: the client names itself badly, or presents two tokens.
        """

    def refresh(self, caller: Caller, token: str) -> Caller:
        """Read the fresh token of somebody who is here.

        Raises:
            Unauthorized: the token is bad, or another's.
        """


@frozen
class OpenGate:
    """Lets everybody in: no tokens are asked for.

    Args:
        origins: whose pages may come.
        proxies: whom to believe about senders.
        hosts: by which names pages may call this server.
    """

    origins: Origins
    proxies: Proxies = field(factory=Proxies)
    hosts: Hosts = field(factory=Hosts)

    def sender(self, head: RequestHead, peer: str) -> Sender:
        """Ask the proxies."""
        return self.proxies.sender(head, peer)

    def check_origin(self, head: RequestHead, sender: Sender) -> None:
        """Let a page's request pass."""
        origin = head.one("origin")
        self.hosts.check(origin, sender, is_websocket=wants_websocket(head))
        self.origins.check(origin, sender.host, head.one("sec-fetch-site"))

    def admit(
        self, head: RequestHead, query: Query, sender: Sender, *, needs_token: bool = True
    ) -> Caller:
        """Take everybody for what he says that he is."""
        return Caller(sender.address, secret=check_secret(query.parameter("member")))

    def refresh(self, caller: Caller, token: str) -> Caller:
        """Say that this means nothing here.

        Raises:
            BadRequest: always.
        """
        raise BadRequest("this server asks for no tokens")


@frozen
class TokenGate:
    """Lets in who presents a valid token.

    Args:
        outer: looks at what is no matter of tokens.
        read: verifies a token; raises `BadToken`.
    """

    outer: OpenGate
    read: Callable[[str], Claims]

    def sender(self, head: RequestHead, peer: str) -> Sender:
        """Ask the proxies."""
        return self.outer.sender(head, peer)

    def check_origin(self, head: RequestHead, sender: Sender) -> None:
        """Let a page's request pass."""
        self.outer.check_origin(head, sender)

    def admit(
        self, head: RequestHead, query: Query, sender: Sender, *, needs_token: bool = True
    ) -> Caller:
        """Take somebody for what the token says.

        Raises:
            Unauthorized: there is none, and one is needed.
            BadToken: it is not valid.
            BadRequest: the query's `member` is no secret.
        """
        token = presented_token(head, query)
        if token is None and needs_token:
            raise Unauthorized(
                "a token is needed: as Authorization: Bearer, as ?token= or, for a WebSocket, as "
                "the subprotocol wsecho.token.<jwt> beside another"
            )
        anybody = self.outer.admit(head, query, sender)
        if token is None:
            return Caller(anybody.address, NOTHING, secret=anybody.secret)
        return caller_of(self.read(token), anybody.address, anybody.secret)

    def refresh(self, caller: Caller, token: str) -> Caller:
        """Read a fresh token, which must be for the same one.

        Raises:
            BadToken: it is not valid, or for another.
            BadRequest: it was no token that said who that is.
        """
        if caller.is_vouched_for:
            raise BadRequest("the application says who you are here: no token changes that")
        claims = self.read(token)
        if claims.sub != caller.sub:
            raise BadToken("the token is for another sub")
        return caller_of(claims, caller.address, caller.secret)


def caller_of(claims: Claims, address: str, secret: str | None = None) -> Caller:
    """Return whom a token's claims make of somebody."""
    return Caller(
        *(address, claims.grants, claims.sub, claims.name, claims.expires, secret), claims.whole
    )
