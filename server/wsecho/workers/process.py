# SPDX-License-Identifier: MIT
"""A worker as its parent has it: a process, its output and its channel."""

import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, evolve, field, frozen
from twisted.internet.error import ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from wsecho.workers.channel import Beginning, ChannelListener, Message, WorkerChannel, adopt
from wsecho.workers.logs import LogRelay

CHANNEL: Final = 3
"""The number of the channel's socket in a worker; the listening sockets follow it."""


@frozen
class Program:
    """How workers are started: as their parent was.

    Attributes:
        arguments: the command line behind `wsecho`; it is read anew each time.
        listeners: what the parent has bound, with its own descriptors.
        folder: where the parent was when it read the command line.
    """

    arguments: Sequence[str]
    listeners: Sequence[ChannelListener]
    folder: str

    def spawn(
        self, reactor: Any, protocol: ProcessProtocol, channel: socket.socket
    ) -> IProcessTransport:
        """Start one."""
        # The reactor that twistd was told to take.
        kind = type(reactor).__module__
        # As for its parent, what lies in its folder is nothing to import, unless it was there too.
        safe = () if {"", self.folder}.intersection(sys.path) else ("-P",)
        module = ("-m", str(__package__))
        command = [sys.executable, *safe, *module, str(CHANNEL), kind, *self.arguments]
        descriptors: dict[int, Any] = {0: "w", 1: "r", 2: "r", CHANNEL: channel.fileno()}
        for number, listener in enumerate(self.listeners, start=CHANNEL + 1):
            descriptors[number] = listener.descriptor
        transport: IProcessTransport = reactor.spawnProcess(
            protocol, sys.executable, command, None, self.folder, childFDs=descriptors
        )
        return transport

    @property
    def listening(self) -> tuple[ChannelListener, ...]:
        """What a worker finds."""
        return tuple(
            evolve(listener, descriptor=number)
            for number, listener in enumerate(self.listeners, start=CHANNEL + 1)
        )


@define(eq=False, slots=False)
class WorkerProcess(ProcessProtocol):
    """One worker's process.

    Args:
        relay: logs what it prints.
        errors: logs what it prints as errors.
        hear: is called with each message of its channel.
        ended: is called once, with how it ended, when nothing more comes from it.
    """

    _relay: LogRelay
    _errors: LogRelay
    _hear: Callable[[Message], None]
    _ended: Callable[[str], None]
    channel: WorkerChannel = field(init=False)
    _how: str | None = field(default=None, init=False)
    _is_lost: bool = field(default=False, init=False)

    def begin(self, reactor: Any, program: Program, beginning: Beginning) -> None:
        """Start it.

        Raises:
            OSError: the system does not let it.
        """
        mine, its = socket.socketpair()
        self.channel = WorkerChannel(self._hear, self._lost)
        try:
            with its:
                program.spawn(reactor, self, its)
        except OSError:
            mine.close()
            raise
        adopt(reactor, mine, self.channel)
        message = beginning.message()
        self.channel.tell(message.pop("say"), **message)

    @property
    def pid(self) -> int | None:
        """The process's id, None once it is gone."""
        transport: Any = self.transport
        return None if transport is None else transport.pid

    def signal(self, name: str) -> None:
        """Send it a signal, such as `HUP`, unless it is gone."""
        transport: Any = self.transport
        try:
            transport.signalProcess(name)
        except ProcessExitedAlready:
            return

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N803
        """Log what it prints."""
        (self._relay if childFD == 1 else self._errors).receive(data)

    def processEnded(self, reason: Failure) -> None:
        """Note how it ended."""
        self._relay.finish()
        self._errors.finish()
        self._how = describe_end(reason.value)
        self._finish()

    def _lost(self) -> None:
        self._is_lost = True
        self._finish()

    def _finish(self) -> None:
        # What it said last may be read after its end was seen.
        if self._is_lost and self._how is not None:
            self._ended(self._how)


def describe_end(reason: BaseException | None) -> str:
    """Say how a process ended."""
    if isinstance(reason, ProcessTerminated) and reason.signal is not None:
        return f"killed by {signal.Signals(reason.signal).name}"
    status = getattr(reason, "exitCode", None)
    return f"exit status {0 if status is None else status}"
