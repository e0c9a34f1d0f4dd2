# SPDX-License-Identifier: MIT
"""The options as somebody gave them: on a command line, and in a file that it names.

What is said of a mistake is said in the terms of where it was made: an option as it is typed, or
the file, the line and the key.
"""

import json
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, time
from errno import ENOENT
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from attrs import evolve, field, frozen

from wsecho.config.config import CONFIG, OPTIONS, SWITCHES, Config, load
from wsecho.config.errors import NOT_SHOWN, CommandError, ConfigError, printable
from wsecho.config.near import did_you_mean
from wsecho.config.room_tables import ROOMS, RoomTableError, read_room_tables
from wsecho.config.values import TOO_LONG, is_too_long
from wsecho.config.words import Words, read_words
from wsecho.core.rooms.rules import RoomTable

_MAX_LINES: Final = 2_000
"""A longer file's lines are not looked for: that takes the square of them."""


@frozen
class OptionsFile:
    """A TOML file of options.

    Attributes:
        path: as it was named.
        values: the options that it gives.
        text: itself.
        room_tables: what it says of rooms by name.
    """

    path: str
    values: Mapping[str, Any] = field(factory=dict)
    text: str = field(default="", repr=False)
    room_tables: tuple[RoomTable, ...] = ()

    @classmethod
    def read(cls, path: str) -> Self:
        """Read it.

        Raises:
            ConfigError: it cannot be read.
            CommandError: it is no TOML, or has a key that is no option.
        """
        file = CONFIG.value(path)
        try:
            # A mark in front of it, as some editors write one, is no part of it.
            text = file.read_text(encoding="utf-8-sig")
            given = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(CONFIG.name, path, error.strerror or str(error)) from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{path}: not TOML: octet {error.start} is not UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise CommandError(f"{path}: not TOML: {error}") from None
        except ValueError:
            # Python's own, of thousands of digits; it names no line.
            raise CommandError(f"{path}: not TOML: {TOO_LONG}") from None
        found = cls(path, given, text)
        for key, value in given.items():
            found._check(key, value)
        tables = found._read_room_tables()
        return evolve(
            found, values={k: v for k, v in given.items() if k != ROOMS}, room_tables=tables
        )

    def _read_room_tables(self) -> tuple[RoomTable, ...]:
        try:
            return read_room_tables(self.values.get(ROOMS, {}))
        except RoomTableError as error:
            place = self._place_in_rooms(error.path)
            raise CommandError(f"{place}: {error.reason}") from None

    def _place_in_rooms(self, path: tuple[str, ...]) -> str:
        """Return the file, the line, the table, and what stands there, as they are written."""
        value: Any = self.values
        for key in path:
            value = value[key]
        # What is no table stands in one; all of them are in `rooms`.
        tables = path if isinstance(value, dict) else path[:-1]
        named = [f"[{'.'.join([ROOMS, *map(_as_toml, tables[1:])])}]"] if tables else []
        if tables != path:
            shown = "…" if is_too_long(value) else printable(_as_toml(value))
            named.append(f"{path[-1]} = {shown}")
        return f"{self._named_line(path)}: {' '.join(named)}"

    def _check(self, key: str, value: Any) -> None:
        known = [*OPTIONS, *SWITCHES, ROOMS]
        if key == CONFIG.name:
            reason = "a file cannot name another"
        elif key not in known:
            reason = f"there is no such option{did_you_mean(key.lstrip('-'), known)}"
        elif isinstance(value, dict) and key != ROOMS:
            reason = f"it is no table: give its value at the top, as {key} = …"
        elif key != ROOMS and is_too_long(value):
            reason = TOO_LONG
        else:
            return
        raise CommandError(f"{self.place(key)}: {reason}")

    def place(self, key: str) -> str:
        """Return the file, the line and the key, as they are written there."""
        line, value = self._named_line((key,)), self.values[key]
        if isinstance(value, dict) or (value and isinstance(value, list) and value[0] == {}):
            return f"{line}: [{key}]"
        return f"{line}: {key}"

    def _named_line(self, path: tuple[str, ...]) -> str:
        number = self._line_of(path)
        return self.path if number is None else f"{self.path}, line {number}"

    def _line_of(self, path: tuple[str, ...]) -> int | None:
        """Return the number of the line that a key begins at; None where that takes too long.

        Args:
            path: the key, behind those of the tables that it is in.
        """
        lines = self.text.splitlines(keepends=True)
        if len(lines) > _MAX_LINES:
            return None
        begins = 1
        for number in range(1, len(lines) + 1):
            # What is no TOML by itself is the middle of something.
            with suppress(tomllib.TOMLDecodeError):
                if _has(tomllib.loads("".join(lines[:number])), path):
                    return begins
                begins = number + 1
        return begins


