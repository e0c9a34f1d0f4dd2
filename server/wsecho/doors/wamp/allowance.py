# SPDX-License-Identifier: MIT
"""How many rooms one WAMP session may be subscribed to."""

from typing import Final

from attrs import frozen

from wsecho.core.wire.topics import ROOM_PREFIX
from wsecho.fanout.rooms import Rooms
from wsecho.router import Session, WampError
from wsecho.router.wire.errors import OVER_LIMIT
from wsecho.router.wire.uris import Match, may_reach

_NAME: Final = "max-rooms-per-connection"


@frozen
class Allowance:
    """Lets a session subscribe to one room more, or says why not.

    Args:
        rooms: the rooms.
        most: subscriptions to rooms that one session may have; a pattern is one.
    """

    _rooms: Rooms
    _most: int

    def check(self, session: Session, uri: str, match: Match) -> bool:
        """Let a session subscribe; to do so again to the same is no further subscription.

        Returns:
            whether it is one more.

        Raises:
            WampError: it has as many as it may (`OVER_LIMIT`).
        """
        held = [
            subscription
            for subscription in session.subscriptions.values()
            if may_reach(subscription.uri, subscription.match, ROOM_PREFIX)
        ]
        if any(one.uri == uri and one.match == match for one in held):
            return False
        if len(held) >= self._most:
            self._rooms.stats.limits[_NAME] += 1
            raise WampError(OVER_LIMIT, f"one session may be subscribed to {self._most} rooms")
        return True
