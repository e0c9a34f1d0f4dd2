# SPDX-License-Identifier: MIT
"""From a configuration to a running tree of Twisted services."""

import sys
from typing import Any, Final

from twisted.application.internet import TimerService
from twisted.application.service import IServiceCollection, MultiService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.python.failure import Failure
from twisted.web.resource import Resource

from wsecho import logs, page
from wsecho.config import Config, ConfigError
from wsecho.doors.broadcast.resource import Broadcast
from wsecho.doors.broadcast.streams import Streams
from wsecho.doors.front import FrontFactory
from wsecho.doors.gate import OpenGate
from wsecho.doors.handshake import Handshake
from wsecho.doors.page import PageFile
from wsecho.doors.rooms import Rooms
from wsecho.doors.site import EchoSite
from wsecho.doors.upgrade_only import UpgradeOnly
from wsecho.doors.wamp.serve import longpoll_resource, make_router, rawsocket_maker
from wsecho.doors.websocket import WebSocketFactory
from wsecho.drain import Drain
from wsecho.options import Options

__all__ = ["Options", "makeService"]

_RETRY: Final = 1.0
_SWEEP: Final = 15.0


class WsechoService(MultiService):
    """The server: its ports, its rooms, and its end.

    Args:
        config: the options in force.
        reactor: Twisted's reactor.
    """

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self._config = config
        rooms = Rooms(config.rules, reactor)
        router = make_router(config, rooms, reactor)
        websockets = WebSocketFactory(config, reactor)
        gate = OpenGate(config.origins)
        handshake = Handshake(config, gate, rooms, router, websockets)
        self._streams = Streams()
        tree = resources(config)
        tree.putChild(b"broadcast", Broadcast(config, gate, rooms, self._streams, reactor))
        tree.putChild(b"lp", longpoll_resource(config, gate, router, reactor))
        site = EchoSite(tree, handshake, reactor, config)
        rawsocket = rawsocket_maker(config, router, reactor)
        self.front = FrontFactory(site, handshake, rawsocket, reactor, config.open_timeout)
        sweep = TimerService(_SWEEP, rooms.sweep)
        sweep.clock = reactor
        sweep.setServiceParent(self)
        # Bound now, before twistd logs, changes its user or goes into the background:
        # a port that is taken is told where the user looks, and ends the start.
        self.ports = [listen(reactor, endpoint, self.front) for endpoint in config.listen]
        self._drain = Drain(self.ports, router, websockets, reactor, config.drain)

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Join twistd's application, which is where it looks for the log's form."""
        super().setServiceParent(parent)
        if self._config.log_format == "json":
            logs.use_json(parent, sys.stdout)

    def startService(self) -> None:
        """Begin; the ports listen already."""
        super().startService()
        self._drain.announce()

    def stopService(self) -> Deferred[Any]:
        """Stop listening, close every connection, and wait for the peers within `--drain`."""
        self._streams.drain(_RETRY)
        return self._drain.run().addCallback(lambda _: self._stop_children())

    def _stop_children(self) -> Any:
        return super().stopService()


def resources(config: Config) -> Resource:
    """Build the tree of HTTP addresses.

    Raises:
        ConfigError: there is no page to serve.
    """
    try:
        folder = config.web or page.built()
    except FileNotFoundError as error:
        raise ConfigError("web", "(not given)", str(error)) from None
    root = PageFile(str(folder))
    root.putChild(b"echo", UpgradeOnly())
    return root


def listen(reactor: Any, endpoint: str, factory: FrontFactory) -> IListeningPort:
    """Listen at an endpoint.

    Raises:
        ConfigError: the string is no endpoint, or its place is taken.
    """
    outcome: list[Any] = []
    try:
        serverFromString(reactor, endpoint).listen(factory).addBoth(outcome.append)
    except Exception as error:  # noqa: BLE001  # endpoint parsers raise what they like
        raise ConfigError("listen", endpoint, _one_line(error)) from None
    # Every stream endpoint in Twisted answers at once.
    port: Any = outcome[0] if outcome else Failure(RuntimeError("it does not answer at once"))
    if isinstance(port, Failure):
        raise ConfigError("listen", endpoint, _one_line(port.value)) from None
    return port  # type: ignore[no-any-return]  # Twisted's Deferred does not say what it holds


def makeService(options: Options) -> WsechoService:
    """Make the service that twistd runs.

    Raises:
        SystemExit: the server cannot start; one line says why.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # twistd chooses it first

    try:
        return WsechoService(options.config, reactor)
    except ConfigError as error:
        raise SystemExit(f"wsecho: {error}") from None


def _one_line(error: BaseException | None) -> str:
    if isinstance(error, CannotListenError):
        return f"cannot listen there: {error.socketError.strerror or error.socketError}"
    return " ".join(str(error).split()) or type(error).__name__
