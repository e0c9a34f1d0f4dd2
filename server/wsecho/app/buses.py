# SPDX-License-Identifier: MIT
"""Which bus carries the rooms: memory, or Redis, which is looked at before the server starts."""

from functools import partial
from pathlib import Path
from typing import Any

from wsecho.bus.journal.journal_bus import JournalBus
from wsecho.bus.journal.store import Store, StoreError
from wsecho.bus.journal.writer import Writer
from wsecho.bus.memory import MemoryBus
from wsecho.config.config import Config, ConfigError
from wsecho.fanout.rooms import MakeBus, draw_word


def maker(config: Config, reactor: Any, *, stands_in: bool = False) -> MakeBus:
    """Return what makes the bus.

    Args:
        config: the options in force.
        reactor: Twisted's.
        stands_in: it is for the place of one that has served already: Redis may be away, as it
            may be for those that still serve.

    Raises:
        ConfigError: Redis cannot be used.
    """
    address = config.redis
    if config.data is not None:
        return _journal(config, config.data, reactor)
    if address is None:
        return MemoryBus
    try:
        from wsecho.bus.redis.bus import RedisBus  # noqa: PLC0415  # an extra
        from wsecho.bus.redis.client.probe import probe  # noqa: PLC0415
        from wsecho.bus.redis.context import Settings  # noqa: PLC0415
    except ImportError as error:
        reason = f"needs what pip install 'wsecho[redis]' brings ({error})"
        raise ConfigError("redis", address, reason) from None
    from wsecho.bus.redis.client.errors import RedisError  # noqa: PLC0415

    if not stands_in:
        try:
            probe(address, config.redis_prefix)
        except RedisError as error:
            raise ConfigError("redis", address, str(error)) from None
    settings = Settings(
        address,
        config.redis_prefix,
        config.redis_timeout,
        config.node_ttl,
        speaks_locally=config.when_bus_down == "local",
    )
    return partial(RedisBus, settings, config.rules, reactor)


def _journal(config: Config, folder: Path, reactor: Any) -> MakeBus:
    store = Store(folder, draw_word, config.data_sync)
    try:
        store.prepare()
    except StoreError as error:
        raise ConfigError("data", folder, str(error)) from None
    return partial(JournalBus, store, Writer(reactor.callFromThread), reactor)
