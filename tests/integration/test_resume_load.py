# SPDX-License-Identifier: MIT
"""A busy room whose readers are killed at random and resume by any door: nothing is lost."""

import asyncio
import random
import time
from typing import Final

from attrs import define

from tests.load.readers import DOORS, RawSpeaker, ReaderLog, connect
from tests.support.processes import PATIENCE, RunningServer, running
from tests.support.waiting import until

READERS: Final = 200
RATE: Final = 500
SECONDS: Final = 8
"""Twice as long as a reader is let live; the soak takes longer."""
ROOM: Final = "busy"
STEP: Final = 0.02


@define
class Outcome:
    """What happened."""

    seen: list[ReaderLog]
    kills: int = 0
    begun: int = 0
    done: bool = False


def test_readers_that_are_killed_and_resume_lose_nothing() -> None:
    """500 messages a second, 200 readers over all doors, each killed and resumed at random."""
    read_through_kills(RATE * SECONDS)


def read_through_kills(messages: int) -> None:
    """Publish so many, kill meanwhile, and compare."""
    options = ("--history", "20000", "--history-bytes", "64MiB", "--send-queue", "8MiB")
    with running(*options) as server:
        outcome, took = asyncio.run(play(server, messages))
    whole = list(range(messages))
    lost = sum(len(set(whole) - set(seen.numbers)) for seen in outcome.seen)
    doubled = sum(len(seen.numbers) - len(set(seen.numbers)) for seen in outcome.seen)
    delivered = sum(len(seen.numbers) for seen in outcome.seen)
    print(
        f"{messages} messages in {took:.1f} s to {READERS} readers: {outcome.kills} kills, "
        f"{delivered} delivered, {lost} lost, {doubled} doubled"
    )
    assert [seen.fault for seen in outcome.seen if seen.fault] == []
    assert (lost, doubled) == (0, 0)
    assert all(seen.numbers == whole for seen in outcome.seen)
    assert sum(seen.refused for seen in outcome.seen) == 0
    assert outcome.kills > READERS


async def play(server: RunningServer, messages: int) -> tuple[Outcome, float]:
    """Publish, read and kill; what happened, and the seconds that publishing took."""
    dice = random.Random(20_261_124)
    outcome = Outcome([ReaderLog() for _ in range(READERS)])
    readers = [asyncio.create_task(live(server, outcome, seen, dice)) for seen in outcome.seen]
    await until(lambda: outcome.begun == READERS)
    began = time.monotonic()
    await publish(server, messages)
    took = time.monotonic() - began
    await until(
        lambda: all(seen.offset == messages or seen.fault for seen in outcome.seen), 8 * PATIENCE
    )
    outcome.done = True
    await asyncio.gather(*readers)
    return outcome, took


async def live(
    server: RunningServer, outcome: Outcome, seen: ReaderLog, dice: random.Random
) -> None:
    """Read by one door after the other, until all is done."""
    is_first = True
    while not outcome.done:
        connection, over = await connect(dice.choice(DOORS), seen, server.host, server.port, ROOM)
        outcome.begun += is_first
        is_first = False
        end = time.monotonic() + dice.expovariate(1 / 4)
        # Until chance has it killed: that it goes on reading meanwhile is the load.
        while time.monotonic() < end and not outcome.done and not over.is_set():
            await asyncio.sleep(STEP)
        connection.kill()
        outcome.kills += not outcome.done
        await over.wait()


class Publisher(RawSpeaker):
    """Speaks where nobody else does."""

    def message(self, payload: bytes) -> None:
        """Be surprised."""
        self.fail("heard itself")


async def publish(server: RunningServer, messages: int) -> None:
    """Say rising numbers by one raw connection, as many a second as asked for."""
    seen = ReaderLog()
    publisher, _ = await connect(Publisher, seen, server.host, server.port, ROOM)
    assert isinstance(publisher, Publisher)
    began, sent = time.monotonic(), 0
    while sent < messages:
        due = min(messages, int((time.monotonic() - began) * RATE))
        for number in range(sent, due):
            publisher.send(1, b"%d" % number)
        sent = max(sent, due)
        # The pace of the load.
        await asyncio.sleep(STEP)
    publisher.transport.write_eof()
    assert not seen.fault, seen.fault
