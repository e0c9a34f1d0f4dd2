# SPDX-License-Identifier: MIT
"""How much one connection may send, and which of its rates it exceeded."""

import pytest

from wsecho.core.rates import Meter, Rates


@pytest.mark.parametrize(
    ("rates", "octets", "exceeded", "wait"),
    [
        (Rates(messages=2), 10, "message-rate", 0.5),
        (Rates(octets=20), 10, "byte-rate", 0.5),
        (Rates(messages=100, octets=20), 10, "byte-rate", 0.5),
        (Rates(messages=2, octets=1000), 10, "message-rate", 0.5),
    ],
)
def test_what_was_exceeded(rates: Rates, octets: int, exceeded: str, wait: float) -> None:
    """A second's worth passes at once; the next is told its time, and the option in its way."""
    meter = Meter(rates)
    assert [meter.count(octets, 0.0) for _ in range(2)] == [0, 0]
    assert meter.count(octets, 0.0) == pytest.approx(wait)
    assert meter.exceeded == exceeded
    assert meter.count(octets, wait) == 0
