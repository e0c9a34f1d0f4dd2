# SPDX-License-Identifier: MIT
"""A worker as its parent sees it, without a process of its own."""

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field
from prometheus_client.core import GaugeMetricFamily
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent

from wsecho.config.config import Config
from wsecho.core.wire.errors import BadGateway, BusUnavailable
from wsecho.workers import worker as module
from wsecho.workers.balance import INTERVAL
from wsecho.workers.channel import Beginning, ChannelListener
from wsecho.workers.merging import to_plain
from wsecho.workers.worker import ANSWER_WITHIN, STAND_IN_AFTER, Worker

METRICS = [GaugeMetricFamily("a", "A.", value=3)]


class Reactor(Clock):
    """A reactor's clock, which can be stopped."""

    stops = 0

    def stop(self) -> None:
        """Be stopped."""
        self.stops += 1

    def callFromThread(self, call: Any, **what: Any) -> None:
        """Call it in the next turn."""
        self.callLater(0, call, **what)


@define
class Bus:
    """A bus that is well, or not."""

    fault: Exception | None = None

    def check_health(self) -> None:
        """Say so."""
        if self.fault is not None:
            raise self.fault


@define(slots=False)
class Service:
    """The server, as far as a worker knows it."""

    config: Config
    reactor: Any
    seat: Any
    did: list[Any] = field(factory=list)
    is_replaced: bool | None = None
    bus: Bus = field(factory=Bus)

    def __attrs_post_init__(self) -> None:
        self.rooms = SimpleNamespace(bus=self.bus)
        self.state = SimpleNamespace(admissions=[1, 2, 3])
        self.metrics = SimpleNamespace(collect=lambda: METRICS)
        self.reload = SimpleNamespace(reload=lambda: self.did.append("reload"))

    def accept(self, does: bool) -> None:
        """Take connections, or none."""
        self.did.append(does)

    def cut(self) -> None:
        """Cut all off."""
        self.did.append("cut")

    def stopService(self) -> Deferred[None]:
        """End."""
        self.did.append("stop")
        return succeed(None)


