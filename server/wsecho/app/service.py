# SPDX-License-Identifier: MIT
"""From a configuration to a running tree of Twisted services: the server, or a worker of it."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from prometheus_client.core import Metric
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.web.resource import Resource

from wsecho import page
from wsecho.app import buses, descriptors
from wsecho.app.announcing import announce
from wsecho.app.applications import give_server, load_apps
from wsecho.app.asked_webhook import asked_webhook
from wsecho.app.clustering import Clustering, Home, check_cluster, new_node
from wsecho.app.drain import Drain, on_a_second_signal
from wsecho.app.event_listeners import event_listeners
from wsecho.app.listening import Listening
from wsecho.app.notifying import ServiceManager
from wsecho.app.reload import Reader, Reload, rereading_rooms
from wsecho.app.sharing import is_by_systemd
from wsecho.app.signals import OnSignal
from wsecho.app.webhook_secrets import WebhookSecrets
from wsecho.config.config import Config, ConfigError
from wsecho.doors.admission import Admission
from wsecho.doors.broadcast.resource import Broadcast
from wsecho.doors.front import FrontFactory
from wsecho.doors.gate import Gate
from wsecho.doors.handshake import Handshake
from wsecho.doors.http.page import LIBRARY, PageFile
from wsecho.doors.http.site import EchoSite
from wsecho.doors.http.upgrade_only import UpgradeOnly
from wsecho.doors.lab.lab import Lab
from wsecho.doors.lab.resource import LabResource
from wsecho.doors.wamp.serve import longpoll_resource, make_router, rawsocket_maker
from wsecho.doors.websocket.connection import WebSocketFactory
from wsecho.events.delivery import EventDelivery
from wsecho.events.teller import EventTeller
from wsecho.fanout.asking import Asking
from wsecho.fanout.rooms import Rooms
from wsecho.hooks.questions import Questions
from wsecho.lane.lane import Lane
from wsecho.loops import Chore
from wsecho.ops.gossip import ConnectionGossip
from wsecho.ops.health import operations, operators_site
from wsecho.ops.loop_lag import LoopLag
from wsecho.ops.metrics import Metrics
from wsecho.server.state import ServerState

_SWEEP: Final = 15.0


class WorkerHost(Protocol):
    """What a worker has of its parent, in place of what a single process makes for itself."""

    @property
    def home(self) -> Home:
        """Where it lives among the others."""

    @property
    def stands_in(self) -> bool:
        """Whether it takes the place of one that served and died."""

    def listening(self, reactor: Any, option: str) -> tuple[Listening, tuple[str, ...]]:
        """Return what adopts the parent's sockets, and the endpoint strings for it.

        Args:
            reactor: Twisted's reactor.
            option: whose endpoints are meant.
        """

    def collect(self) -> Deferred[Iterable[Metric]]:
        """Read the metrics of all workers."""


class WsechoService(MultiService):
    """The server: its ports, its rooms, and its end.

    Args:
        config: the options in force.
        reactor: Twisted's reactor.
        spec: its place among several workers; None where it is all there is.
        manager: is told how it is.
        time_of_day: the time, Unix seconds.
    """

    _log = Logger()

    def __init__(
        self,
        config: Config,
        reactor: Any,
        spec: WorkerHost | None = None,
        manager: ServiceManager | None = None,
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._config = config
        self._reactor = reactor
        self._spec = spec
        self._manager = manager = manager or ServiceManager()
        self.state = state = ServerState.of(config, reactor, time_of_day)
        stands_in = spec is not None and spec.stands_in
        make_bus = buses.maker(config, reactor, stands_in=stands_in)
        self.rooms = rooms = Rooms(
            *(config.rules, reactor, state.stats, make_bus, time_of_day, state.room_rules)
        )
        listening, endpoints = self._places("listen")
        self._ask_secrets = WebhookSecrets("ask-secret", config.ask_secret)
        self._webhook = webhook = asked_webhook(config, reactor, self._ask_secrets, time_of_day)
        apps = (*load_apps(config), *(() if webhook is None else (webhook,)))
        give_server(apps, rooms)
        self.questions = questions = Questions(
            *(apps, config.ask_timeout, reactor, config.max_message_size)
        )
        self.teller = self._tell_events(apps, time_of_day)
        asking = self._asking(questions)
        admission = Admission.of(
            *(config, time_of_day, lambda: listening.is_on_loopback, state.room_rules),
            keeps_claims=asking is not None,
        )
        self._given_away = admission.given_away
        gate = admission.gate
        router = make_router(config, rooms, reactor, admission, state.wall, asking)
        lane = self._make_lane()
        websockets = WebSocketFactory(config, reactor, state, lane)
        lab = Lab(config, state, reactor, lambda: listening.is_on_loopback)
        handshake = Handshake(config, gate, rooms, router, websockets, lab, asking)
        end = partial(getattr, listening, "end_of_certificates")
        counted = lane, end, questions, webhook, self._deliveries()
        self.metrics = Metrics(state, rooms, router, *counted)
        self._clustering = clustering = self._join_others()
        cluster = None if clustering is None else clustering.cluster
        longpoll = longpoll_resource(config, gate, router, reactor, state, cluster, asking)
        tree = self._tree(gate, longpoll, lab, asking)
        site = EchoSite(tree, handshake, reactor, config, lane)
        rawsocket = rawsocket_maker(config, router, reactor, state)
        self.front = FrontFactory(site, handshake, rawsocket, reactor, config.open_timeout)
        self._add_chores()
        # Bound now, before twistd logs, changes its user or goes into the background:
        # a port that is taken is told where the user looks, and ends the start.
        listening.begin(endpoints, self.front)
        self._listening = listening
        self._operators = operators = self._listen_for_operators()
        self.is_replaced, self._accepts = False, True
        readers: list[Reader] = [admission.reload, listening.reload, operators.reload]
        readers.append(rereading_rooms(config.file, rooms))
        readers += [self._ask_secrets.reload, self._tell_secrets.reload]
        if clustering is not None:
            clustering.begin(longpoll)
            readers.append(clustering.reload)
        self.reload = Reload(readers, reactor, manager)
        self.reload.setServiceParent(self)
        # Left alone, it would end the process.
        OnSignal("SIGUSR2", self._stay, reactor).setServiceParent(self)
        self._drain = Drain(listening.ports, state, reactor, config.drain)

    def _asking(self, questions: Questions) -> Asking | None:
        """Return what asks; None where nobody is asked, so that no door looks for it."""
        if not questions.counts:
            return None
        config = self._config
        return Asking(*(questions, self.rooms, self.state.room_rules, frozenset(config.ask_header)))

    def _tell_events(
        self, apps: Sequence[object], time_of_day: Callable[[], float]
    ) -> EventTeller | None:
        """Make what tells of the rooms; None where nobody is told."""
        self._tell_secrets = WebhookSecrets("tell-secret", self._config.tell_secret)
        listeners = event_listeners(
            *(self._config, apps, self._reactor, self._tell_secrets, time_of_day)
        )
        if not listeners:
            return None
        teller = EventTeller(listeners, self.rooms.open_events, self._reactor)
        teller.setServiceParent(self)
        return teller

    def _deliveries(self) -> Sequence[EventDelivery]:
        return () if self.teller is None else self.teller.deliveries

    def _make_lane(self) -> Lane | None:
        if self._config.lane and Lane.is_possible():
            return Lane(self._reactor, self.rooms.fanout.together)
        return None

    def startService(self) -> None:
        """Begin; the ports listen already."""
        super().startService()
        possible = descriptors.provide_descriptors(self._config.max_connections)
        self.state.admissions.most_here = possible
        self.rooms.bus.start()
        if self._spec is None:
            announce(self._listening, self._operators, self._config, self._given_away)
            self._reactor.callWhenRunning(self._manager.ready)

    def stopService(self) -> Deferred[Any]:
        """Stop listening, close every connection, and wait for the peers within `--drain`."""
        # Several are told by their parent, for its signals may reach them too.
        if self._spec is None:
            on_a_second_signal(self._reactor, self.cut)
        begun = self._reactor.seconds()
        # Where the socket stays open, the next process serves whoever comes from now on.
        stays = any(map(is_by_systemd, self._config.listen))
        drained = self._drain.run(is_replaced=self.is_replaced or stays)
        # Not before: each connection that ends is an event.
        drained.addCallback(lambda _: self._end_telling(begun + self._config.drain))
        drained.addCallback(lambda _: self._leave_others())
        return drained.addCallback(lambda _: self._stop_children())

    def answers(self, _within: float) -> bool:
        """Tell whether it serves: who is called by the event loop can say so."""
        return True

    def accept(self, accepts: bool) -> None:  # noqa: FBT001
        """Take new connections, or leave them to others that listen at the same sockets."""
        if accepts is not self._accepts:
            self._accepts = accepts
            ports: list[Any] = list(self._listening.ports)
            for port in ports:
                (port.startReading if accepts else port.stopReading)()

    def cut(self) -> None:
        """Wait for nobody any more."""
        self._drain.cut()
        if self.teller is not None:
            self.teller.cut()

    def _stay(self) -> None:
        self._log.warn("SIGUSR2 is for the parent of several --workers: nothing is replaced here")

    def _tree(self, gate: Gate, longpoll: Resource, lab: Lab, asking: Asking | None) -> Resource:
        tree = resources(self._config)
        rooms, state = self.rooms, self.state
        broadcast = Broadcast(self._config, gate, rooms, state, self._reactor, asking)
        tree.putChild(b"broadcast", broadcast)
        tree.putChild(b"lp", longpoll)
        if self._config.lab_by_default:
            tree.putChild(b"lab", LabResource(lab, state))
        if self._config.metrics_listen is None:
            self._put_operations(tree, gate)
        return tree

    def _put_operations(self, tree: Resource, gate: Gate | None) -> None:
        collect = self._collect if self._spec is None else self._spec.collect
        pages = operations(self.state.connections, self.rooms.bus, collect, gate)
        for name, page_ in pages.items():
            tree.putChild(name, page_)

    def _listen_for_operators(self) -> Listening:
        listening, endpoints = self._places("metrics-listen")
        tree = Resource()
        self._put_operations(tree, None)
        listening.begin(endpoints, operators_site(tree, self.state, self._reactor, self._config))
        return listening

    def _add_chores(self) -> None:
        """Add what is done every so often."""
        sweep = Chore("forgetting what is too old", _SWEEP, self.rooms.sweep, self._reactor)
        sweep.setServiceParent(self)
        LoopLag(self._reactor, self.state.stats).setServiceParent(self)
        admissions = self.state.admissions
        if self.rooms.bus.directory is not None and admissions.is_bounded:
            ConnectionGossip(self.rooms.bus, admissions, self._reactor).setServiceParent(self)

    def _places(self, option: str) -> tuple[Listening, tuple[str, ...]]:
        if self._spec is not None:
            return self._spec.listening(self._reactor, option)
        return listening_by(self._reactor, option), endpoints_of(self._config)[option]

    def _join_others(self) -> Clustering | None:
        check_cluster(self._config)
        if self._spec is None and self._config.advertise is None:
            return None
        directory = self.rooms.bus.directory
        home = Home(new_node()) if self._spec is None else self._spec.home
        places = self._places("cluster-listen")
        return Clustering.of(self._config, self._reactor, self.state, home, directory, places)

    def _collect(self) -> Deferred[Iterable[Metric]]:
        return succeed(self.metrics.collect())

    def _end_telling(self, end: float) -> Deferred[Any] | None:
        if self.teller is None:
            return None
        return self.teller.end(max(0.0, end - self._reactor.seconds()))

    def _leave_others(self) -> Deferred[Any] | None:
        # Not before: until now, others may have fetched last words here.
        return None if self._clustering is None else self._clustering.end()

    def _stop_children(self) -> Any:
        # Not before: until now, operators may have asked how far the end is.
        for port in self._operators.ports:
            port.stopListening()
        if self._webhook is not None:
            self._webhook.close()
        self.rooms.bus.stop()
        return super().stopService()


def endpoints_of(config: Config) -> dict[str, tuple[str, ...]]:
    """Return all endpoint strings, by the option that gives them."""
    metrics = config.metrics_listen
    return {
        "listen": config.listen,
        "cluster-listen": config.inner_endpoints,
        "metrics-listen": () if metrics is None else (metrics,),
    }


def listening_by(reactor: Any, option: str) -> Listening:
    """Return what listens at the endpoints of an option; nowhere yet."""
    return Listening(reactor, option, reads_at_once=option == "listen")


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
    if config.web is not None:
        _add_library(root)
    return root


def _add_library(root: PageFile) -> None:
    """Put the library beside a page of somebody's own, where that has none itself."""
    with suppress(FileNotFoundError):
        ours = page.built()
        for name in LIBRARY:
            if not root.child(name).exists() and (ours / name).is_file():
                root.putChild(name.encode(), PageFile(str(ours / name)))
