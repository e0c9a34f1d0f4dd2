# SPDX-License-Identifier: MIT
"""How the words of a command are read that is no server: `key`, `token`, `tail` and others."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from wsecho import __version__
from wsecho.config.errors import printable
from wsecho.config.near import did_you_mean


class CommandParser(argparse.ArgumentParser):
    """Complains in one line, as the server's options do, and says what was meant."""

    def parse_args(  # type: ignore[override]  # as it is called here
        self, args: Sequence[str]
    ) -> argparse.Namespace:
        """Read words; complain of one that is no option, and end."""
        given, surplus = self.parse_known_intermixed_args(args)
        if surplus:
            names = [name for name in self._option_string_actions if name.startswith("--")]
            word = surplus[0].partition("=")[0]
            self.error(f"there is no {word}{did_you_mean(word, names)}")
        return given

    def error(self, message: str) -> NoReturn:
        """Complain, and end with status 2."""
        sys.stderr.write(f"{self.prog}: {printable(message)} ({self.prog} --help)\n")
        raise SystemExit(2)


def command_parser(command: str, description: str, epilog: str) -> CommandParser:
    """Return the parser of one command, which knows `--help` and `--version`.

    Args:
        command: its name.
        description: what stands above its options in the help.
        epilog: what stands below them.
    """
    parser = CommandParser(
        prog=f"wsecho {command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"wsecho {__version__}")
    return parser
