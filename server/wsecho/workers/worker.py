# SPDX-License-Identifier: MIT
"""A worker: it adopts its parent's sockets, serves, and ends when it is told to, or left alone."""

import importlib
import math
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from attrs import frozen
from prometheus_client.core import Metric
from twisted.internet.defer import Deferred, TimeoutError  # noqa: A004  # Twisted's own
from twisted.logger import Logger, globalLogBeginner
from twisted.python.failure import Failure

from wsecho.app.clustering import Home
from wsecho.app.listening import Listening
from wsecho.app.service import WsechoService, endpoints_of, listening_by
from wsecho.app.sharing import AdoptingReactor, shared_endpoint
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import CommandError
from wsecho.config.given import Given
from wsecho.core.wire.errors import BadGateway, WireError
from wsecho.loops import Loop
from wsecho.server.core_log import tell_core_log
from wsecho.server.discretion import keep_discreet
from wsecho.steady import steady
from wsecho.workers.balance import INTERVAL, Share
from wsecho.workers.channel import Beginning, Message, WorkerChannel, adopt, await_beginning
from wsecho.workers.logs import PipeLog
from wsecho.workers.merging import from_plain, to_plain

ANSWER_WITHIN: Final = 5.0
"""Seconds that the parent has for all workers' metrics."""

_LOOK: Final = 0.1

STAND_IN_AFTER: Final = 2.0
"""Seconds after which one in the place of a dead one serves without Redis, as the others do."""

GRACE: Final = 5.0
"""Seconds beyond `--drain` after which a worker without a parent ends, whatever it is doing."""


def run_worker(arguments: Sequence[str]) -> None:
    """Run a worker until it is told to end.

    Args:
        arguments: the number of the channel's socket, the module of the reactor, and the
            server's own command line.

    Raises:
        SystemExit: it cannot start; the parent was told why.
    """
    # The terminal tells the parent, which tells the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The log's file is the parent's; but whoever rotates it may tell all processes of a service.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    descriptor, reactor_module, *rest = arguments
    importlib.import_module(reactor_module).install()
    from twisted.internet import reactor  # noqa: PLC0415  # as installed

    steady(reactor)
    keep_discreet()
    tell_core_log()
    globalLogBeginner.beginLoggingTo([PipeLog(sys.stdout, reactor)])
    sock = socket.socket(fileno=int(descriptor))
    beginning = await_beginning(sock)
    given = None
    try:
        given = Given.read(rest)
        config = given.load()
        worker = Worker(config, beginning, reactor)
    except (ConfigError, CommandError) as error:
        reason = str(error) if given is None else given.explain(error)
        WorkerChannel.say_on(sock, "failed", reason=reason)
        raise SystemExit(1) from None
    watch_parent(sock, config.drain + GRACE)
    worker.run(sock)


