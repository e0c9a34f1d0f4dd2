# SPDX-License-Identifier: MIT
"""How many connections all nodes have, and an address on them: each tells of its own, at a beat.

What came within the last beat is not known elsewhere yet, so those who knock at many nodes at once
may be a few more than `--max-connections` or `--max-connections-per-address`.
"""

import json
from typing import Any, Final

from twisted.application.service import Service

from wsecho.bus.interface import Bus
from wsecho.core.limits.admissions import Admissions, Counts
from wsecho.loops import Loop

BEAT: Final = 0.5
"""Seconds between two tellings, where there is something to tell."""

_SUBJECT: Final = "connections"


class ConnectionGossip(Service):
    """Keeps one node's counts known to the others.

    Args:
        bus: leads to the others.
        admissions: the counts.
        clock: Twisted's.
    """

    def __init__(self, bus: Bus, admissions: Admissions, clock: Any) -> None:
        self._bus = bus
        self._admissions = admissions
        self._is_alone = True
        self._loop = Loop("telling other nodes of connections", self._tell_changes, clock)

    def startService(self) -> None:
        """Begin to tell, and to listen."""
        super().startService()
        self._bus.listen(_SUBJECT, self._hear)
        self._bus.watch_nodes(self._nodes_changed)
        self._loop.start(BEAT)

    def stopService(self) -> None:
        """End it."""
        super().stopService()
        self._loop.stop()

    def _nodes_changed(self, alive: frozenset[str]) -> None:
        self._admissions.keep_nodes(alive)
        self._is_alone = len(alive) == 1
        # Whoever is new knows nothing yet.
        self._tell(self._admissions.everything())

    def _tell_changes(self) -> None:
        changes = self._admissions.changes()
        if changes is not None:
            self._tell(changes)

    def _tell(self, counts: Counts) -> None:
        if self._is_alone:
            return
        addresses = dict(counts.by_address)
        message = {"node": self._bus.node, "total": counts.total, "addresses": addresses}
        self._bus.broadcast(_SUBJECT, json.dumps(message).encode())

    def _hear(self, payload: bytes) -> None:
        message = json.loads(payload)
        if message["node"] != self._bus.node:
            counts = Counts(message["total"], message["addresses"])
            self._admissions.hear(message["node"], counts)
