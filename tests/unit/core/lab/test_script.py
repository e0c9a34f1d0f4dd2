# SPDX-License-Identifier: MIT
"""The actions, as a generator that says what it waits for; what they send, `test_session` shows."""

from random import Random

from tests.unit.core.lab.bench import BOUNDS, chain_of
from wsecho.core.lab.messages import LabInbox, WaitingMessage
from wsecho.core.lab.modes import Modes
from wsecho.core.lab.observer import Observer
from wsecho.core.lab.script import ROOM, ForMessage, Stage, Until
from wsecho.core.lab.sender import LabSender
from wsecho.core.lab.watching import ClientWatcher


def stage(text: str) -> Stage:
    """What the actions of a chain are done with."""
    modes = Modes(Random(1).random, lambda seed: Random(seed).random)
    sender = LabSender(BOUNDS, modes, None, 5.0)
    return Stage(chain_of(text), sender, LabInbox(), Observer(ClientWatcher()), b"")


def test_it_says_what_it_waits_for() -> None:
    """A moment, a message, room."""
    one = stage("wait=1s/read=1/send=a")
    script = one.run()
    assert next(script) == Until(6.0)
    assert next(script) == ForMessage()
    one.inbox.put(WaitingMessage(b"x", 1))
    assert next(script) == ROOM
    assert one.sender.out.held == 0
    assert next(script) == ForMessage()
    assert one.sender.out.take(5.0) == b"\x81\x01a"


def test_a_stream_does_not_drift() -> None:
    """Each text is due by the beginning, not by the one before."""
    one = stage("stream=3x1s")
    script = one.run()
    moments = []
    for need in script:
        if isinstance(need, Until):
            moments.append(need.moment)
            one.sender.now = need.moment + 0.3
        if isinstance(need, ForMessage):
            break
    assert moments == [5.0, 6.0, 7.0]


def test_it_is_over_behind_an_end_and_echoes_else() -> None:
    """For ever."""
    for text, closed in (("close", True), ("fin", False), ("break=close-0", True)):
        one = stage(text)
        assert set(one.run()) == {ROOM}
        assert (one.has_ended, one.has_closed) == (True, closed)
    assert next(stage("json").run()) == ForMessage()
    assert next(stage("").run()) == ForMessage()


def test_a_ping_that_is_sent_is_known() -> None:
    """So that its answer is not taken for a wrong one."""
    one = stage("ping=p")
    script = one.run()
    while next(script) == ROOM:
        pass
    assert b"p" in one.observer.watcher._pings
