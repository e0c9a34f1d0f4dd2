# SPDX-License-Identifier: MIT
"""Where nodes are reached by others: each keeps its entry alive, and it goes with the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.bus.deferreds import promise_of
from wsecho.core.wire.nodes import NodeAddress, parse_address
from wsecho.loops import Loop

if TYPE_CHECKING:
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.core.promise import Later

_BEATS: Final = 3
"""How often an entry is written within the time after which it would go."""


class RedisDirectory:
    """The nodes that use the same Redis and prefix.

    Args:
        commands: to Redis.
        keys: names the entries.
        ttl: seconds after which the entry of a silent node goes.
        reactor: the clock.
    """

    def __init__(self, commands: Commands, keys: Keys, ttl: float, reactor: Any) -> None:
        self._commands = commands
        self._keys = keys
        self._ttl = ttl
        self._own: dict[str, NodeAddress] = {}
        self._loop = Loop("publishing where this node is reached", self.beat, reactor)

    def start(self) -> None:
        """Begin to keep entries alive."""
        self._loop.start(self._ttl / _BEATS, now=True)

    def stop(self) -> None:
        """Take them away: who looks for these nodes need not wait until they have gone."""
        self._loop.stop()
        for node in self._own:
            self._commands.cast("DEL", self._keys.address(node))

    def enter(self, node: str, address: NodeAddress) -> None:
        """Say where a node of this process is reached."""
        self._own[node] = address
        self.beat()

    def find(self, node: str) -> Later[NodeAddress | None]:
        """Find a node; None for one that is gone, or never was.

        Raises:
            BusUnavailable: Redis is away.
        """
        return promise_of(self._commands.ask("GET", self._keys.address(node)).addCallback(_read))

    def beat(self) -> None:
        """Write the entries, if Redis is there."""
        lasts = str(int(self._ttl * 1000))
        for node, address in self._own.items():
            self._commands.cast("SET", self._keys.address(node), str(address), "PX", lasts)


def _read(reply: bytes | None) -> NodeAddress | None:
    try:
        return None if reply is None else parse_address(reply.decode())
    except ValueError:
        # Nobody of ours wrote that.
        return None
