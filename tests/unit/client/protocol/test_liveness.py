# SPDX-License-Identifier: MIT
"""Whether the other end is still there."""

from hypothesis import given
from hypothesis import strategies as st

from wsecho.client.protocol.liveness import PATIENCE, SILENCE, Liveness


def test_silence_is_asked_about_and_must_be_answered() -> None:
    """Within 60 s of the last octet a dead peer is known."""
    liveness = Liveness(100.0)
    assert liveness.check(100.0 + SILENCE - 0.1) is None
    assert liveness.check(100.0 + SILENCE) == "ping"
    assert liveness.check(100.0 + SILENCE + PATIENCE - 0.1) is None
    assert liveness.check(100.0 + SILENCE + PATIENCE) == "dead"
    assert SILENCE + PATIENCE < 60


def test_whatever_comes_is_an_answer() -> None:
    """A pong, or any other octet."""
    liveness = Liveness(100.0)
    assert liveness.check(125.0) == "ping"
    liveness.heard(130.0)
    assert liveness.check(149.0) is None
    assert liveness.check(150.0) == "ping"


def test_who_does_not_read_does_not_ask() -> None:
    """The pong would stand behind what is not read."""
    liveness = Liveness(100.0)
    liveness.hold()
    assert (liveness.deadline, liveness.check(10_000.0)) == (None, None)
    liveness.go_on(10_000.0)
    assert liveness.check(10_000.0 + SILENCE) == "ping"


@given(st.lists(st.tuples(st.floats(0.1, 100), st.booleans()), max_size=30))
def test_it_has_something_to_say_at_its_deadline_and_not_before(
    steps: list[tuple[float, bool]],
) -> None:
    """So that nobody needs to ask in between."""
    liveness, now = Liveness(0.0), 0.0
    for seconds, is_heard in steps:
        now += seconds
        if is_heard:
            liveness.heard(now)
        deadline = liveness.deadline
        assert deadline is not None
        assert (liveness.check(now) is not None) is (now >= deadline)
