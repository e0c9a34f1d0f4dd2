# SPDX-License-Identifier: MIT
"""Sentinels, which know where the master is at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wsecho.bus.redis.client.errors import RedisRefusedError

if TYPE_CHECKING:
    from collections.abc import Generator


class NoMasterError(Exception):
    """A sentinel does not know where the master is."""


def ask_for_master(name: str) -> Generator[tuple[str, ...], Any, tuple[str, int]]:
    """Ask one sentinel, as `greeting.greet` asks Redis.

    Raises:
        NoMasterError: it does not know.
    """
    reply = yield ("SENTINEL", "get-master-addr-by-name", name)
    if isinstance(reply, RedisRefusedError):
        raise NoMasterError(f"answers {reply}")
    if reply is None:
        raise NoMasterError(f"knows no master {name}")
    host, port = reply
    return host.decode(), int(port)
