# SPDX-License-Identifier: MIT
"""The opening handshake, in one place for all doors: which door, and what is agreed."""

from functools import partial
from typing import Final, TypeAlias

from attrs import evolve, frozen

from wsecho.access.proxies import Sender
from wsecho.access.sessions import identity_of
from wsecho.config.config import Config
from wsecho.core.http.handshake import Upgrade, examine
from wsecho.core.http.queries import RoomQuery
from wsecho.core.http.requests import RequestHead
from wsecho.core.lab.chain import is_lab
from wsecho.core.limits.admissions import Place
from wsecho.core.promise import Later, rescue, when
from wsecho.core.rooms import vocabulary
from wsecho.core.rooms.callers import Caller
from wsecho.core.websocket.deflate import choose
from wsecho.core.wire.errors import Forbidden, NotFound, Unauthorized, WireError
from wsecho.core.wire.names import DEFAULT_ROOM, parse_room
from wsecho.doors.gate import Gate
from wsecho.doors.lab.connection import LabConnection
from wsecho.doors.lab.lab import Lab, first_but_token
from wsecho.doors.wamp.inbox import RateLimitedInbox
from wsecho.doors.wamp.waiting import SendBacklog
from wsecho.doors.wamp.websocket import WampPeer, choose_form
from wsecho.doors.websocket import raw
from wsecho.doors.websocket.connection import WebSocketConnection, WebSocketFactory
from wsecho.doors.websocket.door import Door
from wsecho.doors.websocket.echo import Echo
from wsecho.doors.websocket.framed import FramedMember
from wsecho.doors.websocket.opened import Agreed
from wsecho.doors.websocket.raw import AskedRawMember, RawMember
from wsecho.doors.websocket.refusal import Refusal
from wsecho.fanout.asking import Asking
from wsecho.fanout.reader_spec import ReaderSpec
from wsecho.fanout.rooms import Rooms
from wsecho.hooks import Door as VisitDoor
from wsecho.router import Router
from wsecho.server.state import ServerState

Opened: TypeAlias = WebSocketConnection | LabConnection
"""What a connection is given to."""

_BROADCAST: Final = "/broadcast"
_KNOWN: Final = {raw.SUBPROTOCOL, vocabulary.SUBPROTOCOL}


