# SPDX-License-Identifier: MIT
"""The one frozen configuration: every option, its default, its meaning and its check."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import frozen

from wsecho import values
from wsecho.core.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OPTION: Final = "wsecho.option"


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
    """

    name: str
    read: Callable[[Any], Any]
    help: str
    shown: str | None
    repeatable: bool

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
            raise ConfigError(self.name, given, str(error)) from None


def _option(
    name: str,
    read: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    default: Any,
    shown: str | None = None,
    repeatable: bool = False,
) -> Any:
    option = Option(name, read, help, shown, repeatable)
    return attrs.field(default=default, metadata={_OPTION: option})


@frozen(kw_only=True)
class Config:
    """What the server was told to do. Made by `load`, which checks it whole."""

    listen: tuple[str, ...] = _option(  # it makes attrs' own field
        "listen",
        values.endpoint,
        "Where to listen: any Twisted endpoint string, such as tcp:8080 (all addresses), "
        "tcp6:8080, unix:/run/wsecho.sock, systemd:domain=INET:index=0 or "
        "ssl:443:privateKey=key.pem:certKey=cert.pem. May be given again.",
        default=("tcp:8080:interface=127.0.0.1",),
        shown="tcp:8080:interface=127.0.0.1",
        repeatable=True,
    )
    web: Path | None = _option(
        "web",
        values.page_folder,
        "Serve the page from this folder instead of the built-in one. Example: --web ./site",
        default=None,
        shown="the built-in page",
    )
    reply: bytes | None = _option(
        "reply",
        values.template,
        "Answer a text message at the echo with this instead; {data} stands for the text. "
        "Example: --reply 'You said: {data}'",
        default=None,
        shown="the same text",
    )
    max_message_size: int = _option(
        "max-message-size",
        values.size,
        "The largest message, in bytes after decompression, inclusive; a larger one is "
        "closed with 1009. Example: --max-message-size 64KiB",
        default=16 << 20,
        shown="16MiB",
    )
    send_queue: int = _option(
        "send-queue",
        values.size,
        "How much may wait for a member of a room that reads too slowly, before it is closed "
        "with 1013. One message of any size passes an empty queue. Example: --send-queue 4MiB",
        default=1 << 20,
        shown="1MiB",
    )
    compression: bool = attrs.field(default=True)
    auto_ping: float = _option(
        "auto-ping",
        values.seconds_or_never,
        "Ping an open WebSocket that often; 0 means never. Example: --auto-ping 20",
        default=30.0,
        shown="30",
    )
    auto_ping_timeout: float = _option(
        "auto-ping-timeout",
        values.seconds,
        "Cut a peer that leaves a ping unanswered for that long. Example: --auto-ping-timeout 10",
        default=30.0,
        shown="30",
    )
    open_timeout: float = _option(
        "open-timeout",
        values.seconds,
        "How long a request's head may take, counted from the connection's start. "
        "Example: --open-timeout 5",
        default=10.0,
        shown="10",
    )
    drain: float = _option(
        "drain",
        values.seconds_or_never,
        "On SIGTERM and SIGINT, wait that long for the closing handshakes. Example: --drain 30",
        default=10.0,
        shown="10",
    )
    origin: tuple[str, ...] = _option(
        "origin",
        values.origin,
        "Let pages of this origin into rooms and WAMP, beside the page's own; a glob over the "
        "whole origin. May be given again. Example: --origin 'https://*.example.org'",
        default=(),
        shown="none",
        repeatable=True,
    )
    realm: tuple[str, ...] = _option(
        "realm",
        values.realm,
        "A WAMP realm. May be given again. Example: --realm com.example",
        default=("realm1",),
        shown="realm1",
        repeatable=True,
    )
    lp_timeout: float = _option(
        "lp-timeout",
        values.seconds,
        "A WAMP session over long-poll or server-sent events is lost when nobody polled for that "
        "long. Example: --lp-timeout 60",
        default=30.0,
        shown="30",
    )
    log_format: str = _option(
        "log-format",
        values.log_format,
        "Write the log as text, or as json with one object a line. Example: --log-format json",
        default="text",
        shown="text",
    )

    @property
    def origins(self) -> Origins:
        """Which pages may reach rooms and WAMP."""
        return Origins(self.origin)


OPTIONS: Final[Mapping[str, Option]] = {
    field.metadata[_OPTION].name: field.metadata[_OPTION]
    for field in attrs.fields(Config)
    if _OPTION in field.metadata
}
"""Every option that has a value, by its name, in the order of `--help`."""

NO_COMPRESSION: Final = "no-compression"


def load(given: Mapping[str, Any]) -> Config:
    """Make the configuration from options by name.

    Args:
        given: options as on the command line, without dashes before them; `no-compression`
            is true or absent.

    Raises:
        ConfigError: an option is unknown, or its value cannot be used.
    """
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name == NO_COMPRESSION:
            fields["compression"] = not _switch(name, value)
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
        return tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("config", path, error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config", path, f"not TOML: {error}") from None


def _switch(name: str, value: Any) -> bool:
    try:
        return values.yes(value)
    except ValueError as error:
        raise ConfigError(name, value, str(error)) from None