@frozen
class Given:
    """All options that were given.

    Attributes:
        words: the command line.
        file: the file that it names, None for none.
    """

    words: Words
    file: OptionsFile | None = None

    @classmethod
    def read(cls, words: Sequence[str], *own: str) -> Self:
        """Read a command line, and the file that it names.

        Args:
            words: the command line.
            own: options that the command has beside all others, each with a value.

        Raises:
            ConfigError: the file cannot be read.
            CommandError: something in them is no option.
        """
        found = read_words(words, *own)
        is_asked = found.help is not None or found.wants_version
        if found.config is None or is_asked:
            return cls(found)
        return cls(found, OptionsFile.read(found.config))

    @property
    def values(self) -> dict[str, Any]:
        """Options by name; the command line wins."""
        return {**(self.file.values if self.file else {}), **self.words.values}

    def load(self) -> Config:
        """Check them whole.

        Raises:
            ConfigError: a value cannot be used.
        """
        config = load(self.values)
        if self.file is None:
            return config
        # Whoever reads it again may be elsewhere by then.
        path = CONFIG.value(self.file.path).absolute()
        return evolve(config, file=path, room_tables=self.file.room_tables)

    def explain(self, error: Exception) -> str:
        """Say what is wrong where it was made, and as it was written there.

        Args:
            error: what came of these options, at whatever time.
        """
        if not isinstance(error, ConfigError):
            return str(error)
        option = OPTIONS.get(error.option) or SWITCHES.get(error.option)
        if option is None or option.is_secret or error.option not in self.values:
            written = error.value
        else:
            written = _written(self.values[error.option], error.value, option.read)
        reason = f"{error.reason}{_where(written, error.reason)}"
        if self.file is None or error.option in self.words.values or option is None:
            return str(type(error)(error.option, written, reason))
        if error.option not in self.file.values:
            return str(error)
        value = NOT_SHOWN if option.is_secret else printable(_as_toml(written))
        return f"{self.file.place(error.option)} = {value}: {reason}"


def _where(written: object, reason: str) -> str:
    """Say where a file was looked for that is not there; nothing where its name says it itself."""
    missing = os.strerror(ENOENT)
    if not reason.endswith(missing):
        return ""
    name = reason.removesuffix(missing).removesuffix(": ") or str(written)
    if name.startswith(("/", "~")):
        return ""
    try:
        return f" in {printable(str(Path.cwd()))}"
    except OSError:
        return ", nor is the folder that the server was started in"


def fail(given: Given | None, error: ConfigError | CommandError) -> NoReturn:
    """End the program: one line on standard error, and the error's status.

    Args:
        given: the options that it is about, None where it is already about them.
        error: what is wrong.
    """
    text = str(error) if given is None else given.explain(error)
    print(f"wsecho: {text}", file=sys.stderr, flush=True)  # noqa: T201
    raise SystemExit(error.status)


def _written(given: Any, value: object, read: Any) -> object:
    """Return which of the values that were given has become another."""
    for one in given if isinstance(given, list) else [given]:
        with suppress(ValueError):
            if one == value or read(one) == value:
                return one
    return value


def _has(tables: Any, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True


def _as_toml(value: object) -> str:
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_as_toml, value))}]"
    return str(value)
