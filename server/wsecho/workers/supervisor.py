# SPDX-License-Identifier: MIT
"""The parent of all workers: it binds, starts, replaces and ends, and serves nobody itself."""

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from wsecho.app import buses
from wsecho.app.announcing import announce
from wsecho.app.applications import load_apps
from wsecho.app.asked_webhook import check_webhook
from wsecho.app.clustering import check_cluster, new_node
from wsecho.app.drain import on_a_second_signal
from wsecho.app.event_listeners import check_listeners
from wsecho.app.listening import Listening
from wsecho.app.notifying import ServiceManager
from wsecho.app.service import endpoints_of, listening_by, resources
from wsecho.app.sharing import hold
from wsecho.app.signals import OnSignal
from wsecho.config.config import Config
from wsecho.doors.admission import Admission
from wsecho.doors.forwarding.node_sockets import NodeSockets
from wsecho.loops import Chore
from wsecho.workers import fleet as orders
from wsecho.workers.balance import INTERVAL, Loads
from wsecho.workers.channel import Beginning, ChannelListener, Message
from wsecho.workers.fleet import Fleet, Order, WorkerState
from wsecho.workers.logs import LogRelay
from wsecho.workers.needs import check_needs
from wsecho.workers.process import Program, WorkerProcess
from wsecho.workers.worker_metrics import INTERVAL as LOOK_INTERVAL
from wsecho.workers.worker_metrics import WorkerMetrics

_SECRET_BYTES: Final = 32


