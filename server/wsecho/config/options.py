# SPDX-License-Identifier: MIT
"""The command line of `twistd wsecho`: Twisted's `usage.Options` over the table in `config`."""

import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from twisted.python import usage

from wsecho import __version__
from wsecho.config.config import OPTIONS, SWITCHES, Config, ConfigError, Option, load, read_file

_EXAMPLES: Final = """\
Examples:
  twistd -n wsecho
      echo at ws://127.0.0.1:8080/echo, rooms at /broadcast/NAME, the page at /
  twistd -n wsecho --listen tcp:80 --listen ssl:443:privateKey=key.pem:certKey=cert.pem
      on every address of this machine, plain and with TLS
  twistd -n wsecho --listen tcp:8080 --token-key key.json.pub
      only for who has a token; python -m wsecho key --help tells how to make both
  twistd -n wsecho --config wsecho.toml
      where wsecho.toml has lines such as  listen = ["tcp:8080"]  and  drain = 30
"""

_VALUES: Final = tuple(name for name, option in OPTIONS.items() if not option.repeatable)


def _text(option: Option) -> str:
    return f"{option.help} [default: {option.shown}]"


def _collector(name: str, option: Option) -> Callable[["Options", str], None]:
    def collect(self: "Options", value: str) -> None:
        self.lists.setdefault(name, []).append(value)

    collect.__doc__ = _text(option)
    return collect


class Options(usage.Options):
    """What follows `wsecho` on the command line.

    After `parseOptions`, `config` is the checked whole, and `arguments` what it was read from.
    """

    synopsis = "[options]"
    longdesc = (
        "An exact WebSocket echo, and rooms that a browser can reach, in one process on one port."
    )
    optFlags = [
        *([name, None, text] for name, (_, text) in SWITCHES.items()),
    ]
    optParameters = [
        [
            "config",
            None,
            None,
            (
                "Read options from a TOML file, by the same names; the command line wins. "
                "Example: --config wsecho.toml"
            ),
        ],
        *([name, None, None, _text(OPTIONS[name])] for name in _VALUES),
    ]
    config: Config

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.arguments: tuple[str, ...] = ()
        super().__init__()

    def opt_version(self) -> NoReturn:
        """Show wsecho's version and exit."""
        print(f"wsecho {__version__}")  # noqa: T201
        sys.exit(0)

    def parseOptions(self, options: Any = None) -> None:
        """Read the command line; a mistake ends the program in one line.

        Raises:
            SystemExit: with the line as its text.
        """
        self.arguments = tuple(sys.argv[1:] if options is None else options)
        try:
            super().parseOptions(options)
        except (usage.UsageError, ConfigError) as error:
            raise SystemExit(f"wsecho: {error} (--help lists the options)") from None

    def postOptions(self) -> None:
        """Merge the file under the command line, and check the whole once.

        Raises:
            ConfigError: something in it cannot be used.
        """
        given = read_file(self["config"]) if self["config"] else {}
        given.update((name, self[name]) for name in _VALUES if self[name] is not None)
        given.update(self.lists)
        given.update((name, True) for name in SWITCHES if self[name])
        self.config = load(given)

    def getUsage(self, width: int | None = None) -> str:
        """Write `--help`, with examples at its end."""
        return f"{super().getUsage(width)}\n{_EXAMPLES}"


# Twisted looks for methods by name, and an option that may be given again needs one.
for _name, _option in OPTIONS.items():
    if _option.repeatable:
        setattr(Options, f"opt_{_name.replace('-', '_')}", _collector(_name, _option))
