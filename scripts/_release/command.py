# SPDX-License-Identifier: MIT
"""The command line of `scripts/release`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _shared.command import ended, folder

from .session import Settings, release
from .tools import UnfitError

_ROOT = Path(__file__).resolve().parents[2]

_EPILOG = """\
What is built is what is committed. The sdist is built first, with the page in it, and the wheels
from the sdist: one for Linux, compiled by Python's stable interface for 3.11 and all later
versions, and one for every platform. The same commit gives the same files, if the same tools
build them.

Nothing is uploaded; the last line says what to type for that.

exit status: 0 all is well, 1 something is not fit to be uploaded, 2 it could not run
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    settings = parse(arguments)
    return ended("scripts/release", lambda: _released(settings))


def _released(settings: Settings) -> int:
    try:
        release(settings)
    except UnfitError as error:
        print(f"scripts/release: {error}", file=sys.stderr)
        return 1
    return 0


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake in it ends the script with status 2."""
    parser = argparse.ArgumentParser(
        prog="scripts/release",
        description="Build the wheels and the sdist of this commit, check them, and try each.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="build and check, but install nothing anywhere"
    )
    parser.add_argument(
        "--into",
        metavar="DIR",
        type=folder,
        default=_ROOT / "dist",
        help="where to put what is built, in place of an earlier wsecho (default: dist)",
    )
    chosen = parser.parse_args(arguments)
    return Settings(root=_ROOT, into=chosen.into, quick=chosen.quick)
