# SPDX-License-Identifier: MIT
"""The command line of `scripts/clients`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _shared.command import ended
from _shared.environment import ensure_environment
from _shared.process import clean_environment

from .environment import Environment
from .library import CLIENTS

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs" / "reference" / "clients-matrix.md"
_MOST_JOBS = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asked for."""

    clients: tuple[str, ...]
    rules: tuple[str, ...]
    jobs: int
    write: bool


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    settings = parse(arguments)
    return ended("scripts/clients", lambda: _run(settings))


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake in it ends the script with status 2."""
    names = [client.name for client in CLIENTS]
    parser = argparse.ArgumentParser(
        prog="scripts/clients",
        description="Try other people's WebSocket clients by every rule and fault of the lab.",
        epilog=f"clients: {', '.join(names)}. What they need is installed once, into .cache; "
        "Chromium is the system's. exit status: 0 all were tried, whatever they did; 2 some "
        "could not be tried",
    )
    parser.add_argument(
        "--clients", metavar="NAMES", help="try only these, separated by commas; not with --write"
    )
    parser.add_argument(
        "--rules",
        action="append",
        default=[],
        metavar="GLOB",
        help="only rules and faults that are named so; not with --write; may stand again",
    )
    parser.add_argument(
        "--jobs", type=int, default=2, metavar="N", help="run so many at once [default: 2]"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"write {PAGE.relative_to(_ROOT)} from the result"
    )
    given = parser.parse_args(arguments)
    chosen = tuple(given.clients.split(",")) if given.clients else tuple(names)
    for name in chosen:
        if name not in names:
            parser.error(f"there is no client {name}: give {', '.join(names)}")
    if not 1 <= given.jobs <= _MOST_JOBS:
        parser.error(f"--jobs {given.jobs}: give a number from 1 to {_MOST_JOBS}")
    if given.write and (given.clients or given.rules):
        parser.error("--write is of all clients and all rules: leave --clients and --rules out")
    return Settings(chosen, tuple(given.rules), given.jobs, given.write)


def _run(settings: Settings) -> int:
    ensure_environment(_ROOT, "clients")
    there = Environment(_ROOT / ".cache")
    there.install()
    clients = [
        {
            "title": client.title,
            "version": client.version(there),
            "command": client.program(there),
            "has_memory": client.has_memory,
        }
        for client in CLIENTS
        if client.name in settings.clients
    ]
    told = {
        "clients": clients,
        "rules": settings.rules,
        "jobs": settings.jobs,
        "page": str(PAGE) if settings.write else None,
    }
    python = _ROOT / ".venv" / "bin" / "python"
    # What tries them is wsecho's own, which is installed there.
    return subprocess.run(
        [str(python), "-m", "_clients.session", json.dumps(told)],
        cwd=_ROOT / "scripts",
        env=clean_environment(),
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
