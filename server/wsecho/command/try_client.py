# SPDX-License-Identifier: MIT
"""`wsecho try-client`: somebody's client against each rule and fault of the lab."""

import argparse
import os
import re
import shlex
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from wsecho.command.interrupts import may_be_interrupted
from wsecho.command.parsing import CommandParser, command_parser
from wsecho.command.room_options import fail_in
from wsecho.config.near import did_you_mean
from wsecho.trying.cases import LabCase, all_cases, cases_like
from wsecho.trying.judging import CaseOutcome, Finding
from wsecho.trying.junit import write_trial_junit
from wsecho.trying.lab_server import CannotTryError, serving_lab
from wsecho.trying.runner import PLACE, ClientRunner
from wsecho.trying.table import TrialTable, sum_up

_HELP: Final = """\
Try a WebSocket client: run COMMAND once for each rule and fault of the lab, with the address of
a lab of its own in place of {url}, and say whether the client did what is right. COMMAND is
started without a shell, and ended once that is known. One that echoes each message shows more.
"""
_EXAMPLES: Final = """\
examples:
  wsecho try-client './my-client {url}'
  wsecho try-client --rules 'utf8*' --rules 'close-*' --strict 'node client.mjs {url}'
  wsecho try-client --jobs 4 --junit client.xml 'python3 client.py --url={url}'

The status is 0 where nothing is missed that a client must do or take, with --strict also what it
should do; 1 where something is, or where COMMAND makes no connection; 2 where what was typed means
nothing.
"""
_MAX_JOBS: Final = 64
_ENDED: Final = 128


def try_client(words: Sequence[str]) -> int:
    """Try a client; return the status.

    Raises:
        SystemExit: it cannot be done; one line has said why.
    """
    given = _parser().parse_args(words)
    may_be_interrupted()
    cases = cases_like(given.rules)
    try:
        if not hasattr(os, "waitid"):
            raise CannotTryError("Python 3.13 or later is needed on this system, for os.waitid")  # noqa: TRY301  # as all else that cannot be
        if given.junit is not None:
            # Sooner than after minutes.
            with given.junit.open("ab"):
                pass
        with ending_in_order(), serving_lab() as lab:
            running = ClientRunner(given.command, lab).run(cases, given.jobs)
            with closing(running):
                outcomes = _print_all(cases, running)
    except BrokenPipeError:
        raise
    except (CannotTryError, OSError) as error:
        fail_in("try-client", error)
    if given.junit is not None:
        text = write_trial_junit(shlex.join(given.command), outcomes, strict=given.strict)
        given.junit.write_bytes(text)
    return int(any(outcome.is_miss(strict=given.strict) for outcome in outcomes))


def _print_all(cases: Sequence[LabCase], running: Iterator[CaseOutcome]) -> list[CaseOutcome]:
    """Print each outcome as it comes.

    Raises:
        SystemExit: the first one shows that the command is no client of the lab.
    """
    table, outcomes = TrialTable(cases), list[CaseOutcome]()
    for outcome in running:
        if not outcomes:
            if outcome.judged.finding is Finding.ABSENT:
                said = outcome.words.strip().splitlines()[-1:]
                why = f"{outcome.judged.did}{''.join(f': {line}' for line in said)}"
                fail_in("try-client", CannotTryError(f"COMMAND {why}"))
            print(table.head())  # noqa: T201
        outcomes.append(outcome)
        print(table.row(outcome), flush=True)  # noqa: T201
    for line in sum_up(outcomes):
        print(line)  # noqa: T201
    return outcomes


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end this process as Ctrl-C does: with all that it has started."""
    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Whoever was started to outlive its terminal goes on doing so.
        if signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(_ENDED + number)


def _parser() -> CommandParser:
    parser = command_parser("try-client", _HELP, _EXAMPLES)
    parser.add_argument(
        "command",
        type=_command,
        metavar="COMMAND",
        help="what starts the client: one word for the shell, with {url} in it",
    )
    parser.add_argument(
        "--rules",
        type=_glob,
        action="append",
        default=[],
        metavar="GLOB",
        help="only those whose names are like this, such as 'rsv?' or 'accept=*'; may stand again",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="run so many at the same time [default: 1]",
    )
    parser.add_argument(
        "--junit", type=Path, metavar="FILE", help="write JUnit's XML there, a test case for each"
    )
    parser.add_argument(
        "--strict", action="store_true", help="ask for what a client should do, too"
    )
    return parser


def _command(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it cannot be split: {error}") from None
    if not any(PLACE in word for word in words):
        raise argparse.ArgumentTypeError(
            f"{text}: {PLACE} is missing, where the address goes; quote all of it as one word"
        )
    if shutil.which(words[0]) is None:
        raise argparse.ArgumentTypeError(f"there is no program {words[0]}")
    return words


def _glob(text: str) -> str:
    names = [case.name for case in all_cases()]
    if not cases_like([text]):
        meant = did_you_mean(text, names) or "; GET /lab lists them all"
        raise argparse.ArgumentTypeError(f"no rule or fault is like {text}{meant}")
    return text


def _jobs(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 0 < int(text) <= _MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number from 1 to {_MAX_JOBS}")
    return int(text)
