# SPDX-License-Identifier: MIT
"""What twistd runs: one process that is all of the server, or the parent of several."""

from twisted.application.service import MultiService

from wsecho.app.service import WsechoService
from wsecho.config.config import ConfigError
from wsecho.config.options import Options
from wsecho.server.discretion import keep_discreet
from wsecho.steady import steady
from wsecho.workers.supervisor import Supervisor

__all__ = ["Options", "makeService"]


def makeService(options: Options) -> MultiService:
    """Make the service that twistd runs.

    Raises:
        SystemExit: the server cannot start; one line says why.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # twistd chooses it first

    keep_discreet()
    steady(reactor)
    try:
        if options.config.workers > 1:
            return Supervisor(options.config, options.arguments, reactor, options.parent)
        return WsechoService(options.config, reactor, twistd=options.parent)
    except ConfigError as error:
        raise SystemExit(f"wsecho: {error}") from None
