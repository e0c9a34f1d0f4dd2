# SPDX-License-Identifier: MIT
"""SIGHUP: keys, logins and certificates are read again, and nobody is dropped."""

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.application.service import Service
from twisted.logger import Logger

Reader = Callable[[], Sequence[Exception]]
"""Reads something again; returns a complaint for each thing whose old contents stay in force."""

_SIGNAL: Final = getattr(signal, "SIGHUP", None)


class Reload(Service):
    """Reads files again on SIGHUP, as long as the server runs.

    Args:
        readers: what to read.
        reactor: Twisted's reactor; a signal must not interrupt what it is doing.
    """

    _log = Logger()

    def __init__(self, readers: Sequence[Reader], reactor: Any) -> None:
        self._readers = readers
        self._reactor = reactor

    def startService(self) -> None:
        """Listen for the signal; left alone, it would end the process."""
        super().startService()
        if _SIGNAL is not None and threading.current_thread() is threading.main_thread():
            signal.signal(_SIGNAL, lambda *_: self._reactor.callFromThread(self.reload))

    def reload(self) -> None:
        """Read everything again, with one line for each thing that cannot be used."""
        complaints = [complaint for read in self._readers for complaint in read()]
        for complaint in complaints:
            self._log.error("not read again, the old stays in force: {why}", why=str(complaint))
        if not complaints:
            self._log.info("keys and certificates were read again")
