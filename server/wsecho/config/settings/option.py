# SPDX-License-Identifier: MIT
"""How one option is given: its name, its reader, its help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

OPTION: Final = "wsecho.option"
"""Where a field of the configuration keeps its `Option`."""


class ConfigError(Exception):
    """An option's value cannot be used.

    Args:
        option: its name as on the command line, without dashes before it.
        value: what was given.
        reason: why it cannot be used.
    """

    def __init__(self, option: str, value: object, reason: str) -> None:
        super().__init__(f"--{option} {value}: {reason}")


@frozen
class Option:
    """How one option is given.

    Attributes:
        name: as on the command line, without the dashes.
        read: turns what was given into the value; raises ValueError.
        help: what it does, for `--help`.
        shown: the default as `--help` shows it.
        repeatable: whether each further one adds to the list.
        is_secret: whether what was given must not be repeated in a complaint.
    """

    name: str
    read: Callable[[Any], Any]
    help: str
    shown: str | None
    repeatable: bool
    is_secret: bool = False

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
        try:
            return self.read(given)
        except ValueError as error:
            shown = "(not shown)" if self.is_secret else given
            raise ConfigError(self.name, shown, str(error)) from None


def option(
    name: str,
    read: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    default: Any,
    shown: str | None = None,
    repeatable: bool = False,
    is_secret: bool = False,
) -> Any:
    """Declare a field of the configuration that an option gives.

    Args:
        name: the option, without the dashes.
        read: turns what was given into the value; raises ValueError.
        help: what it does, for `--help`.
        default: the value where it is not given.
        shown: the default as `--help` shows it.
        repeatable: whether each further one adds to a list.
        is_secret: whether what was given must not be repeated in a complaint.
    """
    return attrs.field(
        default=default, metadata={OPTION: Option(name, read, help, shown, repeatable, is_secret)}
    )
