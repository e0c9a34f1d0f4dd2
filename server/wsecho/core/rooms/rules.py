# SPDX-License-Identifier: MIT
"""What holds in a room, by its name: the rules of globs, and what they leave to the server."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, get_args

import attrs
from attrs import field, frozen

from wsecho.core.limits.rates import OverRatePolicy, Rates
from wsecho.core.limits.slowness import SlowPolicy, SlowRules
from wsecho.core.wire.errors import Forbidden
from wsecho.core.wire.grants import Grants

Publishers = Literal["clients", "server"]
"""Who may say something: whoever is granted it, or only who is granted `operate`."""

OnOff = Literal["on", "off"]

QuestionKind = Literal["join", "publish"]
"""What an application is asked of a room."""

EventKind = Literal["occupied", "vacated", "join", "leave", "message", "kicked", "deleted"]
"""What an application is told of a room."""

QUESTIONS: Final[tuple[QuestionKind, ...]] = get_args(QuestionKind)
EVENTS: Final[tuple[EventKind, ...]] = get_args(EventKind)

_OF_MEMBERS: Final = frozenset[EventKind]({"join", "leave"})
_MAX_FOUND: Final = 50_000
"""Rooms whose rules are remembered; beyond it all are found again."""


@frozen
class RoomRule:
    """What holds in a room.

    Attributes:
        glob: of the table that it is from; None where the room is under none.
        history: messages that the room remembers at most.
        history_ttl: seconds that a message, and the room unused, are kept.
        history_bytes: bytes that its messages may take; 0 for as many as all rooms' may together.
        max_members: connections that it takes.
        slow: what becomes of a reader that reads too slowly.
        publish: who may say something.
        presence: whether there is a list of members, and frames of comings and goings.
        message_rate: messages per second that one connection may say here, beside what it may in
            all; 0 for any number.
        byte_rate: bytes per second, likewise.
        over_rate: what becomes of whoever says more; the same in all rooms.
        ask: which questions are asked, where anybody is there to ask.
        tell: which events are told, where anybody is there to be told.
        is_open: whether whoever is granted to publish may do so, however fast; asked for each
            message.
    """

    glob: str | None = None
    history: int = 1_000
    history_ttl: float = 600.0
    history_bytes: int = 0
    max_members: int = 20_000
    slow: SlowPolicy = "close"
    publish: Publishers = "clients"
    presence: OnOff = "on"
    message_rate: float = 0.0
    byte_rate: int = 0
    over_rate: OverRatePolicy = "close"
    ask: frozenset[QuestionKind] = frozenset(QUESTIONS)
    tell: frozenset[EventKind] = frozenset(EVENTS) - {"message"}

    is_open: bool = field(init=False)

    @is_open.default
    def _whether_it_is_open(self) -> bool:
        return self.publish == "clients" and not self.is_paced

    @property
    def has_presence(self) -> bool:
        """Whether others see who is here."""
        return self.presence == "on"

    @property
    def is_paced(self) -> bool:
        """Whether it matters how fast a connection says something here."""
        return bool(self.message_rate or self.byte_rate)

    @property
    def rates(self) -> Rates:
        """What one connection may say here."""
        return Rates(self.message_rate, self.byte_rate, self.over_rate)

    def check_publisher(self, grants: Grants, room: str) -> None:
        """Let somebody publish in this room.

        Raises:
            Forbidden: it is not granted.
        """
        grants.check("publish", room)
        if self.publish == "server" and not grants.may("operate", room):
            raise Forbidden(f"only who may operate the room {room!r} may publish to it")


@frozen
class RoomTable:
    """What was written of the rooms that a glob matches.

    Attributes:
        glob: over rooms' names, as of `fnmatchcase`.
        given: fields of `RoomRule`, as far as they were given.
    """

    glob: str
    given: Mapping[str, Any] = field(factory=dict)


class RoomRules:
    """The rules of all rooms, which may be read again while the server runs.

    Args:
        default: what holds where no table says something else.
        tables: the first that matches counts.
        slow: the policies for slow readers, where no table has one.
    """

    __slots__ = ("_default", "_found", "_made", "_slow", "_tables")

    def __init__(
        self,
        default: RoomRule | None = None,
        tables: tuple[RoomTable, ...] = (),
        slow: SlowRules | None = None,
    ) -> None:
        self._default = default or RoomRule()
        self._slow = slow or SlowRules()
        self.replace(tables)

    def replace(self, tables: tuple[RoomTable, ...]) -> None:
        """Go by other tables from now on."""
        self._tables = tables
        # By room; and each that was made, for many rooms are under the same.
        self._found: dict[str, RoomRule] = {}
        self._made: dict[tuple[str | None, SlowPolicy], RoomRule] = {}

    @property
    def tables(self) -> tuple[RoomTable, ...]:
        """The tables in force."""
        return self._tables

    def of(self, room: str) -> RoomRule:
        """Return what holds in a room."""
        if not (self._tables or self._slow.rules):
            return self._default
        rule = self._found.get(room)
        if rule is None:
            if len(self._found) >= _MAX_FOUND:
                self._found.clear()
            rule = self._found[room] = self._find(room)
        return rule

    def _find(self, room: str) -> RoomRule:
        table = next((each for each in self._tables if fnmatchcase(room, each.glob)), None)
        return self._make(table, self._slow.of(room))

    def _make(self, table: RoomTable | None, slow: SlowPolicy) -> RoomRule:
        key = None if table is None else table.glob, slow
        rule = self._made.get(key)
        if rule is None:
            rule = attrs.evolve(self._default, slow=slow)
            if table is not None:
                rule = attrs.evolve(rule, glob=table.glob, **table.given)
            if not rule.has_presence:
                rule = attrs.evolve(rule, tell=rule.tell - _OF_MEMBERS)
            self._made[key] = rule
        return rule
