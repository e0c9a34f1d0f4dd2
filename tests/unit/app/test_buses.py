# SPDX-License-Identifier: MIT
"""Which bus carries the rooms."""

import sys
from functools import partial
from typing import Any

import pytest
from twisted.internet.task import Clock

from wsecho.app.buses import maker
from wsecho.bus.memory import MemoryBus
from wsecho.bus.redis.client import probe
from wsecho.bus.redis.client.address import RedisAddress
from wsecho.bus.redis.client.errors import RedisError
from wsecho.config.config import Config, ConfigError

REDIS = Config(redis=RedisAddress.parse("redis://:secret@localhost:1"), when_bus_down="local")


def test_without_redis_it_is_memory() -> None:
    """And nothing is looked for."""
    assert maker(Config(), Clock()) is MemoryBus


def test_redis_is_looked_at_before_the_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the address and the prefix of the options; the bus is made by them, too."""
    looked: list[Any] = []
    monkeypatch.setattr(probe, "probe", lambda *where: looked.append(where))
    reactor = Clock()
    made = maker(REDIS, reactor)
    assert looked == [(REDIS.redis, REDIS.redis_prefix)]
    assert isinstance(made, partial)
    settings, rules, of = made.args
    assert (settings.address, settings.speaks_locally) == (REDIS.redis, True)
    assert (rules, of) == (REDIS.rules, reactor)


def test_a_redis_that_cannot_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which, without the password."""

    def fail(*_: object) -> None:
        raise RedisError("it is a replica")

    monkeypatch.setattr(probe, "probe", fail)
    with pytest.raises(ConfigError, match=r"^--redis .*: it is a replica$") as caught:
        maker(REDIS, Clock())
    assert "secret" not in str(caught.value)


def test_who_takes_the_place_of_another_looks_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others serve without Redis just now, as it will."""

    def fail(*_: object) -> None:
        raise RedisError("away")

    monkeypatch.setattr(probe, "probe", fail)
    assert isinstance(maker(REDIS, Clock(), stands_in=True), partial)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what brings it."""
    monkeypatch.setitem(sys.modules, "wsecho.bus.redis.bus", None)
    with pytest.raises(ConfigError, match=r"pip install 'wsecho\[redis\]'"):
        maker(REDIS, Clock())
