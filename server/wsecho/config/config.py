# SPDX-License-Identifier: MIT
"""The one frozen configuration: every option of `settings`, checked whole."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

from wsecho.config import values
from wsecho.config.settings.access import AccessSettings
from wsecho.config.settings.bus import BusSettings
from wsecho.config.settings.cluster import ClusterSettings
from wsecho.config.settings.limits import LimitSettings
from wsecho.config.settings.option import OPTION, ConfigError, Option
from wsecho.config.settings.rooms import RoomSettings
from wsecho.config.settings.serving import ServingSettings
from wsecho.core.http.origins import Origins
from wsecho.core.limits.rates import Rates
from wsecho.core.limits.slowness import SlowRules
from wsecho.core.rooms.hub import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OPTIONS", "SWITCHES", "Config", "ConfigError", "Option", "load", "read_file"]


@frozen(kw_only=True)
class Config(
    ServingSettings, ClusterSettings, RoomSettings, LimitSettings, AccessSettings, BusSettings
):
    """What the server was told to do. Made by `load`, which checks it whole."""

    @property
    def origins(self) -> Origins:
        """Which pages may reach rooms and WAMP."""
        return Origins(self.origin)

    @property
    def rules(self) -> Rules:
        """What rooms keep, and how many there may be."""
        return Rules(
            self.history,
            self.history_ttl,
            self.history_bytes,
            self.max_rooms,
            self.max_members,
            self.max_keys,
        )

    @property
    def rates(self) -> Rates:
        """What one connection may send."""
        return Rates(self.message_rate, self.byte_rate, self.over_rate)

    @property
    def slow_rules(self) -> SlowRules:
        """What becomes of slow readers, by room."""
        return SlowRules(self.slow)

    @property
    def asks_for_tokens(self) -> bool:
        """Whether rooms, publishing and WAMP need a token."""
        return bool(self.token_key)


OPTIONS: Final[Mapping[str, Option]] = {
    field.metadata[OPTION].name: field.metadata[OPTION]
    for field in attrs.fields(Config)
    if OPTION in field.metadata
}
"""Every option that has a value, by its name, in the order of `--help`."""

SWITCHES: Final[Mapping[str, tuple[str, str]]] = {
    "no-compression": ("compression", "Do not negotiate permessage-deflate (RFC 7692)."),
    "no-connection-log": (
        "connection_log",
        "Write no line for each connection that opens and for each that ends.",
    ),
    "no-lane": (
        "lane",
        "Leave the sockets of open WebSockets to Twisted's reactor, as where there is no epoll.",
    ),
}
"""Options without a value: the field that each turns off, and what that means."""


def load(given: Mapping[str, Any]) -> Config:
    """Make the configuration from options by name.

    Args:
        given: options as on the command line, without dashes before them; a switch is true or
            absent.

    Raises:
        ConfigError: an option is unknown, or its value cannot be used.
    """
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name in SWITCHES:
            fields[SWITCHES[name][0]] = not _switch(name, value)
        elif name in OPTIONS:
            fields[name.replace("-", "_")] = OPTIONS[name].value(value)
        else:
            raise ConfigError(name, value, "there is no such option")
    return Config(**fields)


def read_file(path: str) -> dict[str, Any]:
    """Read options from a TOML file.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(values.path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("config", path, error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config", path, f"not TOML: {error}") from None
    except ValueError as error:
        raise ConfigError("config", path, str(error)) from None


def _switch(name: str, value: Any) -> bool:
    try:
        return values.yes(value)
    except ValueError as error:
        raise ConfigError(name, value, str(error)) from None
