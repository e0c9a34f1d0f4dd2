# SPDX-License-Identifier: MIT
"""What a reader of a room asks for."""

from typing import Final

from attrs import frozen

from wsecho.client.model import GapPolicy, Position
from wsecho.core.wire.positions import MAX_OFFSET

EVERYTHING: Final = MAX_OFFSET
"""As `history`: all that is kept."""


@frozen
class Plan:
    """What a reader of a room asks for.

    Attributes:
        after: resume after this place at first.
        history: begin with so many messages at first.
        wants_own: whether one's own messages are handed out.
        on_gap: whether messages that the server left out for a slow reader are fetched again.
        give_up_after: seconds that an outage may last; None for any, 30 while entering.
        has_token: whether tokens are asked for.
        can_ask_again: whether asking for a token again may give another.
    """

    after: Position | None = None
    history: int | None = None
    wants_own: bool = True
    on_gap: GapPolicy = "raise"
    give_up_after: float | None = None
    has_token: bool = False
    can_ask_again: bool = False

    def asks_for(self, place: Position | None) -> tuple[Position | None, int | None]:
        """Return the place to resume after and the history to ask for beside it.

        Args:
            place: what was reached; None at first.
        """
        if place is not None:
            return place, EVERYTHING
        if self.after is not None and self.history is None:
            return self.after, EVERYTHING
        return self.after, self.history
