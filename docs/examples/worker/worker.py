# SPDX-License-Identifier: MIT
"""Does something about each message of a room exactly once, over restarts and crashes.

    python worker.py ws://127.0.0.1:8080/broadcast/orders orders.sqlite

What is done and the place in the room are written in one transaction: either both are there, or
neither is, and then the message is read again.
"""

import sqlite3
import sys

from wsecho.client import Gap, Message, Position
from wsecho.client.sync import connect

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS place (room TEXT PRIMARY KEY, position TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS missing (after TEXT, upto TEXT);
"""
EVERYTHING = 1_000_000


def main(url: str, file: str) -> None:
    """Read the room from where the database says."""
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    row = database.execute("SELECT position FROM place WHERE room = ?", [url]).fetchone()
    # The first time, and where the place is lost, it begins with all that the room keeps.
    with connect(url, after=row and row[0], history=EVERYTHING) as room:
        while True:
            try:
                for message in room:
                    done(database, url, message)
            except Gap as gap:
                missed(database, url, gap)


def done(database: sqlite3.Connection, url: str, message: Message) -> None:
    """Do what there is to do, and keep the place."""
    with database:
        database.execute("INSERT INTO orders (text) VALUES (?)", [message.data])
        keep(database, url, message.position)


def missed(database: sqlite3.Connection, url: str, gap: Gap) -> None:
    """Keep what nobody can read any more, for somebody to look at."""
    with database:
        database.execute("INSERT INTO missing VALUES (?, ?)", [str(gap.after), str(gap.position)])
        keep(database, url, gap.position)


def keep(database: sqlite3.Connection, url: str, position: Position) -> None:
    """Keep the place."""
    database.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", [url, str(position)])


if __name__ == "__main__":
    main(*sys.argv[1:])
