# SPDX-License-Identifier: MIT
"""Who may come in: a request's origin, token, address and name, looked at in one place."""

from typing import Final, Protocol

from attrs import frozen

from wsecho.core.callers import Caller, check_secret
from wsecho.core.errors import BadRequest
from wsecho.core.handshake import Query
from wsecho.core.origins import Origins
from wsecho.core.requests import RequestHead

TOKEN_SUBPROTOCOL: Final = "wsecho.token."  # noqa: S105  # no password, but what begins one
"""What begins a subprotocol that carries a token; it is never the one chosen."""


class Gate(Protocol):
    """Lets requests in, or says why not."""

    def address(self, head: RequestHead, peer: str) -> str:
        """Return the address of the client that a request comes from, as far as it can be trusted.

        Args:
            head: the request.
            peer: the address at the other end of the connection, which may be a proxy's.
        """

    def check_origin(self, head: RequestHead) -> None:
        """Let a page's request pass.

        Raises:
            Forbidden: it is another origin's page.
        """

    def admit(self, head: RequestHead, query: Query, peer: str) -> Caller:
        """Find out who sends a request to something that holds what is others'.

        Args:
            head: the request.
            query: its query.
            peer: the address at the other end of the connection.

        Raises:
            Unauthorized: a valid token is missing.
            BadRequest: the client names itself badly.
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
    """

    origins: Origins

    def address(self, head: RequestHead, peer: str) -> str:
        """Believe the connection alone."""
        return peer

    def check_origin(self, head: RequestHead) -> None:
        """Let a page's request pass."""
        self.origins.check(head.one("origin"), head.one("host"), head.one("sec-fetch-site"))

    def admit(self, head: RequestHead, query: Query, peer: str) -> Caller:
        """Take everybody for what he says that he is."""
        return Caller(peer, secret=check_secret(query.parameter("member")))

    def refresh(self, caller: Caller, token: str) -> Caller:
        """Say that this means nothing here."""
        raise BadRequest("this server asks for no tokens")
