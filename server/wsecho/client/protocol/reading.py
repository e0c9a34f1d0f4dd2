# SPDX-License-Identifier: MIT
"""What is read in a room, across connections: each message once, in order, each gap told.

`Reading` knows the place behind the last message that came; whatever the server sends is held
against it. Where something is left out that the server may still have, it says so, and whoever
has the connection comes back after that place.
"""

from collections.abc import Iterable

from attrs import define, field

from wsecho.client.errors import Gap
from wsecho.client.model import GapPolicy, Member, Message, Position, Presence
from wsecho.client.protocol.frames import Joined
from wsecho.client.protocol.inbox import Inbox


@define(eq=False)
class Reading:
    """One reader of a room.

    Args:
        after: the place that it begins behind; None for wherever the server lets it.
        wants_own: whether one's own messages are handed out.
        on_gap: `raise` where what was left out for a slow reader is to be fetched again.

    Attributes:
        inbox: what is to be handed out.
        place: behind what came last; None before the room was joined.
        member: one's own id in the room; None before it was joined.
        members: who is there, by id, where that is asked for; None before it is known.
        made_progress: whether a message came since the room was joined last.
    """

    _after: Position | None
    _wants_own: bool
    _on_gap: GapPolicy
    inbox: Inbox = field(factory=Inbox, init=False)
    place: Position | None = field(default=None, init=False)
    member: str | None = field(default=None, init=False)
    members: dict[str, Member] | None = field(default=None, init=False)
    made_progress: bool = field(default=False, init=False)
    _own: set[str] = field(factory=set, init=False)

    def begin(self, joined: Joined) -> None:
        """Take the first frame of a connection."""
        asked = self._after if self.place is None else self.place
        if self.place is None:
            self.inbox.position = joined.position if asked is None else asked
        self.place, self.made_progress = joined.position, False
        self._know(joined.member)
        if asked is not None and (joined.recovered is not True or joined.position != asked):
            self._gap(asked, joined.position, "what followed is not kept any more")
        if joined.members is not None:
            self._meet(joined.members)

    def renew(self, joined: Joined) -> bool:
        """Take that the room has another epoch, under a live connection.

        Returns:
            whether to come back for what is kept of it.
        """
        self._know(joined.member)
        if joined.position == self.place:
            return False
        if joined.position.offset:
            return True
        self._jump(joined.position, "the room began anew")
        return False

    def message(self, message: Message) -> None:
        """Take a message; one that came before is left out."""
        here, there = self.place, message.position
        assert here is not None  # noqa: S101  # nothing else comes before `joined`
        if there.epoch != here.epoch or there.offset != here.offset + 1:
            if there.epoch == here.epoch and there.offset <= here.offset:
                return
            before = Position(there.epoch, max(there.offset - 1, 0))
            self._gap(here, before, "the server left them out without a word")
        self.place, self.made_progress = there, True
        if self._wants_own or message.sender is None or message.sender.id not in self._own:
            self.inbox.put_message(message)
        else:
            self.inbox.passed(there)

    def skipped(self, to: Position) -> bool:
        """Take that messages up to a place were left out for a slow reader.

        Returns:
            whether to come back for them.
        """
        if self._on_gap == "raise":
            return True
        self._jump(to, "they were left out for a slow reader")
        return False

    def presence(self, presence: Presence) -> None:
        """Take that somebody came or went."""
        if self.members is None:
            self.members = {}
        if presence.action == "join":
            self.members[presence.member.id] = presence.member
        else:
            self.members.pop(presence.member.id, None)
        self.inbox.put(presence)

    @property
    def _here(self) -> Position:
        assert self.place is not None  # noqa: S101  # nothing else comes before `joined`
        return self.place

    def _know(self, member: str) -> None:
        self.member = member
        # With another token one may be another member, and what one said before is still one's own.
        self._own.add(member)

    def _jump(self, to: Position, reason: str) -> None:
        self._gap(self._here, to, reason)
        self.place = to

    def _gap(self, after: Position, to: Position, reason: str) -> None:
        self.inbox.put(Gap(after, to, f"messages after {after} are missing: {reason}"))

    def _meet(self, members: Iterable[Member]) -> None:
        """Take who is there, and tell who came and went while nothing was connected."""
        before, here = self.members, {member.id: member for member in members}
        self.members = here
        if before is None:
            return
        for gone in [member for id, member in before.items() if id not in here]:  # noqa: A001
            self.inbox.put(Presence("leave", gone))
        for come in [member for id, member in here.items() if id not in before]:  # noqa: A001
            self.inbox.put(Presence("join", come))
