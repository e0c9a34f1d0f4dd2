# SPDX-License-Identifier: MIT
"""How one option is given: its name, its reader, its help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

from wsecho.config.errors import NOT_SHOWN, ConfigError, UnusableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

OPTION: Final = "wsecho.option"
"""Where a field of the configuration keeps its `Option`."""


@frozen
class Option:
    """How one option is given.

    Attributes:
        name: as on the command line, without the dashes.
        read: turns what was given into the value; raises ValueError.
        help: what it does, for `--help`.
        metavar: what stands for the value in `--help`; empty for a switch, which has none.
        example: a value, as it is typed in a shell.
        shown: the default as `--help` shows it.
        repeatable: whether each further one adds to the list.
        is_secret: whether what was given must not be repeated in a complaint.
    """

    name: str
    read: Callable[[Any], Any]
    help: str
    metavar: str
    example: str
    shown: str
    repeatable: bool = False
    is_secret: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether it stands alone, without a value."""
        return not self.metavar

    def value(self, given: Any) -> Any:
        """Turn what was given into the field's value.

        Raises:
            ConfigError: it cannot be used.
        """
        if self.repeatable:
            items = given if isinstance(given, list) else [given]
            return tuple(self._read(item) for item in items)
        return self._read(given)

    def _read(self, given: Any) -> Any:
        shown = NOT_SHOWN if self.is_secret else given
        try:
            return self.read(given)
        except OSError as error:
            # A folder on the way that this user may not enter, for one.
            raise ConfigError(self.name, shown, error.strerror or str(error)) from None
        except UnusableError as error:
            raise ConfigError(self.name, shown, str(error)) from None
        except ValueError as error:
            raise UsageError(self.name, shown, str(error)) from None


def option(
    name: str,
    read: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    metavar: str,
    example: str,
    default: Any,
    shown: str,
    repeatable: bool = False,
    is_secret: bool = False,
) -> Any:
    """Declare a field of the configuration that an option gives.

    Args:
        name: the option, without the dashes.
        read: turns what was given into the value; raises ValueError.
        help: what it does, for `--help`.
        metavar: what stands for the value in `--help`, such as `SECONDS`.
        example: a value, as it is typed in a shell.
        default: the value where it is not given.
        shown: the default as `--help` shows it.
        repeatable: whether each further one adds to a list.
        is_secret: whether what was given must not be repeated in a complaint.
    """
    made = Option(name, read, help, metavar, example, shown, repeatable, is_secret)
    return attrs.field(default=default, metadata={OPTION: made})


def switch(name: str, help: str) -> Any:  # noqa: A002
    """Declare a field that is true unless an option, which has no value, turns it off.

    Args:
        name: the option, without the dashes.
        help: what it does, for `--help`.
    """
    made = Option(name, _off, help, metavar="", example="", shown="off")
    return attrs.field(default=True, metadata={OPTION: made})


def on_switch(name: str, help: str) -> Any:  # noqa: A002
    """Declare a field that is false unless an option, which has no value, turns it on.

    Args:
        name: the option, without the dashes.
        help: what it does, for `--help`.
    """
    made = Option(name, lambda value: not _off(value), help, metavar="", example="", shown="off")
    return attrs.field(default=False, metadata={OPTION: made})


def _off(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it is a switch: give true or false")  # noqa: TRY004  # as all readers
    return not value
