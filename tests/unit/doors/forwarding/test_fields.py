# SPDX-License-Identifier: MIT
"""What is passed on of a request arrives as it was signed."""

import pytest

from tests.unit.doors.forwarding.pairs import Pair


@pytest.mark.parametrize("target", ["send?", "send?seq=1", "send?a=%2F;b", "send?x%23y", "send;p"])
def test_the_target_arrives_as_it_was_signed(target: str) -> None:
    """Whatever a library makes of it on the way."""
    answer = Pair().ask(target, b"[999]")
    assert answer.status in {204, 404}
    assert "wsecho-refused" not in answer.headers
