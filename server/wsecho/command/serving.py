# SPDX-License-Identifier: MIT
"""`wsecho serve`: the server as this very process, in the foreground.

What twistd does for it otherwise is little: a log, the reactor, and an end in order on SIGTERM and
SIGINT, for which the reactor itself cares. It needs no pid file, no folder to write to and none of
Twisted's plugins.
"""

import sys
from typing import Any

from twisted.logger import Logger, globalLogBeginner

from wsecho import __version__
from wsecho.config.config import Config, ConfigError
from wsecho.config.given import Given, fail
from wsecho.starting import Server, prepare, standard_output

_log = Logger()


def serve(given: Given, config: Config, words: tuple[str, ...]) -> int:
    """Serve until the process is told to end; return the status.

    Args:
        given: what the options were made of, for complaints.
        config: the options in force.
        words: the command line.

    Raises:
        SystemExit: it cannot start; one line has said why.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # installs it

    prepare(reactor)
    try:
        server = Server(config, words, reactor, standard_output())
    except ConfigError as error:
        fail(given, error)
    globalLogBeginner.beginLoggingTo([] if server.log is None else [server.log])
    python = ".".join(map(str, sys.version_info[:3]))
    _log.info("wsecho {version} starts, on Python {what}", version=__version__, what=python)
    server.privilegedStartService()
    server.startService()
    running: Any = reactor
    running.addSystemEventTrigger("before", "shutdown", server.stopService)
    running.run()
    return 0
