# SPDX-License-Identifier: MIT
"""SIGHUP: keys, logins and certificates are read again, and nobody is dropped."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.logger import Logger

from wsecho.app.notifying import ServiceManager
from wsecho.app.signals import OnSignal

Reader = Callable[[], Sequence[Exception]]
"""Reads something again; returns a complaint for each thing whose old contents stay in force."""


class Reload(OnSignal):
    """Reads files again on SIGHUP, as long as the server runs.

    Args:
        readers: what to read.
        reactor: Twisted's reactor; a signal must not interrupt what it is doing.
        manager: is told when it begins and when all is read.
    """

    _log = Logger()

    def __init__(
        self, readers: Sequence[Reader], reactor: Any, manager: ServiceManager | None = None
    ) -> None:
        super().__init__("SIGHUP", self.reload, reactor)
        self._readers = readers
        self._manager = manager or ServiceManager()

    def reload(self) -> None:
        """Read everything again, with one line for each thing that cannot be used."""
        self._manager.reloading()
        try:
            complaints = [complaint for read in self._readers for complaint in read()]
        finally:
            self._manager.ready()
        for complaint in complaints:
            self._log.error("not read again, the old stays in force: {why}", why=str(complaint))
        if not complaints:
            self._log.info("keys and certificates were read again")
