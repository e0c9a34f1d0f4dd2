# SPDX-License-Identifier: MIT
"""SIGHUP: keys, logins, certificates and rooms by name are read again, and nobody is dropped."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from wsecho.app.notifying import ServiceManager
from wsecho.app.signals import OnSignal
from wsecho.config.errors import CommandError, ConfigError
from wsecho.config.given import OptionsFile
from wsecho.fanout.rooms import Rooms

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
            self._log.info("keys and certificates were read again, and what holds in which rooms")


def rereading_rooms(file: Path | None, rooms: Rooms) -> Reader:
    """Return what reads again what holds in which rooms, and has open ones go by it.

    Args:
        file: of options; None for none, where there is nothing to read.
        rooms: the rooms.
    """

    def read() -> Sequence[Exception]:
        if file is None:
            return []
        try:
            found = OptionsFile.read(str(file))
        except (CommandError, ConfigError) as error:
            return [error]
        rooms.rules.replace(found.room_tables)
        rooms.refresh()
        return []

    return read
