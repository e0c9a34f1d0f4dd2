# SPDX-License-Identifier: MIT
"""How long a request's body may take: the more of it came, the longer."""

from typing import Final

from attrs import define, field

SLOWEST: Final = 1024.0
"""Bytes per second that a body must come with, once its first grace is over."""


@define
class BodyPace:
    """Watches one body.

    Args:
        begun: seconds, when it could begin.
        grace: seconds that it may take beside what its bytes are granted.
    """

    _begun: float
    _grace: float
    _received: int = field(default=0, init=False)

    @property
    def deadline(self) -> float:
        """When it is too slow, unless more comes before."""
        return self._begun + self._grace + self._received / SLOWEST

    def receive(self, octets: int) -> None:
        """Note that some of it came."""
        self._received += octets
