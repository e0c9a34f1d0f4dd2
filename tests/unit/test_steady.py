# SPDX-License-Identifier: MIT
"""A reactor whose timers nobody sets."""

from time import monotonic
from typing import Any

import pytest
from twisted.internet.selectreactor import SelectReactor

from wsecho.steady import steady


@pytest.fixture
def reactor() -> Any:
    """A real reactor that never runs, beside the one that there is."""
    return SelectReactor()


@pytest.mark.parametrize("hour", [3600.0, -3600.0])
def test_timers_do_not_move_with_the_wall_clock(
    reactor: Any, hour: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due soon stays due soon, what is due late is not called early; set either way."""
    wall = [1_700_000_000.0]
    monkeypatch.setattr(type(reactor), "seconds", staticmethod(lambda: wall[0]))
    called: list[str] = []
    # What was asked for before counts as much.
    reactor.callLater(0, called.append, "soon")
    reactor.callLater(600, called.append, "late")
    steady(reactor)
    steady(reactor)
    reactor.callLater(0, called.append, "later asked, soon")
    reactor.callLater(600, called.append, "later asked, late")
    wall[0] += hour
    reactor.runUntilCurrent()
    assert called == ["soon", "later asked, soon"]
    assert 0 < reactor.timeout() <= 600
    assert reactor.seconds is monotonic
    for call in reactor.getDelayedCalls():
        call.reset(0)
    reactor.runUntilCurrent()
    assert sorted(called[2:]) == ["late", "later asked, late"]
