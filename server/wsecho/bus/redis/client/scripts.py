# SPDX-License-Identifier: MIT
"""What must happen in Redis in one step: the scripts in the folder `lua`, put together.

Each file there says what its `KEYS` and `ARGV` are, and what it answers. A line `-- include NAME`
stands for the file of that name in `lua/shared`, whose `KEYS` and `ARGV` come first then.

Each script about a room begins by finding out where that stands. A node that has seen more of an
epoch than Redis remembers has Redis begin a new one there: it came back with an older state.

Redis decides whether there is memory for a script before it begins, and lets one that has written
something go on. What else may fail on the way is therefore looked at before anything is written;
and where something fails all the same behind a write, the answer is an error of the code `HALFWAY`.
"""

import re
from hashlib import sha1
from importlib.resources import files
from typing import Final, Self

from attrs import frozen

LARGE: Final = 1 << 16
"""Octets of what is told beyond which its channel tells only where it stands. Redis ends a
connection that has 32 MB of what it was told to read still (client-output-buffer-limit pubsub), so
that each listener fetches what is large in its own time."""

_LUA: Final = files(__package__) / "lua"
_INCLUDE: Final = re.compile(r"^-- include (\w+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *--.*\n|^ *\n", re.MULTILINE)


def _read(*path: str) -> str:
    text = _LUA.joinpath(*path).read_text("utf-8")
    whole = _INCLUDE.sub(lambda found: _read("shared", f"{found[1]}.lua"), text)
    # It is sent on each connection, and what nobody reads there is not.
    return _COMMENT.sub("", whole)


@frozen
class Script:
    """One script.

    Attributes:
        source: in Lua.
        digest: by which `EVALSHA` knows it.
    """

    source: bytes
    digest: bytes

    @classmethod
    def named(cls, name: str) -> Self:
        """Put one together, such that its errors tell whether it had written something by then.

        Args:
            name: of its file in the folder `lua`, without the ending.

        Raises:
            FileNotFoundError: there is none, or none of what it includes.
        """
        begin, end = (_read("shared", f"guard_{place}.lua") for place in ("begin", "end"))
        source = f"local LARGE = {LARGE}\n{begin}{_read(f'{name}.lua')}{end}".encode()
        return cls(source, sha1(source, usedforsecurity=False).hexdigest().encode())


TRIAL: Final = Script.named("trial")
PUBLISH: Final = Script.named("publish")
PUBLISH_ALL: Final = Script.named("publish_all")
LOAD: Final = Script.named("load")
STANDING: Final = Script.named("standing")
TOUCH: Final = Script.named("touch")
ATTEND: Final = Script.named("attend")
BEAT: Final = Script.named("beat")
BROADCAST_LOGGED: Final = Script.named("broadcast_logged")
READ_LOG: Final = Script.named("read_log")
SET_ASIDE: Final = Script.named("set_aside")
FETCH_ASIDE: Final = Script.named("fetch_aside")
READ_KEPT: Final = Script.named("read_kept")
KEEP_UNDER: Final = Script.named("keep_under")
BEQUEATH: Final = Script.named("bequeath")
TURN: Final = Script.named("turn")
CLAIM: Final = Script.named("claim")
RELEASE: Final = Script.named("release")
APPEND_EVENTS: Final = Script.named("append_events")
ENTER: Final = Script.named("enter")
LEAVE: Final = Script.named("leave")
VACATE: Final = Script.named("vacate")
LEAD_EVENTS: Final = Script.named("lead_events")
READ_EVENTS: Final = Script.named("read_events")
TAKE_EVENTS: Final = Script.named("take_events")

ALL: Final = (
    *(TRIAL, PUBLISH, PUBLISH_ALL, LOAD, STANDING, TOUCH, ATTEND),
    *(BEAT, BROADCAST_LOGGED, READ_LOG, SET_ASIDE, FETCH_ASIDE, READ_KEPT, KEEP_UNDER),
    *(BEQUEATH, TURN, CLAIM, RELEASE),
    *(APPEND_EVENTS, ENTER, LEAVE, VACATE, LEAD_EVENTS, READ_EVENTS, TAKE_EVENTS),
)
"""All of them, which are left in Redis as each connection begins."""
