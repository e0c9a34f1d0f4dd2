# SPDX-License-Identifier: MIT
"""What a file says of rooms by name: its tables `[rooms."GLOB"]`, and what may stand in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from wsecho.config import values
from wsecho.config.config import OPTIONS
from wsecho.config.near import did_you_mean
from wsecho.core.rooms.rules import EVENTS, QUESTIONS, RoomTable
from wsecho.core.wire.globs import check_glob

ROOMS: Final = "rooms"
"""The name of the table that has all others."""


class RoomTableError(Exception):
    """What stands in a table means nothing.

    Args:
        path: leads to it: `rooms`, the glob, the key.
        reason: what is wrong with it.
    """

    def __init__(self, path: Sequence[str], reason: str) -> None:
        super().__init__(reason)
        self.path = tuple(path)
        self.reason = reason


@frozen
class RoomKey:
    """What may stand in a table.

    Attributes:
        name: as it is written.
        field: of `RoomRule`.
        read: turns what was written into the value; raises ValueError.
        help: what it does.
        metavar: what stands for the value in the documentation.
        example: a value, as it is written in TOML.
    """

    name: str
    field: str
    read: Callable[[Any], Any]
    help: str
    metavar: str
    example: str

    def shown(self, value: Any) -> str:
        """Write a value for people to read."""
        if isinstance(value, frozenset):
            known = QUESTIONS if self.field == "ask" else EVENTS
            return ", ".join(word for word in known if word in value) or "nothing"
        if not value and self.name in _ANY:
            return "any number"
        return str(value) if isinstance(value, str) else f"{value:.15g}"


_ANY: Final = {"history-bytes", "message-rate", "byte-rate"}
"""Keys of which 0 means any number."""


def table_name(glob: str) -> str:
    """Write how the table of a glob is named in a file."""
    return f"[{ROOMS}.{json.dumps(glob, ensure_ascii=False)}]"


def _option(name: str, help: str, metavar: str, example: str) -> RoomKey:  # noqa: A002
    """Make a key whose value is written as that of the option of its name."""
    return RoomKey(name, name.replace("-", "_"), OPTIONS[name].read, help, metavar, example)


KEYS: Final[Mapping[str, RoomKey]] = {
    key.name: key
    for key in (
        _option("history", "Messages that such a room keeps; 0 for none.", "COUNT", "50"),
        _option(
            "history-ttl",
            "Seconds that it keeps a message, and stays itself after its last use.",
            "SECONDS",
            "3600",
        ),
        _option(
            "history-bytes",
            "What the messages of one such room may take; the oldest go first. Without it, only "
            "what all rooms' may take together counts.",
            "SIZE",
            '"1MiB"',
        ),
        _option("max-members", "Connections in one such room.", "COUNT", "500"),
        RoomKey(
            "slow",
            "slow",
            values.slow_policy,
            "What becomes of a member that reads too slowly. It wins over --slow.",
            "POLICY",
            '"latest"',
        ),
        RoomKey(
            "publish",
            "publish",
            values.publishers,
            "Who may publish: clients (whoever is granted it), or server: only who is granted "
            "`operate` for the room.",
            "clients|server",
            '"server"',
        ),
        RoomKey(
            "presence",
            "presence",
            values.on_or_off,
            "Whether there is a list of members, and frames of who comes and goes.",
            "on|off",
            '"off"',
        ),
        _option(
            "message-rate",
            "Messages per second that one connection may publish in such a room, beside what it "
            "may send in all; 0 means any number.",
            "NUMBER",
            "5",
        ),
        _option(
            "byte-rate",
            "Bytes of messages per second, likewise.",
            "SIZE",
            '"64KiB"',
        ),
        RoomKey(
            "ask",
            "ask",
            values.words(*QUESTIONS),
            "Which questions an application is asked, where one is there to be asked.",
            "LIST",
            '["join"]',
        ),
        RoomKey(
            "tell",
            "tell",
            values.words(*EVENTS),
            "Which events an application is told, where one is there to be told.",
            "LIST",
            '["occupied", "vacated"]',
        ),
    )
}
"""All of them, by name."""


def read_room_tables(given: Any) -> tuple[RoomTable, ...]:
    """Read all tables, in the order of the file.

    Args:
        given: the value of the key `rooms`.

    Raises:
        RoomTableError: something in them means nothing.
    """
    if not isinstance(given, dict):
        raise RoomTableError([ROOMS], 'it is no table: write [rooms."GLOB"] for some rooms')
    return tuple(_read_table(glob, table) for glob, table in given.items())


def _read_table(glob: str, table: Any) -> RoomTable:
    path = [ROOMS, glob]
    if not isinstance(table, dict):
        meant = f"it is no table: write [rooms.GLOB], and {glob} = … below it"
        raise RoomTableError(path, meant if glob in KEYS else "it is no table")
    try:
        check_glob(glob)
    except ValueError as error:
        raise RoomTableError(path, str(error)) from None
    found = {KEYS[key].field: _read_value([*path, key], table[key]) for key in _known(path, table)}
    if found.get("presence") == "off":
        for event in ("join", "leave"):
            if event in found.get("tell", ()):
                reason = f'with presence = "off" nobody is told of {event}'
                raise RoomTableError([*path, "tell"], reason)
    return RoomTable(glob, found)


def _known(path: Sequence[str], table: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in table:
        if key not in KEYS:
            meant = did_you_mean(key, KEYS) or f": the keys are {', '.join(KEYS)}"
            raise RoomTableError([*path, key], f"there is no such key{meant}")
    return table


def _read_value(path: Sequence[str], value: Any) -> Any:
    if values.is_too_long(value):
        raise RoomTableError(path, values.TOO_LONG)
    try:
        return KEYS[path[-1]].read(value)
    except ValueError as error:
        raise RoomTableError(path, str(error)) from None
