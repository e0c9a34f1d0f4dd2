# SPDX-License-Identifier: MIT
"""One connection to Redis: replies in order, pushes between, a deadline for each command."""

from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from wsecho.bus.redis.client.connection import RedisConnection, encode_command
from wsecho.bus.redis.client.errors import LateError, LostError, RedisRefusedError


class Wire(StringTransport):
    """A transport that is gone as soon as it is cut."""

    connection: RedisConnection

    def abortConnection(self) -> None:
        """Be gone."""
        self.connection.connectionLost()

    def setTcpNoDelay(self, enabled: Any) -> None:
        """TCP's own option means nothing here."""


@define
class World:
    """A connection, and what came of it."""

    clock: Clock = field(factory=Clock)
    wire: Wire = field(factory=Wire)
    pushed: list[Any] = field(factory=list)
    lost: list[RedisConnection] = field(factory=list)
    outcomes: list[Any] = field(factory=list)
    timed: list[float] = field(factory=list)
    connection: RedisConnection = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.connection = self.wire.connection = RedisConnection(
            self.clock, 2.0, self.pushed.append, self.lost.append, self.timed.append
        )
        self.connection.makeConnection(self.wire)

    def ask(self, *words: bytes | str) -> None:
        """Ask, and note what comes of it."""
        asked = self.connection.ask(*words)
        asked.addErrback(lambda failure: failure.value).addCallback(self.outcomes.append)


def test_a_command_is_an_array_of_strings() -> None:
    """Binary and text, with the length in bytes."""
    assert encode_command("SET", b"\0\r\n", "ä", "") == (
        b"*4\r\n$3\r\nSET\r\n$3\r\n\0\r\n\r\n$2\r\n\xc3\xa4\r\n$0\r\n\r\n"
    )


REPLIES = b"+OK\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\n\0\r\n\r\n-ERR no\r\n*2\r\n:1\r\n$-1\r\n"


@given(st.lists(st.integers(1, len(REPLIES)), max_size=4))
def test_replies_come_in_order_and_pushes_between(cuts: list[int]) -> None:
    """In whatever pieces."""
    world = World()
    for _ in range(3):
        world.ask("X")
    ends = [*sorted(cuts), len(REPLIES)]
    for begin, end in zip([0, *ends], ends, strict=False):
        world.connection.dataReceived(REPLIES[begin:end])
    fine, refused, found = world.outcomes
    assert (fine, found) == (b"OK", [1, None])
    assert isinstance(refused, RedisRefusedError)
    assert (refused.code, str(refused)) == ("ERR", "ERR no")
    assert world.pushed == [[b"message", b"c", b"\0\r\n"]]
    assert len(world.timed) == 3


def test_a_late_reply_ends_the_connection() -> None:
    """Whoever waits is told that it is unknown; whoever asks afterwards, that it was not sent."""
    world = World()
    world.ask("A")
    world.clock.advance(1.5)
    world.ask("B")
    world.connection.dataReceived(b"+OK\r\n")
    world.clock.advance(1.5)
    assert world.lost == []
    world.clock.advance(0.5)
    assert world.lost == [world.connection]
    assert [type(outcome) for outcome in world.outcomes] == [bytes, LateError]
    world.wire.clear()
    world.ask("C")
    assert isinstance(world.outcomes[-1], LostError)
    assert world.wire.value() == b""
    assert world.clock.getDelayedCalls() == []


def test_a_reply_that_is_read_late_is_none() -> None:
    """What is here already when its time is over was late by this process's own fault."""
    world = World()
    world.ask("A")
    world.clock.callLater(2.0, world.connection.dataReceived, b"+OK\r\n")
    world.clock.advance(2.0)
    assert (world.outcomes, world.lost) == ([b"OK"], [])
    world.ask("B")
    world.clock.advance(2.0)
    assert isinstance(world.outcomes[1], LateError)


def test_it_is_told_before_the_commands_fail() -> None:
    """So that nobody who hears of it asks on the same connection again."""
    world = World()
    order: list[str] = []
    world.connection._lost = lambda _: order.append("lost")
    world.connection.ask("A").addErrback(lambda _: order.append("failed"))
    world.connection.connectionLost()
    assert order == ["lost", "failed"]


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 400\r\n", b"-ERR a\r\n-ERR b\r\n", b"+OK\r\n", b">2\r\n+subscribe\r\n+c\r\n" * 2],
)
def test_what_is_no_reply_ends_it(data: bytes) -> None:
    """Bytes of another protocol, or a reply that nobody asked for, or of another kind."""
    world = World()
    world.ask("SUBSCRIBE", "c")
    world.connection.dataReceived(data)
    assert world.lost == [world.connection]


KINDS = ["SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "subscribe", "GET"]


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.booleans(), st.booleans()), max_size=12),
    st.integers(1, 7),
)
def test_a_refusal_is_that_of_its_own_command(
    commands: list[tuple[str, bool, bool]], piece: int
) -> None:
    """Of a `SUBSCRIBE` too, whose confirmation is pushed: none that is behind it is shifted."""
    world = World()
    wire = b""
    for number, (kind, is_refused, is_pushed_before) in enumerate(commands):
        world.ask(kind, f"c{number}")
        if is_pushed_before:
            wire += b">3\r\n+message\r\n+c\r\n+body\r\n"
        if is_refused:
            wire += b"-NOPERM %d\r\n" % number
        elif kind == "GET":
            wire += b"+%d\r\n" % number
        else:
            wire += b">3\r\n+%s\r\n+c%d\r\n:1\r\n" % (kind.lower().encode(), number)
    for begin in range(0, len(wire), piece):
        world.connection.dataReceived(wire[begin : begin + piece])
    assert world.lost == []
    assert len(world.outcomes) == len(commands)
    assert len(world.pushed) == sum(is_pushed for _, _, is_pushed in commands)
    for number, (outcome, (kind, is_refused, _)) in enumerate(
        zip(world.outcomes, commands, strict=True)
    ):
        if is_refused:
            assert isinstance(outcome, RedisRefusedError)
            assert str(outcome) == f"NOPERM {number}"
        else:
            assert outcome == b"%d" % number or outcome[1] == b"c%d" % number
            assert (kind == "GET") is not isinstance(outcome, list)


def test_a_subscription_has_a_deadline() -> None:
    """Who does not confirm it, passes nothing on."""
    world = World()
    world.ask("SUBSCRIBE", "c")
    world.clock.advance(2.0)
    assert isinstance(world.outcomes[0], LateError)
