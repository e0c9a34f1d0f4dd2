# SPDX-License-Identifier: MIT
"""The contract of a bus, in one process that writes to a file; and what a restart finds there."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from attrs import define, evolve, field

from tests.support.bus_contract import *  # noqa: F403
from tests.support.bus_contract import MakeNodes
from tests.support.buses import Node, known, now, the_reactor
from wsecho.bus.journal.journal_bus import JournalBus
from wsecho.bus.journal.store import Store
from wsecho.bus.journal.writer import Writer
from wsecho.core.rooms.hub import Rules
from wsecho.fanout.rooms import draw_word

asynchronous = pytest_twisted.ensureDeferred


@define
class Files:
    """Nodes on one folder, one after the other."""

    folder: Path
    nodes: list[Node] = field(factory=list)

    def node(self, **rules: Any) -> Node:
        """Start the next one; the one before has to have stopped."""
        store = Store(self.folder, draw_word)
        reactor = the_reactor()
        make = partial(JournalBus, store, Writer(reactor.callFromThread), reactor)
        node = Node(make, evolve(Rules(), **rules))
        node.bus.start()
        self.nodes.append(node)
        return node


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    """A folder."""
    made = Files(tmp_path / "data")
    yield made
    made.nodes[-1].bus.stop()


@pytest.fixture
def make_nodes(files: Files) -> MakeNodes:
    """Makes one node, twice."""

    def make(**rules: Any) -> list[Node]:
        node = files.node(**rules)
        return [node, node]

    return make


@asynchronous  # type: ignore[untyped-decorator]
async def test_a_restart_forgets_nothing(files: Files) -> None:
    """Rooms, positions, keys, authors, what is kept."""
    one = files.node(history=3)
    await one.attach("silent")
    silent = one.hub.position("silent", now())
    for number in range(5):
        last = await one.say(f"{number}", key=f"k{number}", payer="me")
    await one.say(b"\0\xff", room="b")
    await known(one.bus.broadcast_logged("weather", b"rain", keep="today"))
    await known(one.bus.bequeath("will", "w", b"last"))
    one.bus.stop()
    two = files.node(history=3)
    await two.attach("silent")
    assert two.hub.position("silent", now()) == silent
    await two.attach()
    assert two.history() == ["2", "3", "4"]
    assert two.hub.position("a", now()) == last.position
    assert await two.say("4", key="k4", payer="me") == last
    after = await two.say("5")
    assert after.position == evolve(last.position, offset=6)
    assert [each.payload for each in two.hub.read("b", now())] == [b"\0\xff"]
    assert await known(two.bus.kept("weather")) == {"today": b"rain"}
    wills: list[tuple[str, bytes]] = []
    two.bus.inherit("will", lambda will, payload: wills.append((will.name, payload)))
    assert wills == [("w", b"last")]
