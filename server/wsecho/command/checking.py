# SPDX-License-Identifier: MIT
"""`wsecho check`: whether a server would start by some options, and what it would be."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.internet.protocol import Factory
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import provider

from wsecho import __version__
from wsecho.app import buses
from wsecho.app.announcing import warn_of_rooms
from wsecho.app.applications import load_apps
from wsecho.app.asked_webhook import check_webhook
from wsecho.app.clustering import check_cluster
from wsecho.app.event_listeners import check_listeners
from wsecho.app.service import endpoints_of, listening_by, resources
from wsecho.config.config import Config, ConfigError
from wsecho.config.errors import CommandError, shown
from wsecho.config.given import Given
from wsecho.config.room_tables import KEYS, RoomKey, table_name
from wsecho.core.rooms.rules import RoomRule, RoomTable
from wsecho.core.wire.errors import BadRequest
from wsecho.core.wire.names import check_room
from wsecho.doors.admission import Admission
from wsecho.hooks.questions import all_methods
from wsecho.workers.needs import check_needs


def check_config(given: Given, config: Config, room: str | None = None) -> int:
    """Look at everything that a start would look at, but for the ports; return the status.

    Says on standard output what would run, or on standard error one line for each thing that is
    wrong; there, too, what a start would warn of.

    Args:
        given: what the options were made of, for complaints.
        config: the options.
        room: the name of a room that is asked about; None where none is.

    Raises:
        CommandError: no room can have that name.
    """
    if room is not None:
        _check_name(room)
    with _listening_to_warnings() as warnings:
        found = [error for look in _looks(config) for error in _try(look)]
    for warning in dict.fromkeys(warnings):
        print(f"wsecho: warning: {warning}", file=sys.stderr)  # noqa: T201
    for error in found:
        print(f"wsecho: {given.explain(error)}", file=sys.stderr)  # noqa: T201
    if found:
        return max(error.status for error in found)
    for line in describe(config, room):
        print(line)  # noqa: T201
    return 0


def _check_name(room: str) -> None:
    try:
        check_room(room)
    except BadRequest as error:
        raise CommandError(f"--room {shown(room)}: {error.reason}") from None


def describe(config: Config, room: str | None = None) -> Iterator[str]:
    """Say what would run by some options, and what would hold in a room."""
    yield f"wsecho {__version__} would run with these options:"
    for option, endpoints in endpoints_of(config).items():
        for endpoint in endpoints:
            yield f"  {option}: {endpoint}"
    processes = "one process" if config.workers == 1 else f"{config.workers} worker processes"
    rooms = "in memory" if config.redis is None else f"in Redis, {config.redis}"
    rooms = rooms if config.data is None else f"in a file in {config.data}"
    yield f"  processes: {processes}"
    yield f"  rooms: {rooms}; {config.history} messages for {config.history_ttl:g} s each"
    yield from map(_describe_table, config.room_tables)
    keys = ", ".join(map(str, config.token_key))
    yield f"  tokens: {f'signed with {keys}' if keys else 'none are asked for'}"
    for name, app in zip(config.app, load_apps(config), strict=True):
        yield f"  application: {name}, for {', '.join(all_methods(app))}"
    if config.ask is not None:
        yield f"  application: {config.ask} is asked over HTTP; {_signed_by(config.ask_secret)}"
    for url in config.tell:
        yield f"  application: {url} is told over HTTP; {_signed_by(config.tell_secret)}"
    yield f"  log: {config.log_format} to {config.log_file or 'standard output'}"
    if room is not None:
        yield from _describe_room(config.room_rules.of(room), room)
    yield "all is well"


def _signed_by(file: Path | None) -> str:
    return "nothing is signed" if file is None else f"signed by {file}"


def _describe_table(table: RoomTable) -> str:
    held = [f"{key.name} {key.shown(table.given[key.field])}" for key in _given(table)]
    return f"  {table_name(table.glob)}: {'; '.join(held) or 'as all others'}"


def _given(table: RoomTable) -> list[RoomKey]:
    return [key for key in KEYS.values() if key.field in table.given]


def _describe_room(rule: RoomRule, room: str) -> Iterator[str]:
    under = "no table of the file" if rule.glob is None else table_name(rule.glob)
    yield f"  the room {shown(room)} falls under {under}:"
    for key in KEYS.values():
        yield f"    {key.name}: {key.shown(getattr(rule, key.field))}"


def _looks(config: Config) -> Iterator[Callable[[], object]]:
    """Yield what a start does before it listens, each for itself."""
    from twisted.internet import reactor  # noqa: PLC0415  # installs it

    def listen(option: str, endpoint: str) -> Callable[[], object]:
        listening = listening_by(reactor, option)
        return lambda: listening.check((endpoint,), Factory())

    if config.workers > 1:
        yield lambda: check_needs(config)
    yield lambda: resources(config)
    yield lambda: Admission.of(config)
    yield lambda: warn_of_rooms(config)
    yield lambda: check_cluster(config)
    yield lambda: load_apps(config)
    yield lambda: check_webhook(config, reactor)
    yield lambda: check_listeners(config, reactor)
    for option, endpoints in endpoints_of(config).items():
        for endpoint in endpoints:
            yield listen(option, endpoint)
    yield lambda: buses.maker(config, reactor)


@contextmanager
def _listening_to_warnings() -> Iterator[list[str]]:
    """Collect what is logged as a warning meanwhile."""
    heard: list[str] = []

    @provider(ILogObserver)
    def hear(event: LogEvent) -> None:
        if event.get("log_level") is LogLevel.warn:
            heard.append(formatEvent(event))

    globalLogPublisher.addObserver(hear)
    try:
        yield heard
    finally:
        globalLogPublisher.removeObserver(hear)


def _try(look: Callable[[], object]) -> list[ConfigError]:
    try:
        look()
    except ConfigError as error:
        return [error]
    return []
