# SPDX-License-Identifier: MIT
"""`wsecho say`: a text, or lines as they come, said in a room from a shell."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from wsecho.client.errors import Error
from wsecho.client.posting import publish
from wsecho.command.interrupts import may_be_interrupted
from wsecho.command.parsing import CommandParser, command_parser
from wsecho.command.room_options import ABOUT_TOKENS, add_room_options, fail_in, token_of

_HELP: Final = """\
Say TEXT in a room, or each line of standard input; print the position of each as soon as the
server has taken it. What the server cannot take now is said again for up to 4.5 minutes, and is
there once. The first that is not taken is named, and nothing behind it is said.
"""
_EXAMPLES: Final = """\
examples:
  wsecho say http://127.0.0.1:8080/broadcast/lobby hello
  tail -F app.log | wsecho say http://127.0.0.1:8080/broadcast/log
"""


def say(words: Sequence[str]) -> int:
    """Say what there is to say; return the status.

    Raises:
        SystemExit: something was not said; one line names it.
    """
    given = _parser().parse_args(words)
    may_be_interrupted()
    where = ""
    try:
        token = token_of(given)
        for where, text in _messages(given.text):  # noqa: B007  # a complaint begins so
            position = publish(given.url, text.decode(), token=token and token())
            # Whoever waits for it behind a pipe has it at once.
            print(position, flush=True)  # noqa: T201
    except BrokenPipeError:
        raise
    except (Error, OSError) as error:
        fail_in("say", error, where)
    except UnicodeDecodeError:
        fail_in("say", ValueError("it is not UTF-8"), where)
    return 0


def _messages(words: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each message behind what begins a complaint about it."""
    if words:
        yield "it was not said: ", " ".join(words).encode(errors="surrogateescape")
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        yield f"line {number} was not said: ", line.removesuffix(b"\n")


def _parser() -> CommandParser:
    parser = command_parser("say", _HELP + ABOUT_TOKENS, _EXAMPLES)
    add_room_options(parser)
    parser.add_argument(
        "text", nargs="*", metavar="TEXT", help="what to say; each line of standard input without"
    )
    return parser
