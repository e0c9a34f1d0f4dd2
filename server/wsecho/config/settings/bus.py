# SPDX-License-Identifier: MIT
"""What carries rooms from one process to another."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from attrs import frozen

from wsecho.bus.journal.store import Sync
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.config import values
from wsecho.config.settings.option import option

WhenDown = Literal["refuse", "local"]


@frozen(kw_only=True, slots=False)
class BusSettings:
    """What carries rooms from one process to another."""

    redis: RedisAddress | None = option(
        "redis",
        values.redis_url,
        "Share the rooms with every other server that uses this Redis or Valkey: "
        "redis://HOST:PORT/DATABASE, rediss://... (TLS), unix:///PATH?db=DATABASE or "
        "redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DATABASE, with USER:PASSWORD@ before the "
        "host where it asks for them.",
        metavar="URL",
        example="redis://127.0.0.1:6379/0",
        default=None,
        shown="none: the rooms are this process's own",
        is_secret=True,
    )
    data: Path | None = option(
        "data",
        values.folder_to_write,
        "Write the rooms to a file in this folder, so that a restart forgets nothing: for one "
        "process without Redis.",
        metavar="FOLDER",
        example="/var/lib/wsecho",
        default=None,
        shown="none: a restart forgets the rooms",
    )
    data_sync: Sync = option(
        "data-sync",
        values.data_sync,
        "With --data, acknowledge a message once it survives the end of this process (normal), or "
        "of the machine (full), which takes a turn of its disk.",
        metavar="normal|full",
        example="full",
        default="normal",
        shown="normal",
    )
    redis_prefix: str = option(
        "redis-prefix",
        values.redis_prefix,
        "Begins the name of all that is written to Redis; servers with another one share nothing.",
        metavar="TEXT",
        example="chat:",
        default="wsecho:",
        shown="wsecho:",
    )
    redis_timeout: float = option(
        "redis-timeout",
        values.seconds,
        "How long Redis may take to answer; then a publication ends as unknown.",
        metavar="SECONDS",
        example="1",
        default=2.0,
        shown="2",
    )
    node_ttl: float = option(
        "node-ttl",
        values.seconds,
        "A server that Redis has not heard of for so many seconds is taken for dead, and its "
        "members for gone.",
        metavar="SECONDS",
        example="30",
        default=15.0,
        shown="15",
    )
    when_bus_down: WhenDown = option(
        "when-bus-down",
        values.when_bus_down,
        "While Redis is away, refuse what is said, or deliver it to this server's own members "
        "alone (local), under positions that say so.",
        metavar="refuse|local",
        example="local",
        default="refuse",
        shown="refuse",
    )
