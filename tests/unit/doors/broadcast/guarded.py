# SPDX-License-Identifier: MIT
"""A server whose rooms over HTTP ask for a word, as real ones ask for a token."""

from typing import Any

from attrs import define

from tests.unit.doors.harness import Server
from wsecho.access.proxies import Sender
from wsecho.core.http.handshake import Query
from wsecho.core.http.requests import RequestHead
from wsecho.core.rooms.callers import Caller, check_secret
from wsecho.core.wire.errors import Unauthorized
from wsecho.core.wire.grants import Grants
from wsecho.doors.broadcast.resource import Broadcast

ANN = Caller(
    "192.0.2.1:1",
    Grants.of_claims({"rooms": {"join": ["team-*"], "publish": ["team-*"], "operate": ["*"]}}),
    sub="ann",
    name="Ann",
    expires=100.0,
)
BOB = Caller("192.0.2.2:1", Grants.of_claims({"rooms": {"join": ["*"]}}), sub="bob", name="Bob")


@define
class Doorkeeper:
    """Knows Ann and Bob by what stands in `Authorization`."""

    def check_origin(self, head: RequestHead, *_: Any) -> None:
        """Let every page pass."""

    def sender(self, head: RequestHead, peer: str) -> Any:
        """Say what nobody asks here."""

    def admit(self, head: RequestHead, query: Query, sender: Sender, **_: Any) -> Caller:
        """Look who it is."""
        known = {"Bearer ann": ANN, "Bearer bob": BOB}.get(head.one("authorization") or "")
        if known is None:
            raise Unauthorized("a token is needed")
        secret = check_secret(query.parameter("member"))
        return Caller(
            known.address, known.grants, known.sub, known.name, known.expires, secret=secret
        )

    def refresh(self, caller: Caller, token: str) -> Caller:
        """Know nothing of that."""
        raise Unauthorized("no")


def guarded() -> Server:
    """A server with a doorkeeper at its rooms' HTTP doors."""
    server = Server()
    server.root.putChild(
        b"broadcast",
        Broadcast(server.config, Doorkeeper(), server.rooms, server.state, server.clock),
    )
    return server
