# SPDX-License-Identifier: MIT
"""What an application imports: small, and by itself."""

import subprocess
import sys

import pytest

from wsecho import hooks
from wsecho.hooks import Drop, Forbidden, Unavailable


def test_a_refusal_has_a_reason_and_a_code() -> None:
    """Both are what the client is told."""
    plain, full = Forbidden(), Forbidden("two are enough", code="over_limit")
    assert (plain.code, full.code) == ("forbidden", "over_limit")
    assert str(full) == full.reason == "two are enough"
    assert str(plain) == plain.reason


def test_what_passes_says_when() -> None:
    """Seconds, and a reason."""
    assert Unavailable().retry_after == 1.0
    assert Unavailable("the database is away", 5).reason == "the database is away"


@pytest.mark.parametrize("kind", [Forbidden, Drop, Unavailable])
def test_each_answer_is_raised_by_itself(kind: type[Exception]) -> None:
    """None of them is caught as another."""
    others = {Forbidden, Drop, Unavailable} - {kind}
    assert not any(issubclass(kind, other) for other in others)


def test_it_brings_no_twisted_along() -> None:
    """An application may run it in its own tests, whatever its loop."""
    code = (
        "import sys, wsecho.hooks; "
        "print([n for n in sys.modules if n.split('.')[0] in ('twisted', 'autobahn')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_all_that_it_offers_is_there() -> None:
    """By name."""
    assert [name for name in hooks.__all__ if not hasattr(hooks, name)] == []
