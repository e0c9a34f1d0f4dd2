# SPDX-License-Identifier: MIT
"""A bot that answers in the room that it is asked in, once for each question.

    wsecho --config bot.toml

`bot.toml` has the application, and that it is told what is said:

    app = ["bot:Bot"]
    [rooms."*"]
    tell = ["message"]

An event may come twice, and has the same id then: it is the key of the answer, so that this is
said once. What the bot says itself is no question.
"""

from collections.abc import Sequence

from wsecho.hooks import Event, Server


class Bot:
    """Knows who is there, and how long a word is."""

    server: Server

    async def happened(self, events: Sequence[Event]) -> None:
        """Answer each question; one that cannot be answered now comes again."""
        for event in events:
            if event.room is not None and isinstance(event.data, str):
                answer = await self.answer(event.room, event.data)
                if answer is not None:
                    await self.server.publish(event.room, answer, key=event.id)

    async def answer(self, room: str, text: str) -> str | None:
        """Return what there is to say, None for nothing."""
        command, _, rest = text.partition(" ")
        if command == "!who":
            members = await self.server.members(room)
            return ", ".join(member.name or "somebody" for member in members) or "nobody"
        return f"{len(rest)} letters" if command == "!long" else None
