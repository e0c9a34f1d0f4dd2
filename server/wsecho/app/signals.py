# SPDX-License-Identifier: MIT
"""Signals that do something while the server runs."""

import signal
import threading
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service


class OnSignal(Service):
    """Does something when a signal comes, as long as the server runs.

    Args:
        name: the signal, such as `SIGHUP`; where the system has none, it never comes.
        call: what to do.
        reactor: Twisted's reactor; a signal must not interrupt what it is doing.
    """

    def __init__(self, name: str, call: Callable[[], object], reactor: Any) -> None:
        self._number = getattr(signal, name, None)
        self._call = call
        self._reactor = reactor

    def startService(self) -> None:
        """Listen for the signal; left alone, it would end the process."""
        super().startService()
        if self._number is not None and threading.current_thread() is threading.main_thread():
            signal.signal(self._number, lambda *_: self._reactor.callFromThread(self._call))
