# SPDX-License-Identifier: MIT
"""The file: SQLite, in one thread at a time.

Its write-ahead log is what a commit goes into. With `full` each commit waits for the disk; with
`normal` it waits for the operating system alone, which survives this process's end and not the
machine's. So a file that was not closed, under another start of the machine, may lack what had been
acknowledged: what it holds is doubtful then.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from attrs import define, field

from wsecho.bus.journal.records import Contents, StoredKey, StoredMessage, StoredRoom, Transaction
from wsecho.core.rooms.authors import Author

Sync: TypeAlias = Literal["normal", "full"]

FORMAT: Final = 1
"""What stands in the file's `user_version`; a later one is not read."""

_PAGE: Final = 4096
_CHECKPOINT: Final = 4 << 20
"""Bytes of the write-ahead log after which it goes into the file: more makes the commit that does
it slower, less makes many slow."""
_LOG_LIMIT: Final = 16 << 20
_SLICE: Final = 1_000
"""Rows that one commit deletes at most: more would keep what is said meanwhile waiting."""
_FREED: Final = 256
"""Pages that are given back to the file system at a time."""
_PROBE: Final = 1 << 18
"""Characters that have to have room before anything is said again."""
_AT_ONCE: Final = (256, 64, 16, 4, 1)
"""Rows of one statement."""
_KEYS: Final = {"message": "(room, place)", "room": "number", "used_key": "name"}
"""By table: what a row is known by."""

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")

