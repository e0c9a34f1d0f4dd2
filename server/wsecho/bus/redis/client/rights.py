# SPDX-License-Identifier: MIT
"""What a Redis user has to be allowed, and trying all of it before anything is relied upon.

Redis tells of a right that is missing only when something is done. So each connection begins by
doing, once, all that there is to do, on a key of its own that goes at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wsecho.bus.redis.client.errors import PASSES, RedisError, RedisRefusedError, advice
from wsecho.bus.redis.client.scripts import TRIAL

if TYPE_CHECKING:
    from collections.abc import Generator

    from wsecho.bus.redis.client.keys import Keys

COMMANDS: Final = (
    *("select", "info", "ping", "time", "scan"),
    *("eval", "evalsha", "script|load"),
    *("publish", "subscribe", "unsubscribe", "psubscribe", "punsubscribe"),
    *("get", "set", "del", "pexpire", "pttl"),
    *("hget", "hmget", "hgetall", "hkeys", "hscan", "hset", "hdel", "hincrby"),
    *("xadd", "xdel", "xrange", "xrevrange", "xsetid", "xtrim"),
    *("sadd", "smembers", "srem"),
    *("zadd", "zcount", "zrange", "zrem", "zremrangebyscore", "zscore"),
)
"""All that is used, as `ACL SETUSER` has it; but for HELLO, which Redis allows everybody."""

TOLERATED: Final = frozenset({"OOM", "MISCONF", "NOREPLICAS"})
"""What Redis may be short of for a while, in which reading goes on."""


def acl(prefix: str, databases: tuple[int, ...] = (0,)) -> str:
    """Write what `ACL SETUSER` has to give a user.

    Args:
        prefix: begins all names.
        databases: which are used.
    """
    commands = " ".join(f"+{command}" for command in COMMANDS)
    # A pattern is allowed only where the very same stands in the list.
    patterns = " ".join(f"&{prefix}{{{number}}}{{*}}" for number in databases)
    return f"~{prefix}* &{prefix}* {patterns} {commands}"


def try_all(keys: Keys, channel: str) -> Generator[tuple[Any, ...], Any, None]:
    """Do all that there is to do, as `greeting.greet` asks.

    Args:
        keys: names what is written.
        channel: nobody else's.

    Raises:
        RedisError: something is refused, and would be next time.
    """
    reply = yield ("EVAL", TRIAL.source, "1", keys.trial, channel)
    if not isinstance(reply, RedisRefusedError):
        reply = yield ("EVALSHA", TRIAL.digest, "1", keys.trial, channel)
    _check(reply, "a script")
    for command, name in (
        ("SUBSCRIBE", channel),
        ("UNSUBSCRIBE", channel),
        ("PSUBSCRIBE", keys.pattern_subscriber),
        ("PUNSUBSCRIBE", keys.pattern_subscriber),
    ):
        reply = yield (command, name)
        _check(reply, f"{command} {name}")


def _check(reply: Any, what: str) -> None:
    if isinstance(reply, RedisRefusedError) and reply.code not in TOLERATED:
        text = f"refuses {what}: {reply}; {advice(reply.code)}"
        raise RedisError(text, passes=reply.code in PASSES)
