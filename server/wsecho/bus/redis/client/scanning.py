# SPDX-License-Identifier: MIT
"""All rooms that Redis knows below a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from wsecho.bus.redis.client.keys import escape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys

_STEP: Final = "200"
"""Keys that are looked at in one step: as many rooms may be asked about then."""


async def scan_rooms(commands: Commands, keys: Keys) -> AsyncIterator[set[str]]:
    """Name the rooms that there are, some at a time; one may be named more than once.

    Args:
        commands: ask Redis.
        keys: name what is kept there.

    Raises:
        BusUnavailable: Redis is away.
    """
    begin, end = keys.room("\0").head.split("%00")
    pattern = f"{escape(begin)}*{escape(end)}"
    cursor: Any = b"0"
    while True:
        cursor, found = await commands.ask("SCAN", cursor, "MATCH", pattern, "COUNT", _STEP)
        if found:
            yield {unquote(each.decode()[len(begin) : -len(end)]) for each in found}
        if cursor == b"0":
            return
