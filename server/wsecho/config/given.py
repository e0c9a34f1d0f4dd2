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

from attrs import field, frozen

from wsecho.config.config import CONFIG, OPTIONS, SWITCHES, Config, load
from wsecho.config.errors import NOT_SHOWN, CommandError, ConfigError, printable
from wsecho.config.near import did_you_mean
from wsecho.config.words import Words, read_words

_MAX_LINES: Final = 2_000
"""A longer file's lines are not looked for: that takes the square of them."""

_BITS: Final = 64
"""Of the longest integer of TOML (v1.0.0, "Integer"); Python reads longer ones."""

_TOO_LONG: Final = f"a number has more than {_BITS} bits"


@frozen
class OptionsFile:
    """A TOML file of options.

    Attributes:
        path: as it was named.
        values: what it says.
        text: itself.
    """

    path: str
    values: Mapping[str, Any] = field(factory=dict)
    text: str = field(default="", repr=False)

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
            found = cls(path, tomllib.loads(text), text)
        except OSError as error:
            raise ConfigError(CONFIG.name, path, error.strerror or str(error)) from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{path}: not TOML: octet {error.start} is not UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise CommandError(f"{path}: not TOML: {error}") from None
        except ValueError:
            # Python's own, of thousands of digits; it names no line.
            raise CommandError(f"{path}: not TOML: {_TOO_LONG}") from None
        for key, value in found.values.items():
            found._check(key, value)
        return found

    def _check(self, key: str, value: Any) -> None:
        known = [*OPTIONS, *SWITCHES]
        if key == CONFIG.name:
            reason = "a file cannot name another"
        elif key not in known:
            reason = f"there is no such option{did_you_mean(key.lstrip('-'), known)}"
        elif isinstance(value, dict):
            reason = f"it is no table: give its value at the top, as {key} = …"
        elif _is_too_long(value):
            reason = _TOO_LONG
        else:
            return
        raise CommandError(f"{self.place(key)}: {reason}")

    def place(self, key: str) -> str:
        """Return the file, the line and the key, as they are written there."""
        number = self._line_of(key)
        line = "" if number is None else f", line {number}"
        value = self.values[key]
        if isinstance(value, dict) or (value and isinstance(value, list) and value[0] == {}):
            return f"{self.path}{line}: [{key}]"
        return f"{self.path}{line}: {key}"

    def _line_of(self, key: str) -> int | None:
        """Return the number of the line that a key begins at; None where that takes too long."""
        lines = self.text.splitlines(keepends=True)
        if len(lines) > _MAX_LINES:
            return None
        begins = 1
        for number in range(1, len(lines) + 1):
            # What is no TOML by itself is the middle of something.
            with suppress(tomllib.TOMLDecodeError):
                if key in tomllib.loads("".join(lines[:number])):
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
    def read(cls, words: Sequence[str]) -> Self:
        """Read a command line, and the file that it names.

        Raises:
            ConfigError: the file cannot be read.
            CommandError: something in them is no option.
        """
        found = read_words(words)
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
        return load(self.values)

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


def _is_too_long(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_is_too_long, value))
    return isinstance(value, int) and value.bit_length() > _BITS


def _as_toml(value: object) -> str:
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
