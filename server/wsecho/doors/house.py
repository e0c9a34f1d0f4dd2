# SPDX-License-Identifier: MIT
"""What all doors of one server share: what is open, who may come, and what is counted."""

from typing import Self

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime

from wsecho.config import Config
from wsecho.core.admissions import Admissions
from wsecho.doors.connections import Connections
from wsecho.doors.stats import Stats


@frozen
class House:
    """The house that the doors lead into.

    Attributes:
        stats: what is counted.
        admissions: who may come.
        connections: what is open.
    """

    stats: Stats
    admissions: Admissions
    connections: Connections = field(factory=Connections)

    @classmethod
    def of(cls, config: Config, clock: IReactorTime) -> Self:
        """Make it for a configuration."""
        admissions = Admissions(config.max_connections, config.max_connections_per_address)
        return cls(Stats(clock, tells=config.connection_log), admissions)
