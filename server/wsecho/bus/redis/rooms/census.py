# SPDX-License-Identifier: MIT
"""All rooms that Redis knows below a prefix, and how many members each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from wsecho.bus.deferreds import deferred_of, promise_of
from wsecho.bus.redis.client.scanning import scan_rooms
from wsecho.core.promise import Later, Promise, gather

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys


def count_members(
    commands: Commands, keys: Keys, alive: AbstractSet[str]
) -> Promise[dict[str, int]]:
    """Count the members of each room; dead nodes' do not count.

    Args:
        commands: ask Redis.
        keys: name what is kept there.
        alive: the nodes whose members count.

    Returns:
        the number of different members, by the room's name.

    Raises:
        BusUnavailable: Redis is away.
    """

    async def count() -> dict[str, int]:
        found: dict[str, int] = {}
        # Some at a time: all at once would keep Redis from everybody else.
        async for names in scan_rooms(commands, keys):
            asked: dict[str, Later[list[bytes]]] = {
                name: promise_of(commands.ask("HKEYS", keys.room(name).who)) for name in names
            }
            who = await deferred_of(gather(asked))
            found |= {name: _count(entries, alive) for name, entries in who.items()}
        return found

    return promise_of(Deferred.fromCoroutine(count()))


def _count(entries: list[bytes], alive: AbstractSet[str]) -> int:
    parts = [entry.decode().partition("/") for entry in entries]
    return len({member for node, _, member in parts if node in alive})
