# SPDX-License-Identifier: MIT
"""`wsecho check`: whether a server would start by some options, and what it would be."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.internet.protocol import Factory
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import provider

from wsecho import __version__
from wsecho.app import buses
from wsecho.app.clustering import check_cluster
from wsecho.app.service import endpoints_of, listening_by, resources
from wsecho.config.config import Config, ConfigError
from wsecho.config.given import Given
from wsecho.doors.admission import Admission
from wsecho.workers.needs import check_needs


def check_config(given: Given, config: Config) -> int:
    """Look at everything that a start would look at, but for the ports; return the status.

    Says on standard output what would run, or on standard error one line for each thing that is
    wrong; there, too, what a start would warn of.

    Args:
        given: what the options were made of, for complaints.
        config: the options.
    """
    with _listening_to_warnings() as warnings:
        found = [error for look in _looks(config) for error in _try(look)]
    for warning in dict.fromkeys(warnings):
        print(f"wsecho: warning: {warning}", file=sys.stderr)  # noqa: T201
    for error in found:
        print(f"wsecho: {given.explain(error)}", file=sys.stderr)  # noqa: T201
    if found:
        return max(error.status for error in found)
    for line in describe(config):
        print(line)  # noqa: T201
    return 0


def describe(config: Config) -> Iterator[str]:
    """Say what would run by some options."""
    yield f"wsecho {__version__} would run with these options:"
    for option, endpoints in endpoints_of(config).items():
        for endpoint in endpoints:
            yield f"  {option}: {endpoint}"
    processes = "one process" if config.workers == 1 else f"{config.workers} worker processes"
    rooms = "in memory" if config.redis is None else f"in Redis, {config.redis}"
    yield f"  processes: {processes}"
    yield f"  rooms: {rooms}; {config.history} messages for {config.history_ttl:g} s each"
    keys = ", ".join(map(str, config.token_key))
    yield f"  tokens: {f'signed with {keys}' if keys else 'none are asked for'}"
    yield f"  log: {config.log_format} to {config.log_file or 'standard output'}"
    yield "all is well"


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
    yield lambda: check_cluster(config)
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
