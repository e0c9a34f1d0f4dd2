# SPDX-License-Identifier: MIT
"""What is too large to be pushed: it waits in a place of its own for those that it is said to.

Redis ends a connection that leaves too much unread of what was pushed. So the channel tells the
name of the place alone, and each who listens fetches what is there, one after another. The place
goes with the last of them, or when its time is over.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from wsecho.bus.deferreds import promise_of
from wsecho.bus.redis.client.scripts import FETCH_ASIDE, LARGE, SET_ASIDE
from wsecho.core.wire.errors import BusUnavailable, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from wsecho.bus.redis.client.commands import Commands
    from wsecho.bus.redis.client.keys import Keys
    from wsecho.bus.redis.nodes.inbox import SubjectInbox
    from wsecho.core.promise import Later

MAX_ASIDE: Final = 256 << 20
"""Bytes of Redis's memory that all nodes together leave in such places."""

_MARK: Final = b"\0aside "
"""Begins what is told of such a place. What begins so by itself waits in one, too."""

_LASTING: Final = "60000"
"""Milliseconds that something waits there."""

_log = Logger()


def needs_place(payload: bytes) -> bool:
    """Tell whether something has to wait in a place, rather than be pushed."""
    return len(payload) > LARGE or payload.startswith(_MARK)


def set_aside(commands: Commands, keys: Keys, channel: str, payload: bytes) -> Deferred[int]:
    """Say something large on a channel.

    Args:
        commands: Redis.
        keys: names the place.
        channel: where it would be said if it were small.
        payload: what.

    Returns:
        How many listen; `BusUnavailable` where too much waits already.

    Raises:
        BusUnavailable: Redis is away.
    """
    place = secrets.token_urlsafe(9)
    words: list[bytes | str] = [channel, place, payload, _LASTING, str(MAX_ASIDE), _MARK]
    return commands.run(SET_ASIDE, keys.aside(place), words).addCallback(_check)


def hear_aside(
    commands: Commands, keys: Keys, inbox: SubjectInbox, heard: Callable[[bytes], None], body: bytes
) -> Later[None]:
    """Have heard what was told, or what waits in the place that was told of; it never fails later.

    What was told on a connection that is gone is lost with it, as all is that was told meanwhile.

    Args:
        commands: Redis.
        keys: names the place.
        inbox: waits for it.
        heard: takes it.
        body: what was told.
    """
    if not body.startswith(_MARK):
        heard(body)
        return None
    place = body[len(_MARK) :]

    def fetched(payload: Any) -> None:
        if payload is None:
            _log.warn("what a node said was gone before it could be fetched: this one is too slow")
        else:
            heard(payload)

    turn = inbox.turn

    def fetch() -> Deferred[Any]:
        if turn != inbox.turn:
            raise BusUnavailable
        return commands.run(FETCH_ASIDE, keys.aside(place.decode()), [place])

    fetching = commands.one_large.run(fetch)
    return promise_of(fetching.addCallback(fetched).addErrback(_not_heard))


def _check(listeners: int) -> int:
    if listeners < 0:
        raise BusUnavailable("too much that is large waits to be fetched from Redis")
    return listeners


def _not_heard(failure: Failure) -> None:
    if not failure.check(WireError):
        _log.failure("cannot take what came from Redis", failure)
