# SPDX-License-Identifier: MIT
"""What somebody may do: in rooms by glob, on the rest of WAMP by URI prefix.

A token's claims have this shape; what is absent is not granted::

    {"rooms": {"join": [GLOB, …], "publish": [GLOB, …], "operate": [GLOB, …]},
     "wamp": {"subscribe": [PREFIX, …], "publish": […], "call": […], "register": […]}}
"""

from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from re import Pattern, compile  # noqa: A004  # the word for it
from typing import Any, Final, Literal, Self

from attrs import frozen

from wsecho.core.wire.errors import BadToken, Forbidden

RoomAction = Literal["join", "publish", "operate"]
WampAction = Literal["subscribe", "publish", "call", "register"]

ROOM_ACTIONS: Final[tuple[RoomAction, ...]] = ("join", "publish", "operate")
WAMP_ACTIONS: Final[tuple[WampAction, ...]] = ("subscribe", "publish", "call", "register")

_DONE: Final[Mapping[RoomAction, str]] = {
    "join": "join",
    "publish": "publish to",
    "operate": "operate",
}


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> Pattern[str]:
    return compile(translate(glob))


@frozen
class Grants:
    """What one token, or the absence of tokens, allows.

    Attributes:
        rooms: globs over room names, by what they allow.
        wamp: URI prefixes, by what they allow on topics and procedures that are no rooms.
    """

    rooms: Mapping[str, tuple[str, ...]]
    wamp: Mapping[str, tuple[str, ...]]

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> Self:
        """Read the claims `rooms` and `wamp`.

        Raises:
            BadToken: one of them has another shape; the reason names it.
        """
        return cls(_lists(claims, "rooms", ROOM_ACTIONS), _lists(claims, "wamp", WAMP_ACTIONS))

    def may(self, action: RoomAction, room: str) -> bool:
        """Tell whether something may be done in a room."""
        globs = self.rooms[action]
        return "*" in globs or any(_pattern(glob).match(room) is not None for glob in globs)

    def check(self, action: RoomAction, room: str) -> None:
        """Let somebody do something in a room.

        Raises:
            Forbidden: it is not granted.
        """
        if not self.may(action, room):
            raise Forbidden(f"the token does not allow to {_DONE[action]} the room {room!r}")

    def may_operate(self) -> bool:
        """Tell whether the lists of all rooms, and the metrics, may be seen."""
        return bool(self.rooms["operate"])

    def may_wamp(self, action: WampAction, uri: str) -> bool:
        """Tell whether something may be done with a topic or procedure that is no room."""
        return uri.startswith(self.wamp[action])


def _lists(
    claims: Mapping[str, Any], name: str, actions: tuple[str, ...]
) -> Mapping[str, tuple[str, ...]]:
    given = claims.get(name, {})
    if not isinstance(given, dict):
        raise BadToken(f"the token's claim {name} is no object")
    found = {}
    for action in actions:
        items = given.get(action, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise BadToken(f"the token's claim {name}.{action} is no list of strings")
        found[action] = tuple(items)
    return found


EVERYTHING: Final = Grants(dict.fromkeys(ROOM_ACTIONS, ("*",)), dict.fromkeys(WAMP_ACTIONS, ("",)))
"""What everybody may do where no tokens are asked for."""

NOTHING: Final = Grants(dict.fromkeys(ROOM_ACTIONS, ()), dict.fromkeys(WAMP_ACTIONS, ()))
"""What somebody without a token may do where tokens are asked for."""
