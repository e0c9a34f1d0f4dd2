# SPDX-License-Identifier: MIT
"""What goes wrong between wsecho and Redis, before anybody at a door is told of it."""

import re
from typing import Final

_HALFWAY: Final = "HALFWAY"
"""What our own scripts put in front."""

# Redis 7.0 has no code of its own for it within a script.
_ACL: Final = re.compile(
    r"^ERR .*(ACL failure|executing the script can't|no permissions|[Nn]ot allowed to)"
)

_ADVICE: Final = {
    "NOPERM": "give its user the rights that the documentation lists under “What Redis must allow”",
    "NOAUTH": "give its user and password in --redis",
    "WRONGPASS": "give its user and password in --redis",
    "READONLY": "it is a replica: give the master's address, or the sentinels'",
    "MASTERDOWN": "it is a replica: give the master's address, or the sentinels'",
    "OOM": "raise its maxmemory, or take something else out of it",
    "MISCONF": "its log says why it cannot write to disk",
    "NOREPLICAS": "it wants more replicas (min-replicas-to-write) than are connected",
    "WRONGTYPE": "somebody else writes below the same prefix: give another --redis-prefix",
    "LOADING": "it is reading its data: wait",
    "BUSY": "a script of somebody's keeps it busy: SCRIPT KILL ends that",
    "MOVED": "a Redis Cluster is not spoken to: give a single one",
    "CROSSSLOT": "a Redis Cluster is not spoken to: give a single one",
}


PASSES: Final = frozenset({"LOADING", "MASTERDOWN", "READONLY", "BUSY"})
"""What may well be over in a moment: another becomes the master, or the data is read."""


def advice(code: str) -> str:
    """Return what an operator can do about an error of Redis's."""
    return _ADVICE.get(code, "its own documentation has that")


class RedisError(Exception):
    """Redis cannot be used as it is.

    Args:
        text: one line for the operator, without a password.
        passes: whether it may well be over in a moment, without anybody's doing.
    """

    def __init__(self, text: str, *, passes: bool = False) -> None:
        super().__init__(text)
        self.passes = passes


class LostError(Exception):
    """The connection went before the reply came: unknown whether it was done."""


class LateError(LostError):
    """The reply did not come in time: unknown whether it was or will be done."""


class RedisRefusedError(Exception):
    """Redis answered with an error: it was not done, unless that came halfway.

    Args:
        text: Redis's own words, beginning with a word in capitals.

    Attributes:
        code: that word.
        is_halfway: whether a script had written something by then.
    """

    def __init__(self, text: str) -> None:
        first, _, rest = text.partition(" ")
        self.is_halfway = first == _HALFWAY
        text = (rest if self.is_halfway else text).strip()
        super().__init__(text)
        self.code = "NOPERM" if _ACL.search(text) else text.partition(" ")[0]
