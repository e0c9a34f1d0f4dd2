# SPDX-License-Identifier: MIT
"""How what belongs to a room is named in Redis; the package's own text has the table."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from attrs import frozen

if TYPE_CHECKING:
    from wsecho.core.rooms.retries import Keyed

_SPECIAL: Final = re.compile(r"([*?\[\]\\^-])")


@frozen
class RoomKeys:
    """The names of one room.

    Args:
        base: begins the names of its keys.

    Attributes:
        head: where it stands.
        log: its messages.
        who: its members.
        channel: where it is told of.
    """

    _base: str
    head: str
    log: str
    who: str
    channel: str

    def receipt(self, keyed: Keyed) -> str:
        """Name what was published under an idempotency key."""
        digest = sha256(f"{keyed.caller}\0{keyed.key}".encode()).hexdigest()
        return f"{self._base}:key:{digest[:32]}"


@frozen
class Keys:
    """The names below a prefix, in a database.

    A key is in its database, but Redis's channels are of no database, so that each is named after
    the one whose keys it tells of. No prefix has braces: no two databases and prefixes, whatever
    they are, have a channel in common.

    Args:
        prefix: begins each of them.
        database: the number of the database that the keys are in.
    """

    _prefix: str
    _database: int

    @property
    def _channels(self) -> str:
        return f"{self._prefix}{{{self._database}}}"

    def room(self, name: str) -> RoomKeys:
        """Name what belongs to a room."""
        tag = f"{{{quote(name, safe='')}}}"
        base = f"{self._prefix}{tag}"
        channel = f"{self._channels}{tag}"
        return RoomKeys(base, f"{base}:head", f"{base}:log", f"{base}:who", channel)

    # What scripts look at together; no room's name, being percent-encoded, has that tag.

    @property
    def trial(self) -> str:
        """What is tried on."""
        return f"{self._prefix}{{@}}:trial"

    @property
    def nodes(self) -> str:
        """The set of nodes."""
        return f"{self._prefix}{{@}}:nodes"

    @property
    def claims(self) -> str:
        """Who holds which place."""
        return f"{self._prefix}{{@}}:claims"

    @property
    def turns(self) -> str:
        """Whose turn it is at a place."""
        return f"{self._prefix}{{@}}:turns"

    def used(self, payer: str) -> str:
        """The idempotency keys that count among somebody's."""
        return f"{self._prefix}{{@}}:keys:{sha256(payer.encode()).hexdigest()[:32]}"

    @property
    def willed(self) -> str:
        """The nodes that have wills."""
        return f"{self._prefix}{{@}}:willed"

    def wills(self, node: str) -> str:
        """What is to be done once a node is dead."""
        return f"{self._prefix}{{@}}:wills:{node}"

    @property
    def events(self) -> tuple[str, str]:
        """Where the events stand that wait to be told, and these."""
        return f"{self._prefix}{{@}}:told", f"{self._prefix}{{@}}:events"

    @property
    def inside(self) -> tuple[str, str, str]:
        """Who is in rooms that are told of, how many in each, and which are being vacated."""
        base = f"{self._prefix}{{@}}:inside"
        return base, f"{base}:counts", f"{base}:vacating"

    def kept(self, subject: str) -> str:
        """What is kept of a subject."""
        return f"{self._prefix}{{@}}:kept:{subject}"

    @property
    def pattern_subscriber(self) -> str:
        """The pattern of all rooms' channels."""
        return f"{escape(self._channels)}{{*}}"

    def room_on(self, channel: str) -> str:
        """Return the name of the room that a channel tells of."""
        return unquote(channel[len(self._channels) + 1 : -1])

    def subject(self, subject: str) -> str:
        """The channel on which nodes tell one another of something."""
        return f"{self._channels}subject:{subject}"

    def logged(self, subject: str) -> str:
        """The channel on which nodes tell one another what is logged."""
        return f"{self._channels}log:{subject}"

    def log(self, subject: str) -> str:
        """Where it is logged."""
        return f"{self._prefix}{{@}}:log:{subject}"

    def last(self, subject: str) -> str:
        """The id of the last entry of a log, which may be gone."""
        return f"{self._prefix}{{@}}:last:{subject}"

    def send_to(self, node: str, subject: str) -> str:
        """The channel on which a node is told of something alone."""
        return f"{self._channels}node:{node}:{subject}"

    def aside(self, place: str) -> list[bytes | str]:
        """A place where something large waits, and the set of all places."""
        return [f"{self._prefix}{{@}}:aside:{place}", f"{self._prefix}{{@}}:asides"]

    def address(self, node: str) -> str:
        """Where a node is reached."""
        return f"{self._prefix}address:{node}"

    def node(self, name: str) -> str:
        """The channel of one node."""
        return f"{self._channels}node:{name}"


def escape(text: str) -> str:
    """Write a text so that it stands for itself in one of Redis's patterns."""
    return _SPECIAL.sub(r"\\\1", text)
