# SPDX-License-Identifier: MIT
"""What is said: by the connection, or by POST beside one that is not read."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import define, field

from wsecho.client.errors import Error, TooLarge, Unauthorized
from wsecho.client.model import Position
from wsecho.client.protocol.actions import Action, Post, Send, Settle
from wsecho.client.protocol.outbox import Entry, Outbox
from wsecho.client.protocol.refusals import Refusal, passing

Way: TypeAlias = Literal["socket", "post"]
"""How something can be said now."""


@define(eq=False)
class Publishing:
    """What a client has to say, and what becomes of it.

    Args:
        outbox: what is to be said.
        do: has something done.

    Attributes:
        outbox: the same.
        was_acknowledged: whether anything was, since this was reset.
    """

    outbox: Outbox
    _do: Callable[[Action], None]
    was_acknowledged: bool = field(default=False, init=False)
    _posting: Entry | None = field(default=None, init=False)

    def deadline(self, way: Way | None) -> float | None:
        """Return when `say` or `expire` has something new; None for never."""
        return self.outbox.deadline(is_sending=way is not None and self._posting is None)

    def say(self, way: Way | None, token: str | None, now: float) -> None:
        """Say what can be said now.

        Args:
            way: how; None where nothing can.
            token: what a POST shows.
            now: the time.
        """
        while way is not None and self._posting is None:
            entry = self.outbox.next(now)
            if entry is None:
                return
            if (error := self.outbox.too_large(entry)) is not None:
                self.refused(entry.number, Refusal(error, passes=False), now)
            elif way == "socket":
                self._do(Send(entry.frame))
            else:
                # One by one, for two might overtake each other.
                self._posting = entry
                self._do(Post(entry, token))

    def acknowledged(self, number: object, position: Position) -> None:
        """Take where a message stands."""
        entry = self.outbox.published(number)
        if entry is not None:
            self.was_acknowledged = True
            self._do(Settle(entry, position))

    def refused(self, number: object, refusal: Refusal, now: float) -> None:
        """Take that a message was not taken; what passes is said again."""
        settled = self.outbox.refused(number, refusal, now)
        if settled is not None:
            self._do(Settle(*settled))

    def posted(self, entry: Entry, position: Position) -> None:
        """Take that a POST was answered."""
        self._posting = None
        self.acknowledged(entry.number, position)

    def not_posted(
        self, entry: Entry, refusal: Refusal, now: float, *, can_ask_again: bool
    ) -> bool:
        """Take that a POST failed.

        Args:
            entry: what was to be said.
            refusal: why it was not.
            now: the time.
            can_ask_again: whether there may be a token that counts.

        Returns:
            whether to ask for it.
        """
        self._posting = None
        if isinstance(refusal.error, Unauthorized):
            entry.rejections += 1
            if can_ask_again and entry.rejections == 1:
                self.refused(entry.number, Refusal(refusal.error, passes=True), now)
                return True
        elif not refusal.is_ours:
            # It was a wsecho a moment ago: something between answers for it.
            refusal = passing(refusal.error.reason, refusal.retry)
        self.refused(entry.number, refusal, now)
        return False

    def cut(self) -> None:
        """Take that no more answers come by the connection; that of a POST does."""
        if self._posting is None:
            self.outbox.cut()

    def blame(self, error: TooLarge) -> None:
        """Find what a server means that closes for a frame being too large (1009)."""
        entry = self.outbox.largest_sent()
        if entry is not None:
            self._do(Settle(entry, error))

    def expire(self, now: float) -> None:
        """Give up what was tried for long enough."""
        for entry, error in self.outbox.expired(now):
            self._do(Settle(entry, error))

    def end(self, error: Error) -> None:
        """Give up everything."""
        for entry in self.outbox.clear():
            self._do(Settle(entry, error))
