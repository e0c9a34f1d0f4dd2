# SPDX-License-Identifier: MIT
"""The one frozen configuration: every option of `settings`, checked whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

from wsecho.config import values
from wsecho.config.errors import CommandError, ConfigError, UsageError
from wsecho.config.near import did_you_mean
from wsecho.config.settings.access import AccessSettings
from wsecho.config.settings.apps import AppSettings
from wsecho.config.settings.bus import BusSettings
from wsecho.config.settings.cluster import ClusterSettings
from wsecho.config.settings.limits import LimitSettings
from wsecho.config.settings.logs import LogSettings
from wsecho.config.settings.option import OPTION, Option
from wsecho.config.settings.rooms import RoomSettings
from wsecho.config.settings.serving import ServingSettings
from wsecho.core.http.origins import Origins
from wsecho.core.limits.rates import Rates
from wsecho.core.limits.slowness import SlowRules
from wsecho.core.rooms.hub import Rules
from wsecho.core.rooms.rules import RoomRules, RoomTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "GROUPS",
    "OPTIONS",
    "SWITCHES",
    "Config",
    "ConfigError",
    "OptionGroup",
    "load",
]


CONFIG: Final = Option(
    "config",
    values.path,
    "Read options from a TOML file, by the same names; the command line wins.",
    metavar="FILE",
    example="wsecho.toml",
    shown="none",
)
"""The one option that no file can give."""


@frozen(kw_only=True)
class Config(
    ServingSettings,
    RoomSettings,
    AccessSettings,
    AppSettings,
    LimitSettings,
    BusSettings,
    ClusterSettings,
    LogSettings,
):
    """What the server was told to do. Made by `load`, which checks it whole."""

    file: Path | None = attrs.field(default=None, eq=False)
    """What they were read from, beside the command line."""
    room_tables: tuple[RoomTable, ...] = ()
    """What the file says of rooms by name."""

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
    def room_rules(self) -> RoomRules:
        """What holds in each room, made anew each time: one object is shared by all who ask."""
        default = attrs.evolve(self.rules.of_a_room, over_rate=self.over_rate)
        return RoomRules(default, self.room_tables, self.slow_rules)

    @property
    def asks_for_tokens(self) -> bool:
        """Whether rooms, publishing and WAMP need a token."""
        return bool(self.token_key)


_FIELDS: Final[Mapping[str, str]] = {
    field.metadata[OPTION].name: field.name
    for field in attrs.fields(Config)
    if OPTION in field.metadata
}


@frozen
class OptionGroup:
    """Options that belong together.

    Attributes:
        name: as in `--help NAME`.
        title: as a heading.
        text: what they are about, one sentence.
        options: in the order of `--help`.
    """

    name: str
    title: str
    text: str
    options: tuple[Option, ...]


def _group(name: str, title: str, text: str, settings: type, *more: Option) -> OptionGroup:
    fields = [field for field in attrs.fields(settings) if OPTION in field.metadata]
    return OptionGroup(name, title, text, (*more, *(field.metadata[OPTION] for field in fields)))


GROUPS: Final = (
    _group("listening", "Listening", "Where and how the server serves.", ServingSettings, CONFIG),
    _group("rooms", "Rooms", "What rooms keep.", RoomSettings),
    _group("access", "Access", "Who may come in.", AccessSettings),
    _group(
        "application",
        "The application beside it",
        "Which applications are asked, and told what happens.",
        AppSettings,
    ),
    _group("limits", "Limits", "How much there may be, and how long it may take.", LimitSettings),
    _group("redis", "Redis", "What carries rooms from one process to another.", BusSettings),
    _group(
        "processes",
        "Several processes",
        "How several processes and machines are one server.",
        ClusterSettings,
    ),
    _group("logs", "Logs", "What is logged, and where to.", LogSettings),
)
"""All options, in groups, in the order of `--help`; the documentation is written from it, too."""

OPTIONS: Final[Mapping[str, Option]] = {
    option.name: option
    for group in GROUPS
    for option in group.options
    if option.name in _FIELDS and not option.is_switch
}
"""Every option that has a value, by its name, in the order of `--help`."""

SWITCHES: Final[Mapping[str, Option]] = {
    option.name: option for group in GROUPS for option in group.options if option.is_switch
}
"""Every option without a value, by its name; each turns something off."""


def load(given: Mapping[str, Any]) -> Config:
    """Make the configuration from options by name.

    Args:
        given: options as on the command line, without dashes before them; a switch is true or
            absent.

    Raises:
        UsageError: an option is unknown, or its value is none for it.
        ConfigError: its value cannot be used.
        CommandError: two contradict each other.
    """
    fields: dict[str, Any] = {}
    for name, value in given.items():
        option = OPTIONS.get(name) or SWITCHES.get(name)
        if option is None:
            reason = f"there is no such option{did_you_mean(name, [*OPTIONS, *SWITCHES])}"
            raise UsageError(name, value, reason)
        fields[_FIELDS[name]] = option.value(value)
    config = Config(**fields)
    if config.lab and not config.lab_by_default:
        raise CommandError("--lab and --no-lab contradict each other: give one of them")
    if config.data is not None and config.redis is not None:
        raise CommandError("--data and --redis contradict each other: Redis keeps the rooms")
    return config
