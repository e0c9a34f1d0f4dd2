# SPDX-License-Identifier: MIT
"""Whatever is said, fails, is killed and comes again: the file's bus does what one in memory does.

What memory does not know is when a thing is known. So each thing is said to it once it was told.
"""

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.unit.bus.journal.world import World, outcome
from wsecho.bus.journal.store import StoreFullError
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.retries import KeyReusedError
from wsecho.core.wire.errors import BusUnavailable

ROOMS = st.sampled_from(["a", "b", "c"])
TEXTS = st.sampled_from(["x", "y"])
KEYS = st.sampled_from([None, "k", "l"])


@define
class Speech:
    """Something that was said, and not told yet."""

    room: str
    text: bytes
    key: str | None
    told: list[Any]


@define
class Model:
    """What was acknowledged."""

    said: dict[str, list[bytes]] = field(factory=dict)
    keys: dict[tuple[str, str], tuple[bytes, int]] = field(factory=dict)
    epochs: dict[str, str] = field(factory=dict)


class JournalMachine(RuleBasedStateMachine):
    """One process after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.world = World(self.folder, Rules(history=1000, history_ttl=1e9))
        self.model = Model()
        self.waiting: list[Speech] = []

    def teardown(self) -> None:
        """Leave nothing."""
        self.world.bus.stop()
        shutil.rmtree(self.folder)

    @rule(room=ROOMS, text=TEXTS, key=KEYS)
    def say(self, room: str, text: str, key: str | None) -> None:
        """Say something, perhaps again."""
        try:
            told = outcome(self.world.say(text, room, key))
        except KeyReusedError:
            known = [self.model.keys.get((room, key or ""))]
            known += [
                (each.text, 0) for each in self.waiting if (each.room, each.key) == (room, key)
            ]
            assert any(each is not None and each[0] != text.encode() for each in known)
            return
        except BusUnavailable:
            assert not self.world.bus.is_up
            return
        self.waiting.append(Speech(room, text.encode(), key, told))
        self.settle()

    @rule(text=TEXTS)
    def say_to_all(self, text: str) -> None:
        """Say the same in two rooms."""
        try:
            told = outcome(self.world.say_to_all(text, ["a", "b"]))
        except BusUnavailable:
            return
        self.world.hand.write()
        [receipts] = told
        # Before it, all that was waiting was told.
        self.settle()
        for room, receipt in receipts.items():
            self.take(room, text.encode(), receipt)

    @rule()
    def write(self) -> None:
        """All that waits is written."""
        self.world.hand.write()
        self.settle()
        assert not self.waiting

    @rule()
    def fail(self) -> None:
        """Nothing of it is."""
        if self.world.hand.jobs and self.world.bus.is_up:
            self.world.hand.write(StoreFullError("full"))
            self.settle()

    @rule()
    def recover(self) -> None:
        """There is room again."""
        self.world.clock.advance(1.0)
        self.write()
        self.world.clock.advance(1.0)
        self.write()

    @rule()
    def restart(self) -> None:
        """In good order: what waits is written first."""
        self.world.bus.stop()
        self.settle()
        assert not self.waiting
        self.world.start()
        self.check()

    @rule()
    def kill(self) -> None:
        """What waits is not written, and nobody is told."""
        self.world.kill()
        self.waiting.clear()
        self.world.start()
        self.check()

    def settle(self) -> None:
        """Note what was told."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            if not each.told:
                self.waiting.append(each)
            elif not isinstance(each.told[0], BusUnavailable):
                self.take(each.room, each.text, each.told[0], each.key)

    def take(self, room: str, text: bytes, receipt: Any, key: str | None = None) -> None:
        """Compare a receipt with all before it."""
        said = self.model.said.setdefault(room, [])
        offset = receipt.position.offset
        if key is not None and (room, key) in self.model.keys:
            assert self.model.keys[room, key] == (text, offset)
            return
        said.append(text)
        assert offset == len(said)
        assert self.model.epochs.setdefault(room, receipt.position.epoch) == receipt.position.epoch
        if key is not None:
            self.model.keys[room, key] = text, offset

    @invariant()
    def check(self) -> None:
        """Readers have what was told, and nothing else."""
        now = self.world.clock.seconds()
        for room, said in self.model.said.items():
            history = self.world.hub.read(room, now)
            assert [message.payload for message in history] == said
            assert history.epoch == self.model.epochs[room]


def test_a_journal_forgets_nothing_that_was_told() -> None:
    """And tells nothing that it might forget."""
    run_state_machine_as_test(JournalMachine)
