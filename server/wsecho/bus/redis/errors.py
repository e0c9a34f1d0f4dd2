# SPDX-License-Identifier: MIT
"""What goes wrong between wsecho and Redis, before anybody at a door is told of it."""

from typing import Final

_HALFWAY: Final = "HALFWAY"
"""What our own scripts put in front."""


class RedisError(Exception):
    """Redis cannot be used as it is; the text is one line for the operator, without a password."""


class LostError(Exception):
    """The connection went before the reply came: unknown whether it was done."""


class LateError(LostError):
    """The reply did not come in time: unknown whether it was or will be done."""


class RefusedError(Exception):
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
        text = rest if self.is_halfway else text
        super().__init__(text)
        self.code = text.partition(" ")[0]
