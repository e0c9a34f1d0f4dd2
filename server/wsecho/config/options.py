# SPDX-License-Identifier: MIT
"""The command line of `twistd wsecho`: the table in `config`, as twistd asks for it."""

import sys
from typing import Any, NoReturn

from twisted.python import usage

from wsecho import __version__
from wsecho.config.config import Config
from wsecho.config.errors import CommandError, ConfigError
from wsecho.config.given import Given, fail
from wsecho.config.help import help_on


class Options(usage.Options):
    """What follows `wsecho` on the command line.

    After `parseOptions`, `config` is the checked whole, `given` what it was made of, and
    `arguments` what that was read from.
    """

    config: Config
    given: Given
    arguments: tuple[str, ...] = ()

    def parseOptions(self, options: Any = None) -> None:
        """Read the command line; a mistake ends the program in one line on standard error.

        Raises:
            SystemExit: with the status.
        """
        self.arguments = tuple(sys.argv[1:] if options is None else options)
        given = None
        try:
            self.given = given = Given.read(self.arguments)
            if given.words.help is not None:
                _print(f"Usage: twistd -n wsecho [options]\n\n{help_on(given.words.help)}")
            if given.words.wants_version:
                _print(f"wsecho {__version__}\n")
            self.config = given.load()
        except (ConfigError, CommandError) as error:
            fail(given, error)


def _print(text: str) -> NoReturn:
    sys.stdout.write(text)
    raise SystemExit(0)
