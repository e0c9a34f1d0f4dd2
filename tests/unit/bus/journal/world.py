# SPDX-License-Identifier: MIT
"""A bus that writes to a file, with a writer that does nothing before it is told to."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.task import Clock

from tests.support.buses import Member
from wsecho.bus.journal.journal_bus import JournalBus
from wsecho.bus.journal.store import Store, StoreError
from wsecho.bus.journal.writer import Job, Told
from wsecho.core.promise import Later, Promise
from wsecho.core.rooms.history import Message
from wsecho.core.rooms.hub import Hub, Rules
from wsecho.core.rooms.retries import Keyed, Receipt
from wsecho.core.rooms.room import Delivery, PublishRequest


@define(eq=False)
class Hand:
    """A writer that writes when a test says so, or fails."""

    jobs: deque[tuple[Job, Told]] = field(factory=deque)

    def start(self) -> None:
        """There is no thread."""

    def do(self, job: Job, told: Told) -> None:
        """Keep it for later."""
        self.jobs.append((job, told))

    def stop(self) -> None:
        """Do all that is left."""
        self.write()

    def write(self, error: StoreError | None = None) -> None:
        """Do all there is, or have each fail."""
        while self.jobs:
            job, told = self.jobs.popleft()
            if error is None:
                job()
            told(error)


@define(eq=False)
class World:
    """One process after the other, on one folder."""

    folder: Path
    rules: Rules = field(factory=Rules)
    clock: Clock = field(factory=Clock)
    wall: float = 1_000_000.0
    hand: Hand = field(init=False)
    store: Store = field(init=False)
    hub: Hub[Member] = field(init=False)
    bus: JournalBus = field(init=False)
    heard: list[tuple[str, Message]] = field(factory=list, init=False)
    _words: int = 0

    def __attrs_post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a process."""
        self.hand, self.heard = Hand(), []
        self.hub = Hub(self.rules, self.draw_word)
        self.store = store = Store(self.folder, self.draw_word)
        writer: Any = self.hand
        listener: Any = self
        self.bus = JournalBus(
            *(store, writer, self.clock, self.hub, listener, self.clock.seconds),
            time_of_day=lambda: self.wall + self.clock.seconds(),
        )
        self.bus.start()

    def restart(self) -> None:
        """End it in good order, and start the next one."""
        self.bus.stop()
        self.start()

    def kill(self) -> None:
        """End it as SIGKILL does: nothing more is written, and the system lets go of the lock."""
        self.hand.jobs.clear()
        self.store.abandon()

    def draw_word(self) -> str:
        """A word that is no other's."""
        self._words += 1
        return f"w{self._words}"

    def on_publication(self, room: str, delivery: Delivery[Member], origin: Any) -> None:
        """Note it."""
        assert delivery.message is not None
        self.heard.append((room, delivery.message))

    def said(self, room: str = "a", after: int = 0) -> list[bytes]:
        """What has come to a room's readers."""
        found = [message.payload for name, message in self.heard if name == room]
        return found[after:]

    def say(self, text: str, room: str = "a", key: str | None = None) -> Later[Receipt]:
        """Say something."""
        keyed = None if key is None else Keyed(key, payer="me")
        time = self.wall + self.clock.seconds()
        said = PublishRequest(text.encode(), False, 7, keyed, time)
        return self.bus.publish(room, said, None, None)

    def say_to_all(self, text: str, rooms: list[str]) -> Later[dict[str, Receipt]]:
        """Say the same in some rooms."""
        said = {room: PublishRequest(text.encode(), False, 7) for room in rooms}
        return self.bus.publish_to_all(said)


def outcome(later: Later[Any]) -> list[Any]:
    """What became of something, once it is known: the value, or the error."""
    found: list[Any] = []
    note: Callable[[Any], None] = found.append
    if isinstance(later, Promise):
        later.then(note, note)
    else:
        note(later)
    return found
