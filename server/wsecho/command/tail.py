# SPDX-License-Identifier: MIT
"""`wsecho tail`: a room's messages as they come, in a shell."""

import argparse
import asyncio
import json
import os
import re
import stat
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from wsecho.client.connecting import Entering, connect
from wsecho.client.errors import Error, Gap
from wsecho.client.model import Message, Position
from wsecho.command.interrupts import may_be_interrupted
from wsecho.command.parsing import CommandParser, command_parser
from wsecho.command.room_options import ABOUT_TOKENS, add_room_options, fail_in, token_of
from wsecho.config.errors import printable
from wsecho.core.wire.errors import WireError

_HELP: Final = """\
Print a room's messages as they come, until Ctrl-C. Breaks are waited out, restarts of the server
too; nothing is missed and nothing is printed twice. What cannot be had any more is told of on
standard error.
"""
_EXAMPLES: Final = """\
examples:
  wsecho tail http://127.0.0.1:8080/broadcast/lobby
  wsecho tail --json --history 10 http://127.0.0.1:8080/broadcast/lobby | jq .data
"""


def tail(words: Sequence[str]) -> int:
    """Print messages until nobody reads them any more.

    Raises:
        SystemExit: it cannot be done; one line has said why.
    """
    given = _parser().parse_args(words)
    try:
        room = connect(given.url, token=token_of(given), after=given.after, history=given.history)
        may_be_interrupted()
        asyncio.run(_until_nobody_reads(room, as_json=given.json))
    except BrokenPipeError:
        raise
    except (Error, OSError) as error:
        fail_in("tail", error)
    return 0


async def _until_nobody_reads(entering: Entering, *, as_json: bool) -> None:
    with _watching_output() as broken:
        try:
            await _print_all(entering, as_json=as_json)
        except asyncio.CancelledError:
            if broken.is_set():
                raise BrokenPipeError from None
            raise


@contextmanager
def _watching_output() -> Iterator[asyncio.Event]:
    """Cancel this task, and set the event, as soon as nobody reads the pipe that is written to.

    Else it would be noticed only when the next message comes.
    """
    loop, task, broken = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    output = sys.stdout.fileno()

    def end() -> None:
        broken.set()
        loop.remove_reader(output)
        if task is not None:
            task.cancel()

    # Nothing is ever read from a pipe's writing end: it becomes readable when it breaks.
    if stat.S_ISFIFO(os.fstat(output).st_mode):
        loop.add_reader(output, end)
    yield broken


async def _print_all(entering: Entering, *, as_json: bool) -> None:
    write_message, write_gap = (_frame, _gap_frame) if as_json else (_plain, _tell)
    async with entering as room:
        while True:
            try:
                async for message in room:
                    write_message(message)
            except Gap as gap:
                write_gap(gap)
            else:
                return


def _plain(message: Message) -> None:
    data = message.data
    if sys.stdout.isatty():
        # A stranger's message shall do nothing to a terminal.
        shown = data if isinstance(data, str) else data.decode(errors="backslashreplace")
        _write(printable(shown).encode(errors="backslashreplace"))
    else:
        _write(data.encode(errors="backslashreplace") if isinstance(data, str) else data)


def _tell(gap: Gap) -> None:
    print(f"wsecho tail: {_about(gap)}", file=sys.stderr, flush=True)  # noqa: T201


def _about(gap: Gap) -> str:
    return f"messages after {gap.after} up to {gap.position} are missing: {gap.reason}"


def _frame(message: Message) -> None:
    """Write a message as `wsecho.v1` has it."""
    frame: dict[str, Any] = {"type": "message", "position": str(message.position)}
    if message.time is not None:
        frame["time"] = message.time
    if message.sender is not None:
        sender = {"id": message.sender.id, "name": message.sender.name}
        frame["from"] = {name: value for name, value in sender.items() if value is not None}
    if isinstance(message.data, str):
        frame["data"] = message.data
    else:
        frame["base64"] = b64encode(message.data).decode()
    # Half a surrogate pair is no UTF-8; what replaces it is JSON's way to write it.
    _write(json.dumps(frame, ensure_ascii=False).encode(errors="backslashreplace"))


def _gap_frame(gap: Gap) -> None:
    places = {"after": str(gap.after), "position": str(gap.position)}
    _write(json.dumps({"type": "gap", **places, "reason": gap.reason}).encode())


def _write(line: bytes) -> None:
    # Whoever reads it behind a pipe has it at once.
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _parser() -> CommandParser:
    parser = command_parser("tail", _HELP + ABOUT_TOKENS, _EXAMPLES)
    add_room_options(parser)
    parser.add_argument(
        "--after",
        type=_position,
        metavar="POSITION",
        help="begin behind this position, such as one that --json or wsecho say printed",
    )
    parser.add_argument(
        "--history",
        type=_count,
        metavar="COUNT",
        help="begin with the last COUNT messages; where --after cannot be had, too",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print frames: position, time, from, and data or base64; gaps among them",
    )
    return parser


def _position(text: str) -> Position:
    try:
        return Position.parse(text)
    except WireError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.reason}") from None


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number: give a whole one")
    return int(text)
