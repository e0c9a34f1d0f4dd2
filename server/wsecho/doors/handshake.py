# SPDX-License-Identifier: MIT
"""The opening handshake, in one place for all doors: which door, and what Autobahn is told."""

from typing import Final

from attrs import frozen
from autobahn.twisted.websocket import WebSocketServerProtocol

from wsecho.config import Config
from wsecho.core.deflate import Offer, choose
from wsecho.core.errors import NotFound
from wsecho.core.handshake import Upgrade, examine
from wsecho.core.names import DEFAULT_ROOM, parse_room
from wsecho.core.requests import RequestHead
from wsecho.doors import raw
from wsecho.doors.door import Door
from wsecho.doors.echo import Echo, first_offered
from wsecho.doors.raw import RawMember
from wsecho.doors.rooms import Rooms
from wsecho.doors.wamp.websocket import WampPeer, choose_form
from wsecho.doors.websocket import WebSocketFactory
from wsecho.router import Router

_BROADCAST: Final = "/broadcast"


@frozen
class Handshake:
    """Turns a request for a WebSocket into the protocol that speaks it.

    Args:
        config: the options in force.
        rooms: what the raw door leads into.
        router: what the WAMP door leads into.
        websockets: makes the protocols.
    """

    config: Config
    rooms: Rooms
    router: Router
    websockets: WebSocketFactory

    def accept(self, head: RequestHead, peer: str) -> tuple[WebSocketServerProtocol, bytes]:
        """Check a request and find its door.

        Args:
            head: the request.
            peer: the client's address, for logs.

        Returns:
            the protocol to connect, and the head to feed to it before what followed the
            client's own.

        Raises:
            WireError: the request is refused.
        """
        upgrade = examine(head)
        offer = choose(upgrade.extensions) if self.config.compression else None
        return self.websockets.build(self._door(upgrade, peer), offer), _head(upgrade, offer)

    def _door(self, upgrade: Upgrade, peer: str) -> Door:
        if upgrade.path in {"/", "/echo"}:
            # It holds nothing of anyone's, and a page opened from a file must reach it.
            return Echo(first_offered(upgrade), self.config.reply)
        head = upgrade.head
        self.config.origins.check(head.one("origin"), head.one("host"), head.one("sec-fetch-site"))
        if upgrade.path == "/ws":
            return WampPeer(self.router, choose_form(upgrade.subprotocols), peer)
        offers_raw = raw.SUBPROTOCOL in upgrade.subprotocols
        return RawMember(
            self.rooms,
            room_of(upgrade.path),
            upgrade.query.flag("self", default=True),
            raw.SUBPROTOCOL if offers_raw else None,
        )


def room_of(path: str) -> str:
    """Return the room that a path below `/broadcast` names.

    Raises:
        NotFound: the path is not one of a room.
        BadRequest: it is, but the name is malformed.
    """
    if path == _BROADCAST:
        return DEFAULT_ROOM
    before, slash, segment = path.rpartition("/")
    if before != _BROADCAST or not slash:
        raise NotFound("no WebSocket can be opened at this address")
    return parse_room(segment)


def _head(upgrade: Upgrade, offer: Offer | None) -> bytes:
    """Write the request that Autobahn gets to see.

    Only what the handshake's answer depends on, each field once: Autobahn refuses a field
    that stands twice, where RFC 6455 section 4.2.1 lets lists be split, and answers 400 to an
    extension's offer that RFC 7692 section 7.1 has a server decline.
    """
    lines = [
        "GET / HTTP/1.1",
        "Host: wsecho",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {upgrade.key}",
    ]
    if upgrade.subprotocols:
        lines.append(f"Sec-WebSocket-Protocol: {', '.join(upgrade.subprotocols)}")
    if offer is not None:
        lines.append(f"Sec-WebSocket-Extensions: {offer}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")
