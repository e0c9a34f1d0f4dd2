# SPDX-License-Identifier: MIT
"""What is said of an option that cannot be used: one line that names it, and a status.

::

    ConfigError       1: the server cannot start, here and now
      UsageError      2: the value means nothing, wherever it is tried
    CommandError      2: what was written is no option and no value at all
"""

import shlex
from typing import Final

NOT_SHOWN: Final = "(not shown)"
"""Stands for a value that may have a password."""

_MOST_SHOWN: Final = 120


class ConfigError(Exception):
    """The server cannot start: an option's value cannot be used here and now.

    Args:
        option: its name as on the command line, without dashes before it.
        value: what was given.
        reason: why it cannot be used.
    """

    status = 1
    """What the program ends with."""

    def __init__(self, option: str, value: object, reason: str) -> None:
        super().__init__(f"--{option} {shown(value)}: {reason}")
        self.option = option
        self.value = value
        self.reason = reason


class UsageError(ConfigError):
    """What was written is no option, or no value for it, wherever it is tried."""

    status = 2


class UnusableError(ValueError):
    """What a reader of values raises where the value is well formed, but nothing is there."""


def shown(value: object) -> str:
    """Write a value as one types it, in one line that can be read."""
    text = str(value)
    if len(text) > _MOST_SHOWN:
        text = f"{text[:_MOST_SHOWN]}…"
    text = printable(text)
    if text == NOT_SHOWN:
        return text
    return shlex.quote(text) if not text or " " in text else text


def printable(text: str) -> str:
    """Write a text so that it is one line, and does nothing to a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


class CommandError(Exception):
    """A command line, or a file of options, has something that means nothing.

    Args:
        text: which, and what would be right.
    """

    status = 2

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))