@frozen
class Handshake:
    """Turns a request for a WebSocket into the protocol that speaks it.

    Args:
        config: the options in force.
        gate: says who may come in.
        rooms: what the rooms' doors lead into.
        router: what the WAMP door leads into.
        websockets: makes the protocols.
        lab: what the lab's addresses lead into.
        asking: asks the applications; None where there is nobody to ask.
    """

    config: Config
    gate: Gate
    rooms: Rooms
    router: Router
    websockets: WebSocketFactory
    lab: Lab
    asking: Asking | None = None

    @property
    def state(self) -> ServerState:
        """What all doors share."""
        return self.websockets.state

    def accept(self, head: RequestHead, sender: Sender, place: Place) -> Later[Opened]:
        """Check a request and find its door.

        Args:
            head: the request.
            sender: where it came from.
            place: the connection's own.

        Returns:
            the protocol to connect, which answers, and to give what followed the head; later,
            where the room has to be asked for.

        Raises:
            WireError: the request is refused.
        """
        try:
            upgrade = examine(head)
        except WireError as error:
            self.lab.note_refused(head, error)
            raise
        self.state.connections.check()
        place.belongs_to(sender.address)
        if is_lab(upgrade.path):
            return self.lab.connect(upgrade, sender)
        if upgrade.path in {"/", "/echo"}:
            # It holds nothing of anyone's, and a page opened from a file must reach it.
            echo = Echo(first_but_token(upgrade), self.config.reply)
            return self._open(upgrade, (echo, Caller(sender.address)))
        self.gate.check_origin(upgrade.head, sender)
        refused = partial(self._refuse, upgrade, sender)
        try:
            found = self._find(upgrade, sender)
            return rescue(when(found, partial(self._open, upgrade)), refused)
        except (Unauthorized, Forbidden) as error:
            return refused(error)

    def _find(self, upgrade: Upgrade, sender: Sender) -> Later[tuple[Door, Caller]]:
        if upgrade.path == "/ws":
            return self._wamp(upgrade, sender)
        return self._room(upgrade, room_of(upgrade.path), sender)

    def _open(self, upgrade: Upgrade, found: tuple[Door, Caller]) -> Later[Opened]:
        offer = choose(upgrade.extensions) if self.config.compression else None
        door, caller = found

        def build(_: None) -> Opened:
            deflate = None if offer is None else offer.agree(keeps_window=door.keeps_window)
            agreed = Agreed(upgrade.key, door.subprotocol, door.greet(), deflate)
            return self.websockets.build(door, caller, agreed)

        return when(door.prepare(), build)

    def _refuse(self, upgrade: Upgrade, sender: Sender, error: WireError) -> Later[Opened]:
        """Refuse somebody, in a way that a page can read.

        Raises:
            WireError: the same, where no page asks, or it is no refusal.
        """
        if not isinstance(error, Unauthorized | Forbidden) or upgrade.head.one("origin") is None:
            raise error
        refusal = Refusal(error, first_but_token(upgrade))
        return self._open(upgrade, (refusal, Caller(sender.address)))

    def _wamp(self, upgrade: Upgrade, sender: Sender) -> tuple[Door, Caller]:
        form = choose_form(upgrade.subprotocols)
        caller = self.gate.admit(upgrade.head, upgrade.query, sender, needs_token=False)
        config, stats = self.config, self.state.stats
        door = WampPeer(
            self.router,
            form,
            caller.address,
            RateLimitedInbox(config.rates, self.websockets.reactor, stats),
            SendBacklog(config.send_queue, self.state.room_rules, stats),
            config.max_message_size,
            identity_of(caller),
            None if self.asking is None else self.asking.visit(upgrade.head, caller, "wamp"),
        )
        # The session ends itself, with GOODBYE.
        return door, evolve(caller, expires=None)

    def _room(self, upgrade: Upgrade, room: str, sender: Sender) -> Later[tuple[Door, Caller]]:
        caller = self.gate.admit(upgrade.head, upgrade.query, sender)
        asking = self.asking
        if asking is None:
            return self._room_door(upgrade, room, caller, self.rooms), caller
        door: VisitDoor = "v1" if _subprotocol(upgrade) == vocabulary.SUBPROTOCOL else "raw"
        visit = asking.visit(upgrade.head, caller, door)

        def go_on(known: Caller) -> tuple[Door, Caller]:
            rooms = asking.rooms_of(visit, known)
            return self._room_door(upgrade, room, known, rooms), known

        return when(asking.connect(visit, caller), go_on)

    def _room_door(self, upgrade: Upgrade, room: str, caller: Caller, rooms: Rooms) -> Door:
        query = RoomQuery.read(upgrade.query)
        caller.grants.check("join", room)
        spec = self._spec(rooms, room, query, caller)
        subprotocol = _subprotocol(upgrade)
        if subprotocol == vocabulary.SUBPROTOCOL:
            return FramedMember(spec, self.gate)
        kind = RawMember if self.asking is None else AskedRawMember
        return kind(spec, subprotocol)

    def _spec(self, rooms: Rooms, room: str, query: RoomQuery, caller: Caller) -> ReaderSpec:
        config = self.config
        return ReaderSpec(
            *(rooms, room, query, caller),
            *(config.send_queue, config.max_message_size),
        )


def _subprotocol(upgrade: Upgrade) -> str | None:
    """Return the client's first that is known of rooms."""
    return next((name for name in upgrade.subprotocols if name in _KNOWN), None)


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
