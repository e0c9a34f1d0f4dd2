# SPDX-License-Identifier: MIT
"""What all parts of the bus over Redis are built upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from wsecho.bus.measures import Measures
    from wsecho.bus.redis.client.address import RedisAddress
    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.core.rooms.hub import Rules


@frozen
class Settings:
    """How Redis is used.

    Attributes:
        address: where it is.
        prefix: begins the name of all that is written there.
        timeout: seconds that a command may take.
        node_ttl: seconds after which a node that is silent is taken for dead.
        speaks_locally: whether messages reach this process's members while Redis is away.
    """

    address: RedisAddress
    prefix: str = "wsecho:"
    timeout: float = 2.0
    node_ttl: float = 15.0
    speaks_locally: bool = False


@frozen
class BusContext:
    """What a part of the bus needs of the rest.

    Attributes:
        node: this node's name.
        settings: how Redis is used.
        rules: what rooms keep.
        commands: Redis.
        keys: names what is written there.
        measures: counts.
        reactor: Twisted's.
        now: seconds, by which ages and waits are measured.
    """

    node: str
    settings: Settings
    rules: Rules
    commands: Commands
    keys: Keys
    measures: Measures
    reactor: Any
    now: Callable[[], float]

    @property
    def is_alone(self) -> bool:
        """Whether Redis is away, and this process goes on without it."""
        return self.settings.speaks_locally and self.commands.is_away