@define
class World:
    """A worker, and what it tells its parent."""

    folder: Path
    stands_in: bool = False
    reactor: Reactor = field(factory=Reactor)
    worker: Any = field(init=False)
    service: Any = field(init=False)
    told: list[tuple[str, dict[str, Any]]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        listeners = (
            ChannelListener("tcp:1", 4, "listen"),
            ChannelListener("tcp:2:interface=::1", 5, "cluster-listen"),
        )
        beginning = Beginning(
            slot=1,
            node="n",
            listeners=listeners,
            folder=str(self.folder),
            secret="00ff",
            stands_in=self.stands_in,
        )
        self.worker = Worker(Config(listen=("tcp:1",)), beginning, self.reactor)
        self.service = self.worker._service
        self.worker._channel.makeConnection(StringTransport())
        self.worker._channel.tell = lambda word, **what: self.told.append((word, what))

    def hear(self, word: str, **what: Any) -> None:
        """The parent says something."""
        self.worker._hear({"say": word, **what})

    def words(self) -> list[str]:
        """What was told since the last call, without what."""
        words = [word for word, _ in self.told]
        self.told.clear()
        return words


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WsechoService", Service)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A worker that takes nobody's place."""
    return World(tmp_path)


def test_a_healthy_one_is_ready_and_tells_its_load(world: World) -> None:
    """And goes on telling it."""
    world.worker._begin_when_healthy()
    assert world.told == [("ready", {}), ("load", {"connections": 3})]
    world.words()
    world.reactor.advance(INTERVAL)
    assert world.words() == ["load"]


def test_one_that_is_not_healthy_waits_and_says_why(world: World) -> None:
    """Until it is, however long that takes."""
    world.service.bus.fault = BusUnavailable()
    world.worker._begin_when_healthy()
    world.reactor.pump([0.1] * 100)
    assert set(world.words()) == {"failed"}
    world.service.bus.fault = None
    world.reactor.advance(0.1)
    assert world.words() == ["ready", "load"]


def test_who_stands_in_serves_without_redis_too(tmp_path: Path) -> None:
    """As the others do, after a while."""
    world = World(tmp_path, stands_in=True)
    world.service.bus.fault = BusUnavailable()
    world.worker._begin_when_healthy()
    world.reactor.pump([0.1] * 10)
    assert "ready" not in world.words()
    world.reactor.pump([0.1] * int(STAND_IN_AFTER * 10))
    assert "ready" in world.words()
    assert world.service.seat.stands_in


def test_one_that_is_told_to_end_waits_for_nothing(world: World) -> None:
    """Not for its health, either."""
    world.service.bus.fault = BusUnavailable()
    world.worker._begin_when_healthy()
    world.hear("stop", is_replaced=True)
    world.words()
    world.reactor.advance(10)
    assert world.words() == []


@pytest.mark.parametrize("is_replaced", [True, False])
def test_it_ends_once(world: World, is_replaced: bool) -> None:
    """As its parent said it first."""
    world.hear("stop", is_replaced=is_replaced)
    world.hear("stop", is_replaced=not is_replaced)
    assert (world.reactor.stops, world.service.is_replaced) == (1, is_replaced)


def test_it_can_be_cut_while_it_drains(world: World) -> None:
    """Which ends everybody at once."""
    world.hear("stop", is_replaced=False)
    world.hear("cut")
    assert (world.reactor.stops, world.service.did) == (1, ["cut"])


def test_it_reads_keys_again(world: World) -> None:
    """As the parent's SIGHUP says."""
    world.hear("reload")
    assert world.service.did == ["reload"]


def test_who_has_more_than_the_others_takes_no_more(world: World) -> None:
    """Until the next look; one that ends begins nothing."""
    world.hear("mean", connections=0.0)
    world.worker._weigh()
    world.hear("mean", connections=1_000.0)
    world.worker._weigh()
    assert world.service.did[-1] is True
    world.hear("stop", is_replaced=False)
    before = list(world.service.did)
    world.worker._weigh()
    assert world.service.did == before


def test_a_sample_is_its_metrics(world: World) -> None:
    """Under the number that was asked for."""
    world.hear("sample", number=7)
    assert world.told == [("sample", {"number": 7, "metrics": to_plain(METRICS)})]


def test_all_workers_metrics_come_from_the_parent(world: World) -> None:
    """Each question has its own answer; one that nobody waits for is dropped."""
    answers: list[Any] = []
    for answer in (world.worker.collect(), world.service.seat.collect()):
        answer.addCallback(lambda metrics: answers.append(list(metrics)))
    (_, first), (_, second) = world.told
    world.hear("merged", number=second["number"], metrics=to_plain(METRICS))
    world.hear("merged", number=99, metrics=to_plain(METRICS))
    assert [[metric.name for metric in each] for each in answers] == [["a"]]
    assert first["number"] != second["number"]


def test_a_parent_that_does_not_answer_is_told_of(world: World) -> None:
    """And what it says later is dropped."""
    errors: list[Any] = []
    world.worker.collect().addErrback(errors.append)
    world.reactor.advance(ANSWER_WITHIN)
    assert errors[0].check(BadGateway)
    world.hear("merged", number=1, metrics=to_plain(METRICS))


def test_without_its_parent_it_ends(world: World) -> None:
    """And says so; at an end that it was told of, it does not."""
    with capturedLogs() as events:
        world.worker._lost()
    assert [formatEvent(event) for event in events] == ["the parent is gone: this worker ends"]
    assert world.reactor.stops == 1
    with capturedLogs() as events:
        world.worker._lost()
    assert (events, world.reactor.stops) == ([], 1)


def test_its_last_word_is_its_metrics(world: World) -> None:
    """Unasked, under 0, when all has ended; then it closes the channel."""
    ended: list[object] = []
    world.worker._end().addCallback(ended.append)
    assert world.service.did == ["stop"]
    assert [(word, what["number"]) for word, what in world.told] == [("sample", 0)]
    assert ended == []
    world.worker._channel.connectionLost()
    assert ended == [None]
    assert world.folder.exists()


def test_the_last_orphan_takes_the_folder_along(world: World) -> None:
    """One of several finds it in use, and leaves it."""
    world.worker._channel.connectionLost()
    (world.folder / "other.sock").touch()
    world.worker._end()
    assert world.folder.exists()
    (world.folder / "other.sock").unlink()
    world.worker._end()
    assert not world.folder.exists()


def test_its_sockets_are_the_parents(world: World) -> None:
    """Those for clients, and those for other machines."""
    seat = world.service.seat
    assert seat.listening(world.reactor, "listen")[1] == ("tcp:1",)
    assert seat.listening(world.reactor, "cluster-listen")[1] == ("tcp:2:interface=::1",)
    assert (seat.home.node, seat.home.folder) == ("n", world.folder)


def test_an_address_that_has_changed_is_warned_of(tmp_path: Path) -> None:
    """The options are read again by each worker, the sockets are the parent's."""
    with capturedLogs() as events:
        World(tmp_path)
    assert [formatEvent(event)[:34] for event in events] == ["where to listen has changed, but t"]


def test_a_signal_to_all_processes_drains(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It interrupts nothing, and is no second one beside the parent's word."""
    taken: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", taken.__setitem__)
    world.worker._running()
    taken[signal.SIGTERM](signal.SIGTERM, None)
    assert world.reactor.stops == 0
    world.reactor.advance(0)
    assert (world.reactor.stops, world.service.is_replaced) == (1, False)
