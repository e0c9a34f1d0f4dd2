# SPDX-License-Identifier: MIT
"""One room that a process follows: its follower, who waits for it, and who waits to be heard."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from wsecho.core.promise import Promise
from wsecho.core.rooms.log_follower import Cursor, FollowerState, LogFollower
from wsecho.core.rooms.roster import Roster

if TYPE_CHECKING:
    from wsecho.bus.redis.client.keys import RoomKeys
    from wsecho.core.rooms.history import Message
    from wsecho.core.rooms.retries import Receipt
    from wsecho.core.wire.errors import WireError
    from wsecho.core.wire.positions import Position


@frozen(eq=False)
class Ack:
    """Somebody's message is logged, but has not come round yet.

    Attributes:
        receipt: what it is to be told.
        due: when it is told anyway.
        told: by this.
    """

    receipt: Receipt
    due: float
    told: Promise[Receipt]


@define(eq=False)
class Waiter:
    """Somebody waits for a room to be current.

    Attributes:
        told: by this.
        since: when it began to, in seconds.
        after: the place that it goes on from, None for wherever the room is.
        is_asked_for: whether the log was asked since, so that what it says is all for this one.
    """

    told: Promise[None]
    since: float
    after: Position | None
    is_asked_for: bool = False


@define(eq=False)
class RemoteRoom:
    """A room that is followed here.

    Attributes:
        name: the room's.
        keys: how it is named in Redis.
        run: the run of Redis in which it was current last, empty before.
        needed: when somebody needed it last.
        used: when somebody was in it, or read it, last.
        touched: when Redis was told last that it is in use.
        is_quiet: whether what is loaded is only remembered, since nobody is here who waits for it.
        has_strayed: whether its members heard what was said here alone.
        is_asking: whether a load is under way.
        wants_roster: whether who is there has to be loaded too, or put right there.
        roster_asked: when it was asked for last.
        roster: who is there, on all nodes.
        correlation: of the messages that the follower was given.
    """

    name: str
    keys: RoomKeys
    needed: float
    follower: LogFollower = field(factory=LogFollower)
    run: str = ""
    used: float = -inf
    touched: float = -inf
    is_quiet: bool = True
    has_strayed: bool = False
    is_asking: bool = False
    wants_roster: bool = True
    roster_asked: float = -inf
    roster: Roster = field(factory=Roster)
    correlation: dict[Message, bytes] = field(factory=dict)
    _waiting: list[Waiter] = field(factory=list, init=False)
    _acks: list[Ack] = field(factory=list, init=False)

    @property
    def is_current(self) -> bool:
        """Whether all that was logged is here."""
        return self.follower.state is FollowerState.CURRENT

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._waiting)

    def has_kept_waiting(self, moment: float) -> bool:
        """Tell whether somebody who waits began to by then."""
        return bool(self._waiting) and self._waiting[0].since <= moment

    @property
    def seen(self) -> Cursor:
        """How far it is followed."""
        return self.follower.seen

    def reaches(self, position: Position) -> bool:
        """Tell whether a place is none that only the log could know."""
        seen = self.follower.seen
        return position.epoch == seen.epoch and position.offset <= seen.offset

    def wait(self, now: float, after: Position | None = None) -> Promise[None]:
        """Wait until it is current, a place that was seen elsewhere included."""
        waiting: Promise[None] = Promise()
        self._waiting.append(Waiter(waiting, now, after))
        return waiting

    def ask_for_all(self) -> None:
        """Note that the log is asked for what it holds now, for all who wait."""
        for each in self._waiting:
            each.is_asked_for = True

    def let_in(self) -> bool:
        """Tell who waits that it is current; tell whether somebody has to wait on.

        The log may have been asked before somebody came whose place is further on. Whether that
        place is lost, or only not heard of yet, this answer cannot tell.
        """
        waiting, self._waiting = self._waiting, []
        ready: list[Waiter] = []
        for each in waiting:
            is_ready = each.is_asked_for or each.after is None or self.reaches(each.after)
            (ready if is_ready else self._waiting).append(each)
        for each in ready:
            each.told.give(None)
        return self.is_waited_for

    def turn_away(self, error: WireError) -> None:
        """Tell who waits that it will not be."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.told.fail(error)

    def acknowledge_later(self, receipt: Receipt, due: float) -> Promise[Receipt]:
        """Wait with a receipt until the message has come round."""
        told: Promise[Receipt] = Promise()
        self._acks.append(Ack(receipt, due, told))
        return told

    def acknowledge(self, now: float | None = None) -> bool:
        """Hand out the receipts of what has come round; tell whether one had to go without.

        Args:
            now: hand out those too that are due by then; None for no others.
        """
        if not self._acks:
            return False
        acks, self._acks = self._acks, []
        is_missing = False
        for ack in acks:
            has_come = self.reaches(ack.receipt.position)
            if not has_come and (now is None or now < ack.due):
                self._acks.append(ack)
                continue
            is_missing = is_missing or not has_come
            ack.told.give(ack.receipt)
        return is_missing
