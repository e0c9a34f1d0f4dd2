# SPDX-License-Identifier: MIT
"""What a door does that says nothing of its own."""

from wsecho.core.wire.errors import OverRate
from wsecho.doors.websocket.door import PlainDoor


class Listener(PlainDoor):
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, bool]] = []

    def received(self, payload: bytes, *, is_binary: bool) -> None:
        """Hear a message."""
        self.heard.append((payload, is_binary))


def test_it_hears_each_message_by_itself() -> None:
    """In their order, also where they came at once."""
    door = Listener()
    messages = [(b"a", False), (b"b", True)]
    door.received_all(messages)
    assert door.heard == messages


def test_it_asks_for_nothing_and_says_nothing() -> None:
    """It is ready at once, has no place to take up, and may be told of its end twice."""
    door = Listener()
    assert door.prepare() is None
    assert door.greet() == {}
    assert [door.echoes, door.takes_views, door.keeps_rates, door.who] == [False] * 3 + [""]
    door.over_rate(OverRate("too fast", 1.0), b"x", is_binary=False)
    door.drained()
    door.closing(1.0)
    door.closed()
    door.closed()
    assert door.heard == []
