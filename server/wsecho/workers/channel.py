# SPDX-License-Identifier: MIT
"""What a parent and its worker tell each other, over a pair of sockets: one JSON object a line.

=========  ================  ===================================================================
to         word              with
=========  ================  ===================================================================
worker     ``begin``         all that `Beginning` says; the first line
worker     ``stop``          ``is_replaced``: drain and end
worker     ``cut``           end at once
worker     ``reload``        read keys and certificates again
worker     ``mean``          ``connections``: how many a worker has on average
worker     ``sample``        ``number``: answer with your metrics
worker     ``merged``        ``number``, ``metrics``: all workers', as was asked for
parent     ``ready``         the worker serves
parent     ``failed``        ``reason``: it cannot, and is about to end
parent     ``reloaded``      keys and certificates were read again, as far as they can be used
parent     ``load``          ``connections``: how many the worker has
parent     ``sample``        ``number``, ``metrics``; the last one, unasked, has the number 0
parent     ``collect``       ``number``: answer with all workers' metrics
=========  ================  ===================================================================

Its end is each side's sign that the other is gone.
"""

import json
import socket
from collections.abc import Callable
from typing import Any, Final, Self

from attrs import asdict, define, frozen
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

MAX_LINE: Final = 8 << 20
"""Bytes of a line; metrics with many labels take some hundred thousand."""

Message = dict[str, Any]


@frozen
class ChannelListener:
    """A socket that the parent has bound.

    Attributes:
        endpoint: the endpoint string that it was bound by.
        descriptor: its number in the worker.
        option: which has named it.
    """

    endpoint: str
    descriptor: int
    option: str


@frozen(kw_only=True)
class Beginning:
    """What a worker is told at its start.

    Attributes:
        slot: the worker's place, from 1.
        node: its name among all nodes.
        listeners: where it accepts connections.
        folder: the parent's private folder, for the sockets between workers.
        secret: what the workers sign requests to each other with, in hexadecimal.
        stands_in: whether it takes the place of one that served and died; it then serves as the
            others do, whether or not Redis is there.
    """

    slot: int
    node: str
    listeners: tuple[ChannelListener, ...]
    folder: str
    secret: str
    stands_in: bool

    def message(self) -> Message:
        """Write it."""
        return {"say": "begin", **asdict(self)}

    @classmethod
    def read(cls, message: Message) -> Self:
        """Read it."""
        fields = {name: value for name, value in message.items() if name != "say"}
        fields["listeners"] = tuple(ChannelListener(**listener) for listener in fields["listeners"])
        return cls(**fields)


def await_beginning(sock: socket.socket) -> Beginning:
    """Wait for the first line on a blocking socket, and read no further.

    Raises:
        EOFError: the parent is gone.
    """
    line = b""
    while not line.endswith(b"\n"):
        octet = sock.recv(1)
        if not octet:
            raise EOFError
        line += octet
    return Beginning.read(json.loads(line))


@define(eq=False, slots=False)
class WorkerChannel(LineOnlyReceiver):
    """One side of it.

    Args:
        hear: is called with each message.
        lost: is called once the other side is gone.
    """

    _hear: Callable[[Message], None]
    _lost: Callable[[], None]

    delimiter = b"\n"
    MAX_LENGTH = MAX_LINE

    def __attrs_post_init__(self) -> None:
        self.is_open = True
        self._closed: Deferred[None] = Deferred()

    def tell(self, word: str, **what: Any) -> None:
        """Send a message; one to somebody who is gone is lost."""
        if self.is_open and self.transport is not None:
            self.sendLine(json.dumps({"say": word, **what}).encode())

    @staticmethod
    def say_on(sock: socket.socket, word: str, **what: Any) -> None:
        """Send a message on a blocking socket, before there is a reactor that runs."""
        sock.sendall(json.dumps({"say": word, **what}).encode() + b"\n")

    def lineReceived(self, line: bytes) -> None:
        """Read a message."""
        self._hear(json.loads(line))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Say so."""
        self.is_open = False
        self._closed.callback(None)
        self._lost()

    def close(self) -> Deferred[None]:
        """Send what was told, then end; returns when it is closed."""
        if self.is_open and self.transport is not None:
            self.transport.loseConnection()
        return self._closed


def adopt(reactor: Any, sock: socket.socket, channel: WorkerChannel) -> None:
    """Put a channel on its socket, which the reactor has from now on."""
    sock.setblocking(False)
    reactor.adoptStreamConnection(
        sock.fileno(), socket.AF_UNIX, Factory.forProtocol(lambda: channel)
    )
    sock.close()
