# SPDX-License-Identifier: MIT
"""What rooms keep."""

from __future__ import annotations

from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.option import option


@frozen(kw_only=True, slots=False)
class RoomSettings:
    """What rooms keep."""

    history: int = option(
        "history",
        values.count_or_none,
        "Messages that a room keeps for those who come later or come back; 0 for none.",
        metavar="COUNT",
        example="100",
        default=1_000,
        shown="1000",
    )
    history_ttl: float = option(
        "history-ttl",
        values.seconds,
        "Seconds that a room keeps a message, and stays itself after its last use.",
        metavar="SECONDS",
        example="3600",
        default=600.0,
        shown="600",
    )
    history_bytes: int = option(
        "history-bytes",
        values.size,
        "What all rooms' messages may take together; the longest unused room's go first.",
        metavar="SIZE",
        example="1GiB",
        default=64 << 20,
        shown="64MiB",
    )
