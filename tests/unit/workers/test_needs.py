# SPDX-License-Identifier: MIT
"""What several workers cannot do without."""

import pytest

from wsecho.bus.redis.client.address import RedisAddress
from wsecho.config.config import Config, ConfigError
from wsecho.workers.needs import check_needs


def test_workers_without_redis_are_refused() -> None:
    """Each would have rooms of its own."""
    with pytest.raises(ConfigError, match=r"--workers 4: needs --redis URL"):
        check_needs(Config(workers=4))


def test_workers_with_redis_start() -> None:
    """It carries the rooms between them."""
    check_needs(Config(workers=4, redis=RedisAddress.parse("redis://localhost")))
