# SPDX-License-Identifier: MIT
"""What a bus is to the rooms, and what the rooms are to a bus.

A room that is *current here* has all its history in this process's `Hub`, and whatever is said in
it, in this process or another, comes to the `BusListener` in the room's order. `attach` makes it
current; the bus lets go of a room by itself some time after its last member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from wsecho.bus.measures import Measures
    from wsecho.core.events.batches import EventsRead
    from wsecho.core.limits.backpressure import Backpressure
    from wsecho.core.promise import Later
    from wsecho.core.rooms.leases import Claim
    from wsecho.core.rooms.presence import Card, Change
    from wsecho.core.rooms.retries import Keyed, Receipt
    from wsecho.core.rooms.room import Delivery, PublishRequest
    from wsecho.core.rooms.wills import Will
    from wsecho.core.wire.nodes import NodeAddress
    from wsecho.core.wire.positions import Position


class BusListener(Protocol):
    """Takes what a bus brings. It is called in each room's order."""

    def on_publication(self, room: str, delivery: Delivery[Any], origin: Any) -> None:
        """Give a message, which stands in the hub already, to its audience.

        Args:
            room: the room's name.
            delivery: the message, and who gets it.
            origin: what `Bus.publish` was given, None where it was said in another process.
        """

    def renew(self, room: str, position: Position) -> None:
        """Tell a room's members that its epoch has changed; what follows stands behind this."""

    def skip(self, room: str, epoch: str, after: int, upto: int) -> None:
        """Tell a room's members that the messages between two offsets are gone."""

    def announce(self, room: str, change: Change, but: Any = None) -> None:
        """Tell a room's members, but for one, that somebody came or went."""


class Directory(Protocol):
    """The nodes of all machines; each keeps its entry alive while it lives."""

    def enter(self, node: str, address: NodeAddress, /) -> None:
        """Say where this node is reached by others."""

    def find(self, node: str, /) -> Later[NodeAddress | None]:
        """Find a node; None for one that is gone, or never was.

        Raises:
            WireError: that cannot be told now; the result may be one too.
        """


class EventSource(Protocol):
    """What a queue of events asks of this process."""

    def tells(self, room: str) -> frozenset[str]:
        """Return which events of a room are told."""

    def inside(self) -> Iterable[tuple[str, Card]]:
        """List who is in a room here of which comings and goings are told, as `enter` takes it."""

    def woken(self) -> None:
        """Take note that there may be something to read where nothing was."""


class EventQueue(Protocol):
    """The events that wait to be told, of all nodes, in one order.

    Of all that share it one leads: it alone reads and takes.
    """

    def enter(self, room: str, card: Card) -> None:
        """Note that somebody is in a room here; twice is no harm.

        Args:
            room: its name.
            card: who; one whose id is empty stands for all who are there, where nobody is seen.
        """

    def leave(self, room: str, card: Card) -> None:
        """Note that somebody is in a room here no more; it is no harm if he was not."""

    def sweep(self, *, closes: bool = False) -> None:
        """Find which rooms are vacated, if this node leads.

        Args:
            closes: whether nobody comes any more: then, in a process of its own, all are.
        """

    def lead(self, lost: Callable[[], None]) -> Later[None]:
        """Be the one that tells.

        Args:
            lost: called where another is.

        Raises:
            HeldError: another node is; the result may be that too.
            BusUnavailable: the others cannot be asked now; the result may be that too, or
                `BusTimeout`.
        """

    def cede(self) -> None:
        """Let another node tell."""

    def read(self, listener: str) -> Later[EventsRead]:
        """Read what waits for a listener: for a batch at least, where there is as much.

        Raises:
            HeldError: another node leads; the result may be that too.
            BusUnavailable: they cannot be read now; the result may be that too, or `BusTimeout`.
        """

    def take(self, listener: str, last: int, *, is_told: bool) -> Later[None]:
        """Note that a listener has taken all up to a number, or will not be told it any more.

        Raises:
            HeldError, BusUnavailable: as `read`.
        """

    def renew(self) -> None:
        """Put right what is known of who is in rooms here: others may be told of by now."""

    @property
    def outlives(self) -> bool:
        """Whether what waits is told by others when this process is gone."""


