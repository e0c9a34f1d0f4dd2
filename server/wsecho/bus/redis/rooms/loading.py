# SPDX-License-Identifier: MIT
"""What is asked of a room's log, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from wsecho.bus.redis.client.scripts import LOAD
from wsecho.bus.redis.rooms.records import read_entry
from wsecho.core.rooms.all_rooms import RoomStanding
from wsecho.core.rooms.log_follower import Cursor, Loaded, LogFollower, Need
from wsecho.core.wire.positions import MAX_OFFSET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twisted.internet.defer import Deferred

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import RoomKeys
    from wsecho.core.rooms.history import Message

MAX_LOADS: Final = 32
"""Rooms that are loaded at a time: after an outage all of them have to be."""

_PART: Final = 1 << 18
"""Bytes of a log that are loaded at a time: with those of all rooms that are loaded together, and
one large message, less than what Redis lets a listener leave unread (32 MB)."""

_TOO_LARGE: Final = 2
_MICROSECONDS: Final = 6
"""Digits of theirs."""


def ask_for(
    commands: Commands,
    keys: RoomKeys,
    follower: LogFollower,
    seen: Cursor,
    stand: Callable[[Cursor], Sequence[bytes | str]],
    *,
    is_use: bool,
) -> Deferred[Any]:
    """Ask the log for what a follower needs.

    Args:
        commands: Redis.
        keys: how the room is named there.
        follower: needs it.
        seen: how far the room was seen here, by the follower or before it.
        stand: writes what each script about a room begins with.
        is_use: whether somebody uses the room, so that it lasts from now on.

    Raises:
        BusUnavailable: Redis is away.
    """
    if follower.need is Need.RENEWAL:
        seen = Cursor(follower.disowned, MAX_OFFSET)
    words = [*stand(seen), str(_PART), "1" if follower.seen.epoch else "", "1" if is_use else ""]

    def ask(takes_large: str) -> Deferred[Any]:
        return commands.run(LOAD, [keys.head, keys.log], [*words, takes_large])

    def ask_again(reply: list[Any]) -> Any:
        # Large ones are fetched one after another, over all rooms.
        return commands.one_large.run(ask, "1") if reply[4] == _TOO_LARGE else reply

    return ask("").addCallback(ask_again)


@frozen
class Answer:
    """What `LOAD` answered.

    Attributes:
        loaded: what the log says.
        correlation: leads back to who said each message.
        time: when that was, by the clock that the messages' times are of.
    """

    loaded: Loaded
    correlation: dict[Message, bytes]
    time: float


def read_loaded(reply: list[Any], *, was_away: bool) -> Answer:
    """Read what `LOAD` answered.

    Args:
        reply: what Redis said.
        was_away: whether it may have lost something since the follower was current.
    """
    epoch, head, last, anchor, more, time, *entries = reply
    word = epoch.decode("ascii")
    logged = [
        read_entry(word, offset, body)
        for offset, body in zip(entries[::2], entries[1::2], strict=True)
    ]
    loaded = Loaded(
        word,
        head,
        [each.message for each in logged],
        last=int(last) if last else None,
        is_complete=not more,
        anchor=int(anchor) if anchor else None,
        was_away=was_away,
    )
    return Answer(loaded, {each.message: each.tag for each in logged}, float(time))


def read_standing(reply: list[Any]) -> RoomStanding:
    """Read what `STANDING` answered."""
    epoch, head, last, time = reply
    seen = Cursor(epoch.decode("ascii"), head, int(last) if last else None)
    return RoomStanding(seen, float(time) if time else None)


def read_time(reply: list[bytes]) -> float:
    """Read what `TIME` answered, in seconds."""
    seconds, microseconds = reply
    return float(b"%b.%b" % (seconds, microseconds.rjust(_MICROSECONDS, b"0")))
