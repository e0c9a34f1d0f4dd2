# SPDX-License-Identifier: MIT
"""What all doors of one server share: what is open, who may come, and what is counted."""

import time
from collections.abc import Callable
from typing import Self

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime

from wsecho.config.config import Config
from wsecho.core.limits.admissions import Admissions
from wsecho.core.rooms.rules import RoomRules
from wsecho.server.connections import Connections
from wsecho.server.stats import Stats
from wsecho.server.wallclock import WallClock


@frozen
class ServerState:
    """The state that the doors lead into.

    Attributes:
        stats: what is counted.
        admissions: who may come.
        wall: the time of day.
        room_rules: what holds in each room.
        connections: what is open.
    """

    stats: Stats
    admissions: Admissions
    wall: WallClock
    room_rules: RoomRules = field(factory=RoomRules)
    connections: Connections = field(factory=Connections)

    @classmethod
    def of(
        cls, config: Config, clock: IReactorTime, time_of_day: Callable[[], float] = time.time
    ) -> Self:
        """Make it for a configuration.

        Args:
            config: the options in force.
            clock: times connections.
            time_of_day: the time, Unix seconds.
        """
        admissions = Admissions(config.max_connections, config.max_connections_per_address)
        wall = WallClock(clock, time_of_day)
        stats = Stats(clock, tells=config.connection_log)
        return cls(stats, admissions, wall, config.room_rules)
