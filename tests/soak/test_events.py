# SPDX-License-Identifier: MIT
"""An application that is away for a minute, told by two servers."""

import time
from pathlib import Path
from typing import Final

import pytest

from tests.integration.bus.test_event_carriers import CARRIERS, world
from tests.support.redis_server import redis_server
from tests.support.waiting import wait_until

AWAY: Final = 60.0
"""Seconds."""


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_minute_without_the_application(tmp_path: Path, carrier: str) -> None:
    """Nothing is missed, and the order is kept."""
    with redis_server() as redis, world(tmp_path, carrier, redis) as there:
        there.say(20)
        wait_until(there.is_told_all)
        there.stop()
        end = time.monotonic() + AWAY
        while time.monotonic() < end:
            there.say(20)
            time.sleep(1)
        there.restart()
        wait_until(there.is_told_all, 3 * AWAY)
        there.say(20)
        there.check()
