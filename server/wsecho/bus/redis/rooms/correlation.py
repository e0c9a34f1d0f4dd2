# SPDX-License-Identifier: MIT
"""What leads a message that comes back from Redis to whoever said it here."""

from collections import OrderedDict
from itertools import count
from typing import Any, Final

from attrs import define, field

from wsecho.bus.redis.rooms.records import NO_TAG

MAX_UNDER_WAY: Final = 10_000
"""Messages that may be on their way; the oldest, which may have got lost, are forgotten."""


@define(eq=False)
class Correlation:
    """Whoever has said something that is on its way.

    Args:
        node: this node's name: another's tags lead nowhere here.
    """

    _node: str
    _numbers: "count[int]" = field(factory=lambda: count(1), init=False)
    _on_their_way: OrderedDict[bytes, tuple[Any, Any]] = field(factory=OrderedDict, init=False)

    def tag(self, sender: Any, origin: Any) -> bytes:
        """Return what goes with a message: nothing much where nobody will ask."""
        if origin is None and (sender is None or sender.wants_own):
            return NO_TAG
        return self.remember(sender, origin)

    def remember(self, sender: Any, origin: Any = None) -> bytes:
        """Return what leads back."""
        tag = f"{self._node}:{next(self._numbers)}".encode()
        self._on_their_way[tag] = (sender, origin)
        if len(self._on_their_way) > MAX_UNDER_WAY:
            self._on_their_way.popitem(last=False)
        return tag

    def take(self, tag: bytes) -> tuple[Any, Any]:
        """Return sender and origin, once; None for what is not from here."""
        if tag == NO_TAG:
            return None, None
        return self._on_their_way.pop(tag, (None, None))
