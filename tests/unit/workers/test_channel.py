# SPDX-License-Identifier: MIT
"""What a parent and its worker tell each other, a line each."""

import json
import os
import socket
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from wsecho.workers.channel import (
    Beginning,
    ChannelListener,
    Message,
    WorkerChannel,
    adopt,
    await_beginning,
)

BEGINNING = Beginning(
    slot=2,
    node="n",
    listeners=(
        ChannelListener("tcp:8080", 4, "listen"),
        ChannelListener("tcp:9", 5, "cluster-listen"),
    ),
    folder="/tmp/x",
    secret="00ff",
    stands_in=True,
)


@define
class Side:
    """One side of a channel, on a transport in memory."""

    heard: list[Message] = field(factory=list)
    lost: list[bool] = field(factory=list)
    channel: WorkerChannel = field(init=False)
    transport: StringTransport = field(factory=StringTransport)

    def __attrs_post_init__(self) -> None:
        self.channel = WorkerChannel(self.heard.append, lambda: self.lost.append(True))
        self.channel.makeConnection(self.transport)

    def end(self) -> None:
        """The other side is gone."""
        self.channel.connectionLost(Failure(ConnectionDone()))


def test_a_beginning_is_read_as_it_was_written() -> None:
    """Through JSON, too."""
    assert Beginning.read(json.loads(json.dumps(BEGINNING.message()))) == BEGINNING


def test_a_worker_reads_its_beginning_and_no_further() -> None:
    """What follows is for the channel, which has no socket yet."""
    parent, worker = socket.socketpair()
    with parent, worker:
        message = BEGINNING.message()
        WorkerChannel.say_on(parent, message.pop("say"), **message)
        WorkerChannel.say_on(parent, "stop", is_replaced=False)
        assert await_beginning(worker) == BEGINNING
        assert json.loads(worker.recv(1000)) == {"say": "stop", "is_replaced": False}


@pytest.mark.parametrize("told", [b"", b'{"say": "be'])
def test_a_parent_that_is_gone_begins_nothing(told: bytes) -> None:
    """Nor one that is gone in the middle of the line."""
    parent, worker = socket.socketpair()
    with worker:
        parent.sendall(told)
        parent.close()
        with pytest.raises(EOFError):
            await_beginning(worker)


def test_what_one_tells_the_other_hears() -> None:
    """However it is cut, and text of any kind: JSON writes no end of line into a line."""
    told, hears = Side(), Side()
    told.channel.tell("failed", reason="no\nsuch \u2028 file")
    told.channel.tell("load", connections=3)
    for octet in told.transport.value():
        hears.channel.dataReceived(bytes([octet]))
    assert hears.heard == [
        {"say": "failed", "reason": "no\nsuch \u2028 file"},
        {"say": "load", "connections": 3},
    ]


def test_the_end_of_one_is_seen_by_the_other() -> None:
    """What is told to it afterwards is lost, and to close is done at once."""
    side = Side()
    side.end()
    side.channel.tell("stop")
    assert (side.lost, side.transport.value()) == ([True], b"")
    assert side.channel.close().called


def test_to_close_waits_until_all_was_sent() -> None:
    """The other side reads it before it sees the end."""
    side = Side()
    side.channel.tell("ready")
    closed: Deferred[None] = side.channel.close()
    assert (side.transport.disconnecting, closed.called) == (True, False)
    side.end()
    assert closed.called


def test_one_that_was_never_connected_tells_nobody() -> None:
    """As of a process that could not be started."""
    WorkerChannel(print, print).tell("stop")


def test_the_reactor_has_the_socket_from_then_on() -> None:
    """It duplicates what it adopts; ours is closed."""
    adopted: list[Any] = []

    class Reactor:
        """Takes it."""

        def adoptStreamConnection(self, number: int, family: int, factory: Any) -> None:
            """Note it."""
            adopted.extend([os.get_blocking(number), factory.buildProtocol(None)])

    one, other = socket.socketpair()
    channel = Side().channel
    with other:
        adopt(Reactor(), one, channel)
        assert one.fileno() == -1
    assert adopted == [False, channel]
