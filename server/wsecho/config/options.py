# SPDX-License-Identifier: MIT
"""The command line of `twistd wsecho`: the table in `config`, as twistd asks for it."""

import sys
from typing import Any, NoReturn

from twisted.python import usage

from wsecho import __version__
from wsecho.config.config import Config
from wsecho.config.errors import CommandError, ConfigError
from wsecho.config.given import Given
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


def fail(given: Given | None, error: ConfigError | CommandError) -> NoReturn:
    """End the program: one line on standard error, and the error's status.

    Args:
        given: the options that it is about, None where it is already about them.
        error: what is wrong.
    """
    text = str(error) if given is None else given.explain(error)
    print(f"wsecho: {text}", file=sys.stderr, flush=True)  # noqa: T201
    raise SystemExit(error.status)


def _print(text: str) -> NoReturn:
    sys.stdout.write(text)
    raise SystemExit(0)
