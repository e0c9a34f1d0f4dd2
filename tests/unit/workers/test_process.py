# SPDX-License-Identifier: MIT
"""A worker's process as its parent has it, without one."""

import signal
import sys
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.python.failure import Failure

from wsecho.workers.channel import Beginning, ChannelListener
from wsecho.workers.process import CHANNEL, Program, WorkerProcess, describe_end

LISTENERS = (ChannelListener("tcp:1", 17, "listen"), ChannelListener("tcp:2", 19, "cluster-listen"))
PROGRAM = Program(["--workers", "2"], LISTENERS, "/somewhere")
BEGINNING = Beginning(
    slot=1, node="n", listeners=PROGRAM.listening, folder="/tmp", secret="00", stands_in=False
)


@define(eq=False)
class Relay:
    """What a worker prints."""

    octets: bytes = b""
    is_finished: bool = False

    def receive(self, data: bytes) -> None:
        """Take some."""
        self.octets += data

    def finish(self) -> None:
        """It prints no more."""
        self.is_finished = True


@define(eq=False)
class Reactor:
    """A reactor that notes what it is to start, or cannot."""

    fault: OSError | None = None
    spawned: list[tuple[Any, ...]] = field(factory=list)
    channel: Any = None

    def spawnProcess(self, *what: Any, childFDs: dict[int, Any]) -> "Reactor":
        """Start a process."""
        if self.fault is not None:
            raise self.fault
        self.spawned.append((*what, childFDs))
        return self

    def adoptStreamConnection(self, number: int, family: int, factory: Any) -> None:
        """Take the channel's socket."""
        self.channel = factory.buildProtocol(None)


@define
class World:
    """A worker's process, and what its parent was told of it."""

    output: Any = field(factory=Relay)
    errors: Any = field(factory=Relay)
    ended: list[str] = field(factory=list)
    process: WorkerProcess = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.process = WorkerProcess(self.output, self.errors, print, self.ended.append)


def test_a_worker_is_started_as_its_parent_was() -> None:
    """The same Python, the same reactor, the same words; in the folder where they were read."""
    reactor = Reactor()
    World().process.begin(reactor, PROGRAM, BEGINNING)
    [(_, executable, command, environment, folder, descriptors)] = reactor.spawned
    assert executable == command[0] == sys.executable
    assert [word for word in command[1:] if word != "-P"] == [
        *("-m", "wsecho.workers", "3", type(reactor).__module__, "--workers", "2"),
    ]
    assert (environment, folder) == (None, "/somewhere")
    assert set(descriptors) == {0, 1, 2, CHANNEL, 4, 5}
    assert (descriptors[4], descriptors[5]) == (17, 19)


def test_the_listening_sockets_follow_the_channel() -> None:
    """In their order, under the numbers that the worker finds."""
    assert [(one.endpoint, one.descriptor) for one in PROGRAM.listening] == [
        ("tcp:1", CHANNEL + 1),
        ("tcp:2", CHANNEL + 2),
    ]


def test_a_system_that_starts_nothing_says_so() -> None:
    """Too many processes; no channel is left behind."""
    reactor = Reactor(OSError(11, "no more"))
    with pytest.raises(OSError, match="no more"):
        World().process.begin(reactor, PROGRAM, BEGINNING)
    assert reactor.channel is None


def test_what_it_prints_is_told_apart() -> None:
    """Its output from its errors."""
    world = World()
    world.process.childDataReceived(1, b"out")
    world.process.childDataReceived(2, b"err")
    assert (world.output.octets, world.errors.octets) == (b"out", b"err")


@pytest.mark.parametrize("ends_first", [True, False])
def test_it_has_ended_when_nothing_more_comes_from_it(ends_first: bool) -> None:
    """The process is gone, and its channel read to its end, in whichever order."""
    world = World()
    steps = [
        lambda: world.process.processEnded(Failure(ProcessDone(0))),
        world.process._lost,
    ]
    for step in steps if ends_first else reversed(steps):
        assert world.ended == []
        step()
    assert world.ended == ["exit status 0"]
    assert world.output.is_finished
    assert world.errors.is_finished


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (ProcessDone(0), "exit status 0"),
        (ProcessTerminated(exitCode=3), "exit status 3"),
        (ProcessTerminated(signal=signal.SIGKILL), "killed by SIGKILL"),
        (None, "exit status 0"),
    ],
)
def test_how_it_ended_is_said(reason: Any, text: str) -> None:
    """By which signal, or with which status."""
    assert describe_end(reason) == text


def test_a_signal_to_one_that_is_gone_is_lost() -> None:
    """It may go between any two lines of ours."""

    class Gone:
        """A process that is gone."""

        pid = None

        def signalProcess(self, name: str) -> None:
            """Be gone already."""
            raise ProcessExitedAlready

    world = World()
    assert world.process.pid is None
    transport: Any = Gone()
    world.process.transport = transport
    world.process.signal("HUP")
    assert world.process.pid is None