_TABLES: Final = """
CREATE TABLE room (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
    head INTEGER NOT NULL, time REAL NOT NULL, used REAL NOT NULL);
CREATE TABLE message (
    room INTEGER NOT NULL, place INTEGER NOT NULL, payload BLOB NOT NULL,
    is_binary INTEGER NOT NULL, time REAL NOT NULL, publication INTEGER NOT NULL,
    author TEXT, author_name TEXT, PRIMARY KEY (room, place)) WITHOUT ROWID;
CREATE TABLE used_key (
    name BLOB PRIMARY KEY, digest BLOB NOT NULL, epoch TEXT NOT NULL, place INTEGER NOT NULL,
    publication INTEGER NOT NULL, until REAL NOT NULL, payer TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX used_key_until ON used_key (until);
CREATE TABLE kept (
    subject TEXT NOT NULL, name TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (subject, name)) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class StoreError(Exception):
    """The file cannot be used: one sentence says why."""


class StoreFullError(StoreError):
    """There is no room for more; what was to be written was not."""


@define(eq=False)
class Store:
    """One file in a folder of its own.

    Args:
        folder: where it is, or is to be.
        draw_word: makes a fresh random word, for an epoch.
        sync: what a commit waits for.
    """

    _folder: Path
    _draw_word: Callable[[], str]
    _sync: Sync = "normal"
    _lock: int = field(default=-1, init=False)
    _db: sqlite3.Connection = field(init=False)

    def prepare(self) -> None:
        """Lock the folder, and see that the file can be used; it is made where there is none.

        A connection to it must not go along into another process, so none is left.

        Raises:
            StoreError: it cannot be used.
        """
        self._take_lock()
        try:
            with closing(self._connect()) as db:
                _set_up(db)
                if _state(db).get("closed") == "0":
                    _check(db)
        except sqlite3.Error as error:
            self._leave()
            raise _told(error) from None
        except BaseException:
            self._leave()
            raise

    def open(self) -> Contents:
        """Read what the file holds.

        Raises:
            StoreError: it cannot be used.
        """
        if self._lock < 0:
            self.prepare()
        try:
            self._db = self._connect()
            return self._read()
        except sqlite3.Error as error:
            self._leave()
            raise _told(error) from None

    def _connect(self) -> sqlite3.Connection:
        path = self._folder / "journal.db"
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def _take_lock(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock = os.open(self._folder / "lock", flags, 0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"{self._folder} cannot be written: {reason}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"another server uses {self._folder}") from None

    def _read(self) -> Contents:
        db = self._db
        db.execute(f"PRAGMA synchronous = {self._sync}")
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT // _PAGE}")
        db.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
        state = _state(db)
        is_same_boot = state.get("boot", _boot()) == _boot()
        is_safe = state.get("closed") != "0" or state.get("sync") == "full"
        if not (is_safe or is_same_boot):
            self._renew()
        self._note(closed="0", boot=_boot(), sync=self._sync)
        return Contents(self._rooms(), self._keys(), self._kept(), not (is_safe or is_same_boot))

    def _renew(self) -> None:
        """Begin a new epoch in each room: an offset that was told may be missing."""
        rooms = self._db.execute("SELECT number FROM room").fetchall()
        self._db.execute("BEGIN")
        self._db.executemany(
            "UPDATE room SET epoch = ? WHERE number = ?",
            [(self._draw_word(), number) for (number,) in rooms],
        )
        self._db.execute("COMMIT")

    def _note(self, **state: str) -> None:
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", state.items())

    def _rooms(self) -> list[StoredRoom]:
        messages = {
            number: [_message(row) for row in rows]
            for number, rows in groupby(
                self._db.execute("SELECT * FROM message ORDER BY room, place"), itemgetter(0)
            )
        }
        rooms = self._db.execute("SELECT * FROM room ORDER BY number")
        return [
            StoredRoom(number, name, epoch, head, time, used, messages.get(number, []))
            for number, name, epoch, head, time, used in rooms
        ]

    def _keys(self) -> list[StoredKey]:
        rows = self._db.execute("SELECT * FROM used_key ORDER BY until")
        return [StoredKey(*row) for row in rows]

    def _kept(self) -> dict[str, dict[str, bytes]]:
        kept: dict[str, dict[str, bytes]] = {}
        for subject, name, payload in self._db.execute("SELECT * FROM kept"):
            kept.setdefault(subject, {})[name] = payload
        return kept

    # -- from here on, in the writer's thread

    def write(self, transaction: Transaction) -> None:
        """Write all of a transaction, or nothing.

        Raises:
            StoreFullError: there is no room for it.
            StoreError: the file cannot be used.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(transaction)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _told(error) from None

    def _write(self, transaction: Transaction) -> None:
        # A room of the same name that is here already begins anew.
        for room in transaction.rooms:
            self._db.execute(
                "DELETE FROM message WHERE room = (SELECT number FROM room WHERE name = ?)",
                (room.name,),
            )
        self._insert(
            "INSERT OR REPLACE INTO room",
            [(r.number, r.name, r.epoch, r.head, r.time, r.used) for r in transaction.rooms],
        )
        self._insert("INSERT INTO message", [_row(*each) for each in transaction.messages])
        self._insert(
            "UPDATE room SET head = v.column2, time = v.column3, used = v.column4 FROM (",
            [(number, *stand, transaction.now) for number, stand in transaction.heads.items()],
            ") AS v WHERE room.number = v.column1",
        )
        self._insert("INSERT OR REPLACE INTO used_key", [_key_row(key) for key in transaction.keys])
        for subject, name, payload in transaction.kept:
            if payload is None:
                self._insert("DELETE FROM kept WHERE (subject, name) IN (", [(subject, name)], ")")
            else:
                self._insert("INSERT OR REPLACE INTO kept", [(subject, name, payload)])

    def _insert(self, words: str, rows: Sequence[tuple[Any, ...]], more: str = "") -> None:
        """Run a statement on many rows at once.

        Each statement gives up Python's lock, and waits for it again while the reactor is busy: one
        for each row would take a hundred times as long as the writing itself.
        """
        done = 0
        while done < len(rows):
            # Few lengths, so that each is compiled once.
            count = next(count for count in _AT_ONCE if count <= len(rows) - done)
            part = rows[done : done + count]
            done += count
            place = f"({', '.join('?' * len(part[0]))})"
            values = f"{words} VALUES {', '.join([place] * count)}{more}"
            self._db.execute(values, list(chain.from_iterable(part)))

    def tidy(self, forgotten: dict[int, int], dropped: Sequence[int], now: float) -> None:
        """Delete what is not remembered any more, in waiters of which none takes long.

        Args:
            forgotten: by a room's number: the offset up to which its messages are gone.
            dropped: numbers of rooms that are gone.
            now: Unix time in seconds, by which keys are old.

        Raises:
            StoreError: the file cannot be used.
        """
        try:
            for number in dropped:
                self._delete("message WHERE room = ?", number)
                self._delete("room WHERE number = ?", number)
            for number, upto in forgotten.items():
                self._delete("message WHERE room = ? AND place <= ?", number, upto)
            self._delete("used_key WHERE until <= ?", now)
            # A script, for `execute` takes one step of it only, which frees one page.
            self._db.executescript(f"PRAGMA incremental_vacuum({_FREED})")
        except sqlite3.Error as error:
            raise _told(error) from None

    def _delete(self, rows: str, *values: object) -> None:
        table, _, condition = rows.partition(" WHERE ")
        key = _KEYS[table]
        statement = (
            f"DELETE FROM {table} WHERE {key} IN"  # noqa: S608  # words of ours alone
            f" (SELECT {key.strip('()')} FROM {table} WHERE {condition} LIMIT {_SLICE})"
        )
        while self._db.execute(statement, values).rowcount == _SLICE:
            pass

    def probe(self) -> None:
        """See whether there is room again for more than a word.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            self._note(probe="x" * _PROBE)
            self._note(probe="")
        except sqlite3.Error as error:
            raise _told(error) from None

    def close(self) -> None:
        """Leave nothing to be done at the next start; what fails is found out there."""
        with suppress(sqlite3.Error):
            self._note(closed="1")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        self._db.close()
        self._leave()

    def _leave(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _set_up(db: sqlite3.Connection) -> None:
    [version] = db.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise StoreError("the file is from a later version of wsecho")
    if version == 0:
        # Before the first table: afterwards it takes the whole file being written anew.
        db.execute(f"PRAGMA page_size = {_PAGE}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    if version == 0:
        db.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {FORMAT};COMMIT;")


def _state(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT name, value FROM state").fetchall())


def _check(db: sqlite3.Connection) -> None:
    [found] = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StoreError(f"the file is damaged: {found}")


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return "unknown"


def _told(error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # What a limit on a file's size forbids comes as an error of input and output.
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StoreFullError(f"there is no room on the disk ({error})")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreError(f"the file is damaged: {error}")
    return StoreError(str(error))


def _row(number: int, message: StoredMessage) -> tuple[Any, ...]:
    author = message.author
    who = (None, None) if author is None else (author.id, author.name)
    said = (message.payload, message.is_binary, message.time, message.publication)
    return number, message.offset, *said, *who


def _message(row: tuple[Any, ...]) -> StoredMessage:
    _, offset, payload, is_binary, time, publication, author, name = row
    who = None if author is None else Author(author, name)
    return StoredMessage(offset, payload, bool(is_binary), time, publication, who)


def _key_row(key: StoredKey) -> tuple[Any, ...]:
    stand = (key.epoch, key.offset, key.publication)
    return key.name, key.digest, *stand, key.until, key.payer
