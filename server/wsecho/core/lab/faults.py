# SPDX-License-Identifier: MIT
"""What a client should do about something that it is sent, and how sure that is."""

from enum import StrEnum
from typing import Final

from attrs import frozen


class Level(StrEnum):
    """How much is asked of a client."""

    MUST = "must"
    """The section tells the receiver to fail."""
    SHOULD = "should"
    """It is a sender's MUST, which a careful receiver enforces."""
    TAKE = "take"
    """It is legal, and must work."""
    MAY = "may"
    """Either is right."""


class Conduct(StrEnum):
    """What a client should do."""

    FAIL = "fail"
    FAIL_OR_WAIT = "fail, or wait without the memory"
    TAKE = "take"
    IGNORE = "ignore it"
    GIVE_UP = "give up by itself"
    COME_BACK = "come back"
    FOLLOW_OR_FAIL = "follow or fail"


@frozen
class Expectation:
    """What is right for a client to do.

    Attributes:
        should: that.
        level: how much it is asked for.
        codes: the close codes that fit, where it fails an open WebSocket.
    """

    should: Conduct
    level: Level
    codes: tuple[int, ...] = ()


MUST_FAIL: Final = Expectation(Conduct.FAIL, Level.MUST)
SHOULD_FAIL: Final = Expectation(Conduct.FAIL, Level.SHOULD)
MAY_FAIL: Final = Expectation(Conduct.FAIL, Level.MAY)
MUST_TAKE: Final = Expectation(Conduct.TAKE, Level.TAKE)
