# SPDX-License-Identifier: MIT
"""From the options to what a program runs: one process that is all of it, or the parent of several.

Two programs do: twistd, by its plugin, and the command `wsecho`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from twisted.application.service import IServiceCollection, MultiService
from twisted.logger import ILogObserver, Logger

from wsecho.app.notifying import ServiceManager
from wsecho.app.service import WsechoService
from wsecho.app.signals import OnSignal
from wsecho.config.config import Config, ConfigError
from wsecho.config.given import fail
from wsecho.config.options import Options
from wsecho.server.core_log import tell_core_log
from wsecho.server.discretion import keep_discreet
from wsecho.server.logfile import LogFile
from wsecho.server.logs import Log, Output, is_to_stdout, make_log
from wsecho.steady import steady
from wsecho.workers.supervisor import Supervisor

__all__ = ["Options", "Server", "makeService"]


class Server(MultiService):
    """All that runs.

    Args:
        config: the options in force.
        arguments: the command line that they were read from.
        reactor: Twisted's reactor.
        out: where the log goes in place of `--log-file`; None where that is another's affair.

    Attributes:
        log: what writes the log, None where that is another's affair.

    Raises:
        ConfigError: it cannot start.
    """

    _log = Logger()

    def __init__(
        self, config: Config, arguments: tuple[str, ...], reactor: Any, out: Output | None
    ) -> None:
        super().__init__()
        file = _open_log(config)
        out = out if file is None else file
        self.log: Log | None = None if out is None else make_log(config.log_format, out, reactor)
        if out is not None:
            reopen = self._say_that_there_is_no_file if file is None else self._reopener(file)
            OnSignal("SIGUSR1", reopen, reactor).setServiceParent(self)
        self._drain = config.drain
        self._reactor = reactor
        self._manager = manager = ServiceManager.of(os.environ, os.getpid())
        self._serving: Supervisor | WsechoService
        if config.workers > 1:
            self._serving = Supervisor(config, arguments, reactor, manager)
        else:
            self._serving = WsechoService(config, reactor, None, manager)
        self._serving.setServiceParent(self)

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Join twistd's application, which is where it looks for what writes its log."""
        super().setServiceParent(parent)
        if self.log is not None:
            application: Any = parent
            application.setComponent(ILogObserver, self.log)

    def startService(self) -> None:
        """Begin, and feed the service manager's watchdog for as long as the event loop runs."""
        super().startService()
        self._manager.feed(self._serving.answers, self._reactor)

    def stopService(self) -> Any:
        """End, within `--drain` or little more."""
        self._manager.stopping(self._drain)
        return super().stopService()

    def _reopener(self, file: LogFile) -> Callable[[], None]:
        def reopen() -> None:
            try:
                file.reopen()
            except OSError as error:
                self._log.error("--log-file: the old one is written on: {why}", why=error.strerror)
            else:
                self._log.info("the log's file was opened again")

        return reopen

    def _say_that_there_is_no_file(self) -> None:
        self._log.warn("SIGUSR1 is for --log-file: there is none to open again")


def makeService(options: Options) -> Server:
    """Make the service that twistd runs.

    Raises:
        SystemExit: the server cannot start; one line has said why.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # twistd chooses it first

    prepare(reactor)
    twistd: Mapping[str, Any] = options.parent or {}
    is_ours = is_to_stdout(twistd) or options.config.log_format == "json"
    try:
        out = standard_output() if is_ours else None
        return Server(options.config, options.arguments, reactor, out)
    except ConfigError as error:
        fail(options.given, error)


def prepare(reactor: Any) -> None:
    """Make a process fit to serve, before anything is logged or timed."""
    keep_discreet()
    tell_core_log()
    steady(reactor)


def standard_output() -> Output:
    """Return it as it is now; something that swallows all, where it was closed."""
    closed: Output | None = sys.stdout
    return open(os.devnull, "w") if closed is None else closed  # noqa: PTH123


def _open_log(config: Config) -> LogFile | None:
    if config.log_file is None:
        return None
    try:
        return LogFile(config.log_file)
    except OSError as error:
        raise ConfigError("log-file", config.log_file, error.strerror or str(error)) from None
