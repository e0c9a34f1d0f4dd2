# SPDX-License-Identifier: MIT
"""`wsecho [COMMAND] …`: finds the command, and ends with its status.

======  ======================================================================
status  what it means
======  ======================================================================
0       it was done; a server has ended because it was told to
1       it cannot be done here and now: a port is taken, a file is missing
2       what was typed means nothing: no such option, command or value
130     the user broke it off before it ran
141     nobody reads what it writes any more
======  ======================================================================
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn

from wsecho import __version__
from wsecho.command.interrupts import INTERRUPTED, leaving_at_once
from wsecho.config.errors import CommandError, ConfigError
from wsecho.config.given import Given, fail
from wsecho.config.help import group_names, help_on
from wsecho.config.near import did_you_mean

_UNREAD: Final = 141

_OVERVIEW: Final = """\
wsecho: an exact WebSocket echo, and rooms that lose nothing.

Usage: wsecho [serve] [options]      serve, until SIGTERM or Ctrl-C
       wsecho check [options]        see whether these options would do
       wsecho key FILE               make a key for tokens
       wsecho token --key FILE ...   make a token, and print it
       wsecho tail URL               print a room's messages as they come
       wsecho say URL [TEXT]         say a text in a room, or lines of stdin
       wsecho try-client COMMAND     see what a WebSocket client does wrong

Examples:
  wsecho
      echo at ws://127.0.0.1:8080/echo, rooms at /broadcast/NAME, the page at /
  wsecho --listen :80 --listen ssl:443:privateKey=key.pem:certKey=cert.pem
      on every address of this machine, plain and with TLS
  wsecho --listen :8080 --token-key key.json.pub
      only for who has a token; wsecho key --help tells how to make both
  wsecho --config wsecho.toml
      where wsecho.toml has lines such as  listen = [":8080"]  and  drain = 30

Help: wsecho COMMAND --help          about one command
      wsecho serve --help            all options, or those of one group:
"""


def main() -> NoReturn:
    """Do what the command line says.

    Raises:
        SystemExit: always, with the status.
    """
    status: object
    try:
        status = run(sys.argv[1:])
        _flush()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        status = _UNREAD
    except OSError as error:
        status = f"wsecho: {error.strerror or error}"
    try:
        _flush()
    except OSError:
        # Else Python complains about it at its very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def run(words: Sequence[str]) -> int:
    """Do what a command line says; return the status.

    Args:
        words: what stands behind the program's name.

    Raises:
        SystemExit: it cannot be done; one line has said why.
    """
    first, rest = (words[0], words[1:]) if words else ("serve", ())
    if first == "help":
        first, rest = (rest[0], ["--help", *rest[1:]]) if rest else ("--help", [])
    if first in {"-h", "--help"} and not rest:
        groups = "".join(
            f"  {f'wsecho serve --help {n}':<32} {text}\n" for n, text in group_names()
        )
        sys.stdout.write(_OVERVIEW + groups)
        return 0
    if first.startswith("-"):
        return _serve(words)
    command = _COMMANDS.get(first)
    if command is None:
        meant = did_you_mean(first, _COMMANDS) or f": give {', '.join(_COMMANDS)}, or only options"
        fail(None, CommandError(f"there is no command {first}{meant}"))
    return command(rest)


def _serve(words: Sequence[str]) -> int:
    def serve(given: Given) -> int:
        from wsecho.command.serving import serve  # noqa: PLC0415  # Twisted, and all of it

        return serve(given, given.load(), tuple(words))

    return _with_options("serve", "Serve, until SIGTERM or Ctrl-C.", words, serve)


def _check(words: Sequence[str]) -> int:
    def check(given: Given) -> int:
        from wsecho.command.checking import check_config  # noqa: PLC0415  # the same

        return check_config(given, given.load(), given.words.own.get("room"))

    text = (
        "See whether a server would start by these options: reads the files that they\n"
        "name, asks Redis, listens nowhere; says what would run, or one line for each\n"
        "thing that is wrong.\n\n"
        "  --room NAME\n"
        "      Say, too, which [rooms.GLOB] of the file the room of that name falls\n"
        "      under, and all that holds in it."
    )
    return _with_options("check", text, words, check, "room")


def _with_options(
    command: str, text: str, words: Sequence[str], run_it: Callable[[Given], int], *own: str
) -> int:
    given = None
    try:
        given = Given.read(words, *own)
        if given.words.help is not None:
            usage = f"Usage: wsecho {command} [options]\n\n{text}\n\n"
            subject = given.words.help
            sys.stdout.write(("" if subject else usage) + help_on(subject))
            return 0
        if given.words.wants_version:
            sys.stdout.write(f"wsecho {__version__}\n")
            return 0
        return run_it(given)
    except (CommandError, ConfigError) as error:
        fail(given, error)


def _key(words: Sequence[str]) -> int:
    return _credentials("key", words)


def _token(words: Sequence[str]) -> int:
    return _credentials("token", words)


def _credentials(command: str, words: Sequence[str]) -> int:
    from wsecho.command import credentials  # noqa: PLC0415  # joserfc

    credentials.make_credential([command, *words])
    return 0


def _tail(words: Sequence[str]) -> int:
    with leaving_at_once():
        from wsecho.command.tail import tail  # noqa: PLC0415  # asyncio and websockets

        return tail(words)


def _say(words: Sequence[str]) -> int:
    with leaving_at_once():
        from wsecho.command.say import say  # noqa: PLC0415  # urllib, and TLS

        return say(words)


def _try_client(words: Sequence[str]) -> int:
    with leaving_at_once():
        from wsecho.command.try_client import try_client  # noqa: PLC0415  # threads, processes

        return try_client(words)


def _flush() -> None:
    # What is in its place while a server runs is the log.
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()


_COMMANDS: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {
    "serve": _serve,
    "check": _check,
    "key": _key,
    "token": _token,
    "tail": _tail,
    "say": _say,
    "try-client": _try_client,
}
