# SPDX-License-Identifier: MIT
"""How long a request's body may take."""

from wsecho.core.limits.bodies import SLOWEST, BodyPace


def test_what_comes_is_granted_time() -> None:
    """The grace, and a second for each KiB."""
    pace = BodyPace(100.0, 10.0)
    assert pace.deadline == 110.0
    pace.receive(int(5 * SLOWEST))
    assert pace.deadline == 115.0
