# SPDX-License-Identifier: MIT
"""Redis's URL: what it means, and what is wrong with it, without its password."""

import pytest

from wsecho.bus.redis.client.address import RedisAddress
from wsecho.config.config import ConfigError, load

ONE = (("h", 6379),)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h", RedisAddress(ONE)),
        ("redis://h/", RedisAddress(ONE)),
        ("redis://h:7/3", RedisAddress((("h", 7),), database=3)),
        ("redis://[::1]:7", RedisAddress((("::1", 7),))),
        ("redis://:p%40ss@h", RedisAddress(ONE, password="p@ss")),
        ("redis://me:p@h", RedisAddress(ONE, user="me", password="p")),
        ("rediss://h/1", RedisAddress(ONE, database=1, is_tls=True)),
        ("unix:///run/redis.sock", RedisAddress(path="/run/redis.sock")),
        ("unix://:p@/run/r?db=2", RedisAddress(path="/run/r", database=2, password="p")),
        (
            "redis+sentinel://a,b:7/main/4",
            RedisAddress((("a", 26379), ("b", 7)), master="main", database=4),
        ),
        ("rediss+sentinel://a/main", RedisAddress((("a", 26379),), master="main", is_tls=True)),
    ],
)
def test_what_it_means(url: str, address: RedisAddress) -> None:
    """Each form, with defaults."""
    assert RedisAddress.parse(url) == address
    assert "p@" not in str(address)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("localhost:6379", "not of the form"),
        ("http://:secret@h", "not of the form"),
        ("redis://", "names no host"),
        ("redis://:secret@:7", "names no host"),
        ("redis://:secret@h:0", "port"),
        ("redis://:secret@h:x", "port"),
        ("redis://:secret@h/x", "database"),
        ("redis://:secret@h/1/2", "more behind its host"),
        ("redis://:secret@a,b", "several hosts"),
        ("redis+sentinel://:secret@a", "no master"),
        ("unix://:secret@redis.sock", "no absolute path"),
        ("unix://:secret@/r?db=x", "database"),
    ],
)
def test_what_is_wrong_with_it(url: str, reason: str) -> None:
    """One line that does not repeat it."""
    with pytest.raises(ConfigError) as caught:
        load({"redis": url})
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "a b", "{a}", "ä", "x" * 101])
def test_prefixes_that_are_none(prefix: str) -> None:
    """They are part of names, and braces say which part of a name counts for its shard."""
    with pytest.raises(ConfigError):
        load({"redis-prefix": prefix})
    assert load({"when-bus-down": "local"}).when_bus_down == "local"
    with pytest.raises(ConfigError):
        load({"when-bus-down": "maybe"})
