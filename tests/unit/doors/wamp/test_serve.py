# SPDX-License-Identifier: MIT
"""The router as the server runs it: its realms, its own procedure, and what becomes of faults."""

from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from tests.unit.doors.wamp.harness import HELLO, ROOM, Wamp, make_server
from tests.unit.doors.wamp.transports import TRANSPORTS, TransportClient

CALL, RESULT, ABORT, WELCOME = 48, 50, 3, 2


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_the_echo_answers_with_what_it_is_given(kind: str) -> None:
    """Arguments and keywords, on each transport."""
    wamp = TransportClient.join(make_server(), kind)
    wamp.say([CALL, 1, {}, "wsecho.echo", [1, "two"], {"three": None}])
    assert wamp.heard() == [[RESULT, 1, {}, [1, "two"], {"three": None}]]


def test_each_realm_has_the_rooms_and_the_echo() -> None:
    """The rooms are the same ones in all of them; what is no realm's name is none."""
    server = make_server(realm=("one", "two"))

    def join(realm: str) -> tuple[Wamp, Any]:
        wamp = Wamp.open(server)
        wamp.say([1, realm, HELLO[2]])
        return wamp, wamp.heard()[-1]

    (first, _), (second, welcome) = join("one"), join("two")
    assert welcome[0] == WELCOME
    first.subscribe(ROOM)
    for wamp, number in ((first, 2), (second, 1)):
        wamp.say([CALL, number, {}, "wsecho.echo", ["x"]])
        assert wamp.heard() == [[RESULT, number, {}, ["x"]]]
    second.say([16, 2, {}, ROOM, ["from the other"]])
    [event] = first.heard()
    assert event[4] == ["from the other"]
    _, refused = join("realm1")
    assert refused[::2] == [ABORT, "wamp.error.no_such_realm"]


def test_a_session_that_does_not_open_has_its_time() -> None:
    """That of every opening."""
    server = make_server(open_timeout=7.0)
    wamp = Wamp.open(server)
    server.clock.advance(6.9)
    assert wamp.client.close_code is None
    server.clock.advance(0.2)
    assert wamp.client.close_code is not None or wamp.client.peer.wire.aborted


def test_a_fault_of_a_procedure_is_logged_and_told_as_ours() -> None:
    """Nothing of it is told; the session goes on."""
    server = make_server()

    def fail(_call: Any) -> Any:
        raise ValueError("a secret")

    server.router.realms["realm1"].provide("wsecho.fault", fail)
    wamp = Wamp.join(server)
    with capturedLogs() as events:
        wamp.say([CALL, 1, {}, "wsecho.fault"])
    [answer] = wamp.heard()
    assert answer[:2] == [8, CALL]
    assert answer[4] == "wamp.error.runtime_error"
    assert "a secret" not in repr(answer)
    assert any("the router failed" in (formatEvent(event) or "") for event in events)


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("size", [300, 65_536, 1 << 24])
def test_a_session_is_told_how_large_a_message_may_be(kind: str, size: int) -> None:
    """As large as is taken: RawSocket has its own least, and its length has 24 bits."""
    server = make_server(max_message_size=size)
    wamp = TransportClient(server, kind)
    welcome = wamp.begin()
    told = {"rawsocket": min(max(size, 512), (1 << 24) - 1)}.get(kind, size)
    assert welcome[2]["authextra"] == {"max_message_size": told}