class Bus(Protocol):
    """Carries a room's messages between processes, and what they have to tell one another.

    All that it cannot do now it refuses with `BusUnavailable`; what it does not know the end of
    fails with `BusTimeout`.
    """

    @property
    def node(self) -> str:
        """This process's name among the nodes; another after each start."""

    @property
    def measures(self) -> Measures | None:
        """What is counted; None where there is nothing to count."""

    @property
    def is_up(self) -> bool:
        """Whether what it needs is there."""

    @property
    def is_away(self) -> bool:
        """Whether what it needs is not there, and is not awaited for the first time either."""

    @property
    def speaks_locally(self) -> bool:
        """Whether this process goes on alone while the others cannot be reached."""

    @property
    def node_ttl(self) -> float:
        """Seconds after which a node that is silent is taken for dead."""

    @property
    def directory(self) -> Directory | None:
        """Where nodes are reached; None where there is but one."""

    @property
    def keeps(self) -> bool:
        """Whether what is kept of a subject outlives this process."""

    def __len__(self) -> int:
        """Count the rooms that it follows elsewhere."""

    @property
    def pressure(self) -> Backpressure | None:
        """Holds back who says more while too much is on its way; None where nothing ever is."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Let go of all."""

    def check_health(self) -> None:
        """See to it that messages get through.

        Raises:
            BusUnavailable: they do not.
        """

    def listen(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Hear what any node says on a subject, this one included, in one order.

        What is logged while this node is cut off is heard behind what else is said just after;
        all else that is said meanwhile is lost: see `watch_nodes`.

        Args:
            subject: a word; each has one listener.
            heard: takes it.
        """

    def broadcast(self, subject: str, payload: bytes) -> None:
        """Say something to all nodes, if they can be reached."""

    def announce(self, subject: str, payload: bytes) -> Later[None]:
        """Say something to all nodes that are there, and know that it was said.

        Raises:
            BusUnavailable: it cannot be said now; the result may be that too, or `BusTimeout`.
        """

    def broadcast_logged(
        self, subject: str, payload: bytes, keep: str | None = None, will: Will | None = None
    ) -> Later[bool]:
        """Say something to all nodes, and know that it was said.

        A node that is cut off hears it once it is back, unless it was away for longer than a node
        lives without a sign.

        Args:
            subject: as for `listen`; each that listens hears it in the one order of its subject.
            payload: what.
            keep: the name under which it is kept for those who come later, in the same step.
            will: what is carried out by this, in the same step.

        Returns:
            Whether it was said: not where the will had been carried out before.

        Raises:
            BusUnavailable: it cannot be said now; the result may be that too, or `BusTimeout`.
        """

    def send_to(self, node: str, subject: str, payload: bytes) -> Later[bool]:
        """Say something to one node, in one order with all that this one says.

        Returns:
            Whether it is there and listens.

        Raises:
            BusUnavailable: it cannot be said now; the result may be that too, or `BusTimeout`.
        """

    def catch_up(self) -> Later[None]:
        """Hear first what had been said, on any subject, before this was called.

        Raises:
            BusUnavailable: it cannot be known now; the result may be that too, or `BusTimeout`.
        """

    def keep(self, subject: str, name: str, payload: bytes) -> None:
        """Keep something of a subject under a name, if the others can be reached.

        What is kept outlives its node; all of it goes some time after the last node.
        """

    def drop(self, subject: str, names: Sequence[str]) -> None:
        """Keep it no longer, if the others can be reached."""

    def kept(self, subject: str) -> Later[dict[str, bytes]]:
        """Read what is kept of a subject.

        Raises:
            BusUnavailable: it cannot be read now; the result may be that too, or `BusTimeout`.
        """

    def bequeath(self, subject: str, name: str, payload: bytes) -> Later[None]:
        """Have something carried out once this node is dead, by one that lives.

        Args:
            subject: who is to `inherit` it.
            name: which of this node's wills it is; they are carried out in the order of names.
            payload: what.

        Raises:
            BusUnavailable: it cannot be kept now; the result may be that too, or `BusTimeout`.
        """

    def revoke(self, subject: str, names: Sequence[str]) -> None:
        """Take wills of this node back, at once or when the others can be reached."""

    def inherit(self, subject: str, heir: Callable[[Will, bytes], Later[object]]) -> None:
        """Carry out what nodes left that are dead.

        Args:
            subject: which of their wills.
            heir: takes a will; it is given again until it is spent.
        """

    def is_spent(self, subject: str, will: Will) -> Later[bool]:
        """Tell whether a will was carried out, or taken back.

        Raises:
            BusUnavailable: it cannot be known now; the result may be that too, or `BusTimeout`.
        """

    def spend(self, subject: str, will: Will) -> None:
        """Note that a will was carried out."""

    def claim(self, claim: Claim, lost: Callable[[], None]) -> Later[int]:
        """Hold a place among all nodes, until it is ceded or this node is dead.

        To claim again what one holds changes nothing.

        Args:
            claim: which, and how.
            lost: called if others hold it after all, once this node was taken for dead, or what
                it had claimed was forgotten, or was claimed while nobody could be asked.

        Returns:
            Its rank: all holders of a place are ordered by it.

        Raises:
            HeldError: others hold it alone, or under another rule; the result may be that too.
            BusUnavailable: they cannot be asked now; the result may be that too, or `BusTimeout`.
        """

    def cede(self, place: str, holder: str, node: str | None = None) -> None:
        """Take a claim back, or that of another node, if that is dead."""

    def take_turn(self, place: str) -> Later[int]:
        """Count up from 0 at a place, together with all other nodes, while it is held.

        Raises:
            BusUnavailable: they cannot be asked now; the result may be that too, or `BusTimeout`.
        """

    def watch_nodes(self, changed: Callable[[frozenset[str]], None]) -> None:
        """Be told which nodes live, this one included, at once and whenever that changes.

        It is told too, whether or not it changed, when this node is cut off from the others, of
        whom it then knows nothing, and again when it is back. A node that is new here may have
        missed all that was said before: so it is with each after this node itself was cut off.
        """

    def open_events(self, listeners: Sequence[str], source: EventSource) -> EventQueue:
        """Have what happens wait for those who are told, from now on.

        Args:
            listeners: their names; each has its own place.
            source: what is asked of this process.
        """

    def attach(self, room: str, after: Position | None = None) -> Later[None]:
        """Make a room current here, a place that is to be resumed included.

        Args:
            room: its name, checked.
            after: a place that somebody wants to go on from; where the room does not reach it
                here, it is looked up before anybody is told that it is gone.

        Returns:
            None where there is nothing to wait for.

        Raises:
            OverLimit: there are too many rooms.
            BusUnavailable: it cannot be asked now.
        """

    def hold(self, room: str) -> None:
        """Hear of a room, its messages and its members, though nobody here is in it."""

    def release(self, room: str) -> None:
        """Take one `hold` back."""

    def follow_rooms(self, *, all_rooms: bool) -> Later[None]:
        """Hear of every room there is, or of those again that somebody here is in.

        Of a room that is not current here the listener is told what is told elsewhere, and
        nothing that was missed.

        Returns:
            when all that is said from then on is heard; None where that is so at once.

        Raises:
            BusUnavailable: it cannot be heard now; it is once it can.
        """

    def publish(self, room: str, said: PublishRequest, sender: Any, origin: Any) -> Later[Receipt]:
        """Say something in a room.

        Args:
            room: its name, checked.
            said: what.
            sender: the member of this process that speaks, None where it is none.
            origin: handed on to the listener, in this process alone.

        Raises:
            KeyReusedError: something else was said under the key.
            OverLimit: there are too many rooms, or keys of whoever says it.
            BusUnavailable: it cannot be said now.
        """

    def recall(self, room: str, said: PublishRequest, keyed: Keyed) -> Later[Receipt | None]:
        """Return the receipt of what was said in a room before under the same key, or None.

        Raises:
            KeyReusedError: something else was said under it.
            BusUnavailable: it cannot be known now; the result may be that too, or `BusTimeout`.
        """

    def publish_to_all(self, said: Mapping[str, PublishRequest]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms: in all of them, or in none.

        Args:
            said: what, by room; the key is the same for all.

        Returns:
            By room where it stands.

        Raises:
            KeyReusedError: something else was said under the key in one of them.
            OverLimit: there are too many rooms, or keys of whoever says it.
            TooLarge: it is too much for so many rooms.
            BusUnavailable: it cannot be said now; the result may be that too, or `BusTimeout` where
                it is not known in which of them it was said.
        """

    def tell(self, room: str, change: Change, but: Any = None) -> None:
        """Tell everybody in a room, in whatever process, that a member of this one came or went.

        Args:
            room: the room's name.
            change: what happened.
            but: the member here that need not be told, None for none.
        """

    def members(self, room: str) -> list[Card]:
        """List who is in a room, in whatever process, who came first first; it is current here.

        Raises:
            OverLimit: there are too many rooms.
        """

    def counts(self) -> Later[dict[str, int]]:
        """Count the members that others see, by room; rooms without any included.

        Raises:
            BusUnavailable: it cannot be asked now.
        """
