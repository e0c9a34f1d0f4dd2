"""Who of the team is here: wsecho tells, and SQLite keeps it for other programs to read."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from wsecho.hooks import Event, Server

TABLES = """
CREATE TABLE IF NOT EXISTS told (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS present (
    room TEXT, member TEXT, name TEXT, since TEXT, PRIMARY KEY (room, member)
);
"""
REMEMBERED = 20_000
"""Ids of events: more than can come again."""


class Team:
    """Keeps who is in which room."""

    server: Server

    def __init__(self, file: Path = Path("team.db")) -> None:
        self.db = sqlite3.connect(file)
        self.db.executescript(TABLES)

    async def happened(self, events: Sequence[Event]) -> None:
        """Write down a batch: all of it, or, where this raises and it comes again, nothing."""
        with self.db:
            for event in events:
                told = self.db.execute("INSERT OR IGNORE INTO told VALUES (?)", [event.id])
                if told.rowcount:
                    await self.note(event)
            self.db.execute(
                "DELETE FROM told WHERE id NOT IN (SELECT id FROM told ORDER BY id DESC LIMIT ?)",
                [REMEMBERED],
            )

    async def note(self, event: Event) -> None:
        """Write down one event."""
        member = event.member
        if event.event == "join" and member is not None:
            row = (event.room, member.id, member.name, member.since)
            self.db.execute("INSERT OR REPLACE INTO present VALUES (?, ?, ?, ?)", row)
        elif event.event == "leave" and member is not None:
            left = (event.room, member.id)
            self.db.execute("DELETE FROM present WHERE room = ? AND member = ?", left)
        elif event.event == "occupied":
            # Nobody was there before, whatever is written here of a server that was killed.
            self.db.execute("DELETE FROM present WHERE room = ?", [event.room])
        elif event.event == "missed":
            await self.look_again()

    async def look_again(self) -> None:
        """Ask who is there, for something was not told."""
        rooms = [room for (room,) in self.db.execute("SELECT DISTINCT room FROM present")]
        self.db.execute("DELETE FROM present")
        for room in rooms:
            for member in await self.server.members(room):
                row = (room, member.id, member.name, member.since)
                self.db.execute("INSERT OR REPLACE INTO present VALUES (?, ?, ?, ?)", row)
