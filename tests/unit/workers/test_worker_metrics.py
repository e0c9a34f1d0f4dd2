# SPDX-License-Identifier: MIT
"""The parent's half of `/metrics`, and the channel it asks by."""

import json
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tests.unit.workers.test_merging import metrics
from wsecho.workers.channel import Beginning, ChannelListener, WorkerChannel, await_beginning
from wsecho.workers.fleet import Fleet
from wsecho.workers.worker_metrics import PATIENCE, WorkerMetrics


class Workers:
    """A fleet of two whose channels end in strings."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fleet = Fleet(2, 10.0)
        self.fleet.begin(0.0)
        self.channels: dict[int, WorkerChannel] = {}
        for serial in (1, 2):
            self.channels[serial] = channel = WorkerChannel(lambda _: None, lambda: None)
            channel.makeConnection(StringTransport())
        self.gathering = WorkerMetrics(self.fleet, self.channels, self.clock)

    def told(self, serial: int) -> list[dict[str, Any]]:
        """What a worker was told since the last time."""
        transport: Any = self.channels[serial].transport
        lines = transport.value().splitlines()
        transport.clear()
        return [json.loads(line) for line in lines]

    def answer(self, serial: int, echo: int) -> None:
        """Let a worker answer all that it was asked."""
        for message in self.told(serial):
            if message["say"] == "sample":
                self.gathering.sampled(serial, message["number"], metrics(echo, 1, 0.0))


def echoed(message: dict[str, Any]) -> float:
    """The sum that somebody was told."""
    families = {name: samples for name, _, _, samples in message["metrics"]}
    [value] = [v for _, labels, v in families["wsecho_messages"] if labels == {"door": "echo"}]
    return float(value)


def test_all_are_asked_and_the_sum_goes_to_who_asked() -> None:
    """By the number that it has for its question."""
    workers = Workers()
    workers.gathering.collect(workers.channels[1], 17)
    workers.answer(2, 4)
    assert not [one for one in workers.told(2) if one["say"] == "merged"]
    workers.answer(1, 3)
    [merged] = workers.told(1)
    assert (merged["say"], merged["number"], echoed(merged)) == ("merged", 17, 7)
    assert not workers.clock.getDelayedCalls()


def test_one_that_is_busy_counts_by_its_last_answer() -> None:
    """Nobody waits for it."""
    workers = Workers()
    workers.gathering.look()
    workers.answer(1, 3)
    workers.answer(2, 4)
    workers.gathering.collect(workers.channels[1], 1)
    workers.answer(1, 5)
    workers.clock.advance(PATIENCE)
    assert echoed(workers.told(1)[-1]) == 9
    # When it answers at last, there is nobody to tell.
    workers.answer(2, 6)
    assert workers.told(1) == []


def test_what_the_dead_counted_stays() -> None:
    """Their end answers for them too; what ended unasked is counted."""
    workers = Workers()
    workers.gathering.collect(workers.channels[1], 1)
    workers.gathering.sampled(2, 0, metrics(4, 1, 0.0))
    workers.answer(1, 3)
    del workers.channels[2]
    workers.gathering.ended(2, is_death=True)
    [merged] = workers.told(1)
    assert echoed(merged) == 7
    families = {name: samples for name, _, _, samples in merged["metrics"]}
    assert families["wsecho_rooms"] == [["wsecho_rooms", {}, 1.0]]
    assert families["wsecho_worker_deaths"][0][2] == 1


def test_the_end_forgets_questions() -> None:
    """No timer outlives it."""
    workers = Workers()
    workers.gathering.collect(workers.channels[1], 1)
    workers.gathering.end()
    assert not workers.clock.getDelayedCalls()


def test_a_channel_carries_messages_both_ways_until_it_ends() -> None:
    """In any pieces; what is told to nobody is lost, and the end is told once."""
    heard: list[Any] = []
    channel = WorkerChannel(heard.append, lambda: heard.append("lost"))
    channel.tell("too early")
    transport = StringTransport()
    channel.makeConnection(transport)
    channel.tell("stop", is_replaced=True)
    assert json.loads(transport.value()) == {"say": "stop", "is_replaced": True}
    for octet in b'{"say":"ready"}\n{"say"':
        channel.dataReceived(bytes((octet,)))
    assert heard == [{"say": "ready"}]
    closed = channel.close()
    assert transport.disconnecting
    channel.connectionLost()
    assert closed.called
    assert heard[-1] == "lost"
    channel.tell("too late")


def test_the_first_line_is_read_without_a_reactor() -> None:
    """And nothing behind it."""
    import socket  # noqa: PLC0415

    beginning = Beginning(
        slot=3,
        node="n",
        listeners=(ChannelListener("tcp:1", 4, "listen"),),
        folder="/run/x",
        secret="00ff",
        stands_in=False,
    )
    mine, its = socket.socketpair()
    with mine, its:
        message = beginning.message()
        WorkerChannel.say_on(mine, message.pop("say"), **message)
        WorkerChannel.say_on(mine, "stop", is_replaced=False)
        assert await_beginning(its) == beginning
        assert its.recv(1000) == b'{"say": "stop", "is_replaced": false}\n'
        mine.close()
        with pytest.raises(EOFError):
            await_beginning(its)
