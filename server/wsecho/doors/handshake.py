# SPDX-License-Identifier: MIT
"""The opening handshake, in one place for all doors: which door, and what Autobahn is told."""

from collections.abc import Callable
from typing import Final

from attrs import frozen
from autobahn.twisted.websocket import WebSocketServerProtocol

from wsecho.config import Config
from wsecho.core.deflate import Offer, choose
from wsecho.core.errors import NotFound
from wsecho.core.handshake import Upgrade, examine
from wsecho.core.names import DEFAULT_ROOM, parse_room
from wsecho.core.requests import RequestHead
from wsecho.core.rooms import Hub
from wsecho.doors import raw
from wsecho.doors.door import Door
from wsecho.doors.echo import Echo, first_offered
from wsecho.doors.raw import RawMember
from wsecho.doors.websocket import WebSocketFactory

_BROADCAST: Final = "/broadcast"


@frozen
class Handshake:
    """Turns a request for a WebSocket into the protocol that speaks it.

    Args:
        config: the options in force.
        hub: all rooms.
        websockets: makes the protocols.
        seconds: the clock.
    """

    config: Config
    hub: Hub[RawMember]
    websockets: WebSocketFactory
    seconds: Callable[[], float]

    def accept(self, head: RequestHead) -> tuple[WebSocketServerProtocol, bytes]:
        """Check a request and find its door.

        Returns:
            the protocol to connect, and the head to feed to it before what followed the
            client's own.

        Raises:
            WireError: the request is refused.
        """
        upgrade = examine(head)
        offer = choose(upgrade.extensions) if self.config.compression else None
        return self.websockets.build(self._door(upgrade), offer), _head(upgrade, offer)

    def _door(self, upgrade: Upgrade) -> Door:
        if upgrade.path in {"/", "/echo"}:
            return Echo(first_offered(upgrade), self.config.reply)
        offers_raw = raw.SUBPROTOCOL in upgrade.subprotocols
        return RawMember(
            self.hub,
            room_of(upgrade.path),
            upgrade.flag("self", default=True),
            raw.SUBPROTOCOL if offers_raw else None,
            self.seconds,
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