class Supervisor(MultiService):
    """Runs `--workers` processes.

    Args:
        config: the options in force.
        arguments: the command line that they were read from.
        reactor: Twisted's reactor.
        manager: is told how they are.

    Raises:
        ConfigError: the workers could not start by these options.
    """

    _log = Logger()

    def __init__(
        self,
        config: Config,
        arguments: tuple[str, ...],
        reactor: Any,
        manager: ServiceManager | None = None,
    ) -> None:
        super().__init__()
        check_needs(config)
        self._manager = manager or ServiceManager()
        self._config = config
        self._reactor = reactor
        # What a worker would stumble on is told now, where the user looks.
        buses.maker(config, reactor)
        self._given_away = Admission.of(config).given_away
        resources(config)
        check_cluster(config)
        load_apps(config)
        check_webhook(config, reactor)
        check_listeners(config, reactor)
        wanted = endpoints_of(config)
        self._listening = {option: listening_by(reactor, option) for option in wanted}
        listeners = [
            listener
            for option, endpoints in wanted.items()
            for listener in _bind(self._listening[option], option, endpoints)
        ]
        self._program = Program(arguments, listeners, os.getcwd())  # noqa: PTH109
        self._secret = secrets.token_hex(_SECRET_BYTES)
        self._folder = ""
        self._fleet = Fleet(config.workers, config.drain)
        self._processes: dict[int, WorkerProcess] = {}
        self._channels: dict[int, Any] = {}
        self._nodes: dict[int, str] = {}
        self._gathering = WorkerMetrics(self._fleet, self._channels, reactor)
        self._alarm: IDelayedCall | None = None
        self._over: Deferred[None] = Deferred()
        self._loads = Loads()
        self._reloading: set[int] = set()
        for service in (
            OnSignal("SIGHUP", self.reload, reactor),
            OnSignal("SIGUSR2", self.replace, reactor),
            Chore("asking for metrics", LOOK_INTERVAL, self._gathering.look, reactor),
            Chore("telling the mean load", INTERVAL, self._tell_mean, reactor),
        ):
            service.setServiceParent(self)

    def startService(self) -> None:
        """Start the workers."""
        super().startService()
        # Made by the user that the workers run as, and for nobody else.
        try:
            self._folder = tempfile.mkdtemp(prefix="wsecho-")
        except OSError as error:
            reason = f"--workers: no folder for the sockets between them (TMPDIR): {error.strerror}"
            self._give_up(reason)
            return
        self._fleet.begin(self._reactor.seconds())
        self._obey()

    def stopService(self) -> Deferred[Any]:
        """Have all workers drain, and wait for them; none outlives `--drain` by much."""
        ports = DeferredList([maybeDeferred(port.stopListening) for port in self._bound])
        on_a_second_signal(self._reactor, self._cut)
        self._fleet.end(self._reactor.seconds())
        self._obey()
        return ports.addCallback(lambda _: self._over).addCallback(lambda _: self._stop_children())

    @property
    def _bound(self) -> list[IListeningPort]:
        return [port for listening in self._listening.values() for port in listening.ports]

    def replace(self) -> None:
        """Replace all workers one after the other; their options are read anew."""
        self._fleet.replace(self._reactor.seconds())
        self._obey()

    def reload(self) -> None:
        """Have each worker read its keys and certificates again."""
        if not self._channels:
            return
        self._manager.reloading()
        self._reloading = set(self._channels)
        for channel in self._channels.values():
            channel.tell("reload")

    def answers(self, within: float) -> bool:
        """Tell whether each worker that serves has told its load lately.

        Args:
            within: seconds.
        """
        since = self._reactor.seconds() - within
        for worker in self._fleet:
            last = max(worker.since, self._loads.told_at(worker.serial))
            if worker.state is WorkerState.READY and last < since:
                self._log.error("worker {slot} does not answer", slot=worker.slot)
                return False
        return True

    def _stop_children(self) -> Any:
        self._gathering.end()
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)
        return super().stopService()

    def _cut(self) -> None:
        self._fleet.cut()
        self._obey()

    def _tell_mean(self) -> None:
        mean = self._loads.mean(self._reactor.seconds())
        if mean is not None:
            for channel in self._channels.values():
                channel.tell("mean", connections=mean)

    # -- what the fleet orders

    def _obey(self) -> None:
        for order in self._fleet.orders():
            try:
                self._carry_out(order)
            except Exception:  # noqa: BLE001  # the boundary: the others must be kept alive
                self._log.failure("cannot carry out {order}", order=order)
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()
        if self._fleet.wake_at is not None:
            wait = max(0.0, self._fleet.wake_at - self._reactor.seconds())
            self._alarm = self._reactor.callLater(wait, self._wake)

    def _wake(self) -> None:
        self._fleet.tick(self._reactor.seconds())
        self._obey()

    def _carry_out(self, order: Order) -> None:
        match order:
            case orders.StartOrder(serial, slot, stands_in):
                self._start(serial, slot, stands_in=stands_in)
            case orders.DrainOrder(serial, is_replaced):
                self._loads.forget(serial)
                self._tell(serial, "stop", is_replaced=is_replaced)
            case orders.Cut(serial):
                self._tell(serial, "cut")
            case orders.Kill(serial) if serial in self._processes:
                self._processes[serial].signal("KILL")
            case orders.Say(text, is_error):
                (self._log.error if is_error else self._log.info)("{text}", text=text)
            case orders.Opened():
                self._manager.ready()
                listening, metrics = (self._listening[o] for o in ("listen", "metrics-listen"))
                announce(listening, metrics, self._config, self._given_away)
            case orders.GiveUp(reason):
                self._give_up(reason)
            case orders.Over():
                self._over.callback(None)

    def _tell(self, serial: int, word: str, **what: Any) -> None:
        # One that the system did not let start is about to be noted as ended.
        if serial in self._channels:
            self._channels[serial].tell(word, **what)

    def _start(self, serial: int, slot: int, *, stands_in: bool) -> None:
        def relay() -> LogRelay:
            return LogRelay(slot, self._log.observer)

        process = WorkerProcess(
            relay(), relay(), partial(self._hear, serial), partial(self._ended, serial)
        )
        self._nodes[serial] = node = new_node()
        beginning = Beginning(
            slot=slot,
            node=node,
            listeners=self._program.listening,
            folder=self._folder,
            secret=self._secret,
            stands_in=stands_in,
        )
        try:
            process.begin(self._reactor, self._program, beginning)
        except OSError as error:
            self._reactor.callLater(0, self._ended, serial, f"the system refuses: {error}")
        else:
            self._processes[serial] = process
            self._channels[serial] = process.channel

    def _give_up(self, reason: str) -> None:
        # `sys.stderr` is the log by now, and twistd's own status would be 0.
        print(f"wsecho: {reason}", file=sys.__stderr__, flush=True)
        self._log.critical("the start has failed: {reason}", reason=reason)
        atexit.register(os._exit, 1)
        self._reactor.callLater(0, self._reactor.stop)
        self._fleet.end(self._reactor.seconds())

    # -- what the workers say

    def _hear(self, serial: int, message: Message) -> None:
        match message["say"]:
            case "ready":
                slot, pid = self._fleet[serial].slot, self._processes[serial].pid
                self._log.info("worker {slot} is ready, process {pid}", slot=slot, pid=pid)
                self._fleet.ready(serial, self._reactor.seconds())
                self._obey()
            case "failed":
                self._fleet.failed(serial, message["reason"])
            case "load" if self._fleet[serial].state is WorkerState.READY:
                self._loads.tell(serial, message["connections"], self._reactor.seconds())
            case "sample":
                self._gathering.sampled(serial, message["number"], message["metrics"])
            case "reloaded":
                self._reloaded(serial)
            case "collect":
                self._gathering.collect(self._channels[serial], message["number"])

    def _reloaded(self, serial: int) -> None:
        if serial in self._reloading:
            self._reloading.remove(serial)
            if not self._reloading:
                self._manager.ready()

    def _ended(self, serial: int, how: str) -> None:
        self._reloaded(serial)
        self._processes.pop(serial, None)
        self._channels.pop(serial, None)
        # One that was killed has left its socket's file.
        path = NodeSockets(Path(self._folder)).path(self._nodes.pop(serial))
        Path(path).unlink(missing_ok=True)
        self._loads.forget(serial)
        is_death = self._fleet[serial].state is not WorkerState.DRAINING
        self._gathering.ended(serial, is_death=is_death)
        self._fleet.ended(serial, how, self._reactor.seconds())
        self._obey()


def _bind(listening: Listening, option: str, endpoints: tuple[str, ...]) -> list[ChannelListener]:
    nobody = Factory()
    nobody.noisy = False
    listening.begin(endpoints, nobody)
    descriptors = hold(listening.ports)
    return [ChannelListener(*pair, option) for pair in zip(endpoints, descriptors, strict=True)]
