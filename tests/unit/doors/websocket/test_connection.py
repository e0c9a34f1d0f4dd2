# SPDX-License-Identifier: MIT
"""Between a peer and a door: what is handed on, what is counted, and whose fault is whose."""

from typing import Any

import pytest

from tests.unit.doors.harness import Server, masked
from wsecho.config.config import Config
from wsecho.doors.websocket.echo import Echo

FAULTS = ("opened", "received", "received_all")


@pytest.mark.parametrize("where", FAULTS)
def test_a_fault_of_ours_ends_this_one_connection(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By 1011, which tells nothing; the others go on."""
    server = Server()
    other = server.open("/echo?other")

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Echo, where, fail)
    client = server.open("/echo")
    if where != "opened":
        client.raw(masked(1, b"x") * (2 if where == "received_all" else 1))
    assert (client.close_code, client.close_reason) == (1011, "internal error")
    monkeypatch.undo()
    other.text("still here")
    assert other.texts() == ["still here"]


@pytest.mark.parametrize("at_once", [False, True])
def test_messages_that_came_at_once_count_as_by_themselves(*, at_once: bool) -> None:
    """And are answered in their order."""
    server = Server()
    client = server.open("/echo")
    frames = [masked(1, b"one"), masked(2, b"two"), masked(1, b"")]
    for piece in [b"".join(frames)] if at_once else frames:
        client.raw(piece)
    assert [bytes(frame.data) for frame in client.take()] == [b"one", b"two", b""]
    counts = server.state.stats.doors["echo"]
    assert (counts.total("messages_in"), counts.total("bytes_in")) == (3, 6)


@pytest.mark.parametrize("at_once", [False, True])
def test_each_message_is_held_to_the_rate(*, at_once: bool) -> None:
    """Those that come at once, too."""
    server = Server(Config(message_rate=2, over_rate="drop"))
    client = server.open("/echo")
    for piece in [masked(1, b"x") * 5] if at_once else [masked(1, b"x")] * 5:
        client.raw(piece)
    assert client.texts() == ["x", "x"]
    assert server.state.stats.limits == {"message-rate": 3}


def test_a_message_behind_our_close_has_no_answer() -> None:
    """RFC 6455 section 1.4 lets us discard it."""
    server = Server()
    client = server.open("/echo")
    [connection] = server.websockets.connections
    connection.drain(1.0)
    client.peer.send(masked(1, b"late"))
    assert client.take() == []
    assert server.state.stats.doors["echo"].total("messages_in") == 0