class Worker:
    """One process among several.

    Args:
        config: the options in force.
        beginning: what the parent says.
        reactor: Twisted's reactor.

    Raises:
        ConfigError: it cannot start.
    """

    _log = Logger()

    def __init__(self, config: Config, beginning: Beginning, reactor: Any) -> None:
        self._reactor = reactor
        self._channel = WorkerChannel(self._hear, self._lost)
        self._questions: dict[int, Deferred[Iterable[Metric]]] = {}
        self._asked = 0
        self._is_ending = False
        self._share = Share()
        self._folder = Path(beginning.folder)
        wait = STAND_IN_AFTER if beginning.stands_in else math.inf
        self._serves_anyway_at = reactor.seconds() + wait
        self._service = WsechoService(config, reactor, _Seat(beginning, self))
        bound = [(listener.option, listener.endpoint) for listener in beginning.listeners]
        wanted = endpoints_of(config)
        if [(option, one) for option, ones in wanted.items() for one in ones] != bound:
            self._log.warn(
                "where to listen has changed, but the sockets are the parent's: restart it"
            )

    def run(self, sock: socket.socket) -> None:
        """Serve until the end."""
        adopt(self._reactor, sock, self._channel)
        # Clients come when the rooms can be had.
        self._service.accept(False)
        self._service.startService()
        self._reactor.addSystemEventTrigger("before", "shutdown", self._end)
        self._reactor.callWhenRunning(self._running)
        self._reactor.run()

    def collect(self) -> Deferred[Iterable[Metric]]:
        """Ask the parent for all workers' metrics."""
        self._asked += 1
        number = self._asked

        def forget(_: object) -> None:
            self._questions.pop(number, None)

        answer: Deferred[Iterable[Metric]] = Deferred(forget)
        self._questions[number] = answer
        self._channel.tell("collect", number=number)
        return answer.addTimeout(ANSWER_WITHIN, self._reactor).addErrback(_no_answer)

    def _running(self) -> None:
        # A signal to all processes of a service must not cut who is draining already.
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._reactor.callFromThread(self._stop, is_replaced=False)

        signal.signal(signal.SIGTERM, stop)
        self._begin_when_healthy()

    def _begin_when_healthy(self) -> None:
        if self._is_ending:
            return
        try:
            self._service.rooms.bus.check_health()
        except WireError as error:
            if self._reactor.seconds() < self._serves_anyway_at:
                # Told in case that this lasts too long.
                self._channel.tell("failed", reason=f"it is not healthy: {error}")
                self._reactor.callLater(_LOOK, self._begin_when_healthy)
                return
        self._channel.tell("ready")
        Loop("telling the load", self._weigh, self._reactor).start(INTERVAL, now=True)

    def _weigh(self) -> None:
        connections = len(self._service.state.admissions)
        self._channel.tell("load", connections=connections)
        if not self._is_ending:
            self._service.accept(self._share.accepts(connections, self._reactor.seconds()))

    def _hear(self, message: Message) -> None:
        match message["say"]:
            case "stop":
                self._stop(is_replaced=message["is_replaced"])
            case "cut":
                self._stop(is_replaced=False)
                self._service.cut()
            case "reload":
                self._service.reload.reload()
                self._channel.tell("reloaded")
            case "mean":
                self._share.hear(message["connections"], self._reactor.seconds())
            case "sample":
                self._tell_metrics(message["number"])
            case "merged":
                question = self._questions.pop(message["number"], None)
                if question is not None:
                    question.callback(from_plain(message["metrics"]))

    def _stop(self, *, is_replaced: bool) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._service.is_replaced = is_replaced
            self._reactor.stop()

    def _lost(self) -> None:
        if not self._is_ending:
            self._log.error("the parent is gone: this worker ends")
        self._stop(is_replaced=False)

    def _tell_metrics(self, number: int) -> None:
        metrics = to_plain(self._service.metrics.collect())
        self._channel.tell("sample", number=number, metrics=metrics)

    def _end(self) -> Deferred[Any]:
        return self._service.stopService().addCallback(lambda _: self._say_farewell())

    def _say_farewell(self) -> Deferred[None]:
        self._tell_metrics(0)
        if not self._channel.is_open:
            # The last one of an orphaned family takes the folder along.
            with suppress(OSError):
                self._folder.rmdir()
        return self._channel.close()


def _no_answer(failure: Failure) -> NoReturn:
    failure.trap(TimeoutError)
    raise BadGateway("the other workers' metrics cannot be had")


@frozen
class _Seat:
    """A worker's place, for its service."""

    _beginning: Beginning
    _worker: Worker

    @property
    def home(self) -> Home:
        beginning = self._beginning
        return Home(beginning.node, Path(beginning.folder), bytes.fromhex(beginning.secret))

    @property
    def stands_in(self) -> bool:
        return self._beginning.stands_in

    def listening(self, reactor: Any, option: str) -> tuple[Listening, tuple[str, ...]]:
        listeners = [one for one in self._beginning.listeners if one.option == option]
        adopting = AdoptingReactor(reactor, [one.descriptor for one in listeners])
        endpoints = tuple(shared_endpoint(one.endpoint) for one in listeners)
        return listening_by(adopting, option), endpoints

    def collect(self) -> Deferred[Iterable[Metric]]:
        return self._worker.collect()


def watch_parent(sock: socket.socket, patience: float) -> None:
    """End this process some time after its parent, even if it hangs.

    A thread of its own sees to it, and ends the process with status 1.

    Args:
        sock: the channel; the parent's end closes with the parent.
        patience: seconds after which it is over.
    """
    own = os.dup(sock.fileno())

    def watch() -> None:
        poll = select.poll()
        poll.register(own, 0)
        while not poll.poll():
            pass
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
