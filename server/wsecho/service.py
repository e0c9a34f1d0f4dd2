# SPDX-License-Identifier: MIT
"""From a configuration to a running tree of Twisted services."""

import sys
from collections.abc import Mapping
from typing import Any, Final

from twisted.application.internet import TimerService
from twisted.application.service import IServiceCollection, MultiService
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource

from wsecho import buses, descriptors, logs, page
from wsecho.config import Config, ConfigError
from wsecho.doors.admission import Admission
from wsecho.doors.broadcast.resource import Broadcast
from wsecho.doors.front import FrontFactory
from wsecho.doors.handshake import Handshake
from wsecho.doors.house import House
from wsecho.doors.metrics import Metrics
from wsecho.doors.operations import Health, MetricsPage, Readiness
from wsecho.doors.page import PageFile
from wsecho.doors.peers import describe
from wsecho.doors.pulse import Pulse
from wsecho.doors.rooms import Rooms
from wsecho.doors.site import EchoSite
from wsecho.doors.tally import Tally
from wsecho.doors.upgrade_only import UpgradeOnly
from wsecho.doors.wamp.serve import longpoll_resource, make_router, rawsocket_maker
from wsecho.doors.websocket import WebSocketFactory
from wsecho.drain import Drain
from wsecho.lane.lane import Lane
from wsecho.listening import Listening
from wsecho.options import Options
from wsecho.reload import Reload

__all__ = ["Options", "makeService"]

_SWEEP: Final = 15.0


class WsechoService(MultiService):
    """The server: its ports, its rooms, and its end.

    Args:
        config: the options in force.
        reactor: Twisted's reactor.
        twistd: the options of the program that runs this.
    """

    _log = Logger()

    def __init__(
        self, config: Config, reactor: Any, twistd: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self._config = config
        self._reactor = reactor
        self._twistd = twistd or {}
        self.house = house = House.of(config, reactor)
        self.rooms = rooms = Rooms(config.rules, reactor, house.stats, buses.maker(config, reactor))
        listening = Listening(reactor)
        admission = Admission.of(config, reactor.seconds, lambda: listening.is_on_loopback)
        gate = admission.gate
        router = make_router(config, rooms, reactor, admission)
        lane = Lane(reactor) if config.lane and Lane.is_possible() else None
        websockets = WebSocketFactory(config, reactor, house, lane)
        handshake = Handshake(config, gate, rooms, router, websockets)
        tree = resources(config)
        tree.putChild(b"broadcast", Broadcast(config, gate, rooms, house, reactor))
        tree.putChild(b"lp", longpoll_resource(config, gate, router, reactor, house))
        tree.putChild(b"healthz", Health())
        tree.putChild(b"readyz", Readiness(house.connections, rooms.bus))
        tree.putChild(b"metrics", MetricsPage(Metrics(house, rooms, router, lane), gate))
        site = EchoSite(tree, handshake, reactor, config)
        rawsocket = rawsocket_maker(config, router, reactor, house)
        self.front = FrontFactory(site, handshake, rawsocket, reactor, config.open_timeout)
        sweep = TimerService(_SWEEP, rooms.sweep)
        sweep.clock = reactor
        sweep.setServiceParent(self)
        Pulse(reactor, house.stats).setServiceParent(self)
        if house.admissions.counts_addresses:
            Tally(rooms.bus, house.admissions, reactor).setServiceParent(self)
        # Bound now, before twistd logs, changes its user or goes into the background:
        # a port that is taken is told where the user looks, and ends the start.
        listening.begin(config.listen, self.front)
        self._listening = listening
        Reload([admission.reload, listening.reload], reactor).setServiceParent(self)
        self._drain = Drain(listening.ports, house, reactor, config.drain)

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Join twistd's application, which is where it looks for the log's form."""
        super().setServiceParent(parent)
        if self._config.log_format == "json":
            logs.use(parent, logs.JsonLog, sys.stdout, self._reactor)
        elif logs.is_to_stdout(self._twistd):
            logs.use(parent, logs.TextLog, sys.stdout, self._reactor)

    def startService(self) -> None:
        """Begin; the ports listen already."""
        super().startService()
        descriptors.provide(self._config.max_connections)
        self.rooms.bus.start()
        self._drain.announce()
        if not self._config.asks_for_tokens:
            self._warn_of_strangers()

    def stopService(self) -> Deferred[Any]:
        """Stop listening, close every connection, and wait for the peers within `--drain`."""
        return self._drain.run().addCallback(lambda _: self._stop_children())

    def _warn_of_strangers(self) -> None:
        for port in self._listening.beyond[:1]:
            self._log.warn(
                "everybody who reaches {address} may read and write every room: close it with "
                "--token-key FILE (python -m wsecho key makes one), or listen on loopback, which "
                "is the default",
                address=describe(port.getHost()),
            )

    def _stop_children(self) -> Any:
        self.rooms.bus.stop()
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


def makeService(options: Options) -> WsechoService:
    """Make the service that twistd runs.

    Raises:
        SystemExit: the server cannot start; one line says why.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # twistd chooses it first

    try:
        return WsechoService(options.config, reactor, options.parent)
    except ConfigError as error:
        raise SystemExit(f"wsecho: {error}") from None
