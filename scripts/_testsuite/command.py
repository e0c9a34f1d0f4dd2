# SPDX-License-Identifier: MIT
"""The command line of `scripts/testsuite`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from _shared.command import ended, folder, split

from .handshake.comparing import compare
from .handshake.session import run_handshakes
from .results import Result, summary
from .session import Settings, run

_ROOT = Path(__file__).resolve().parents[2]
_MOST_SHOWN = 12

_EPILOG = """\
examples:
  scripts/testsuite                                 wsecho from this checkout, all 517 cases
  scripts/testsuite --cases '1.*,5.*'               only framing and fragmentation
  scripts/testsuite --cases '[1-9].*,10.*'          everything but compression: seconds
  scripts/testsuite --url ws://127.0.0.1:9000/echo  any other echo server
  scripts/testsuite --client './client {url}'       a client, in place of a server
  scripts/testsuite --original                      by Autobahn's own program
  scripts/testsuite --handshake                     the opening handshake, which Autobahn leaves out
  scripts/testsuite --handshake --url wss://host/   the same of any other echo server
  scripts/testsuite -- --max-message-size 20971520  options after -- go to wsecho

The server must echo every message. A client gets the URL of a server, which it asks as
Autobahn's testsuite has it: /getCaseCount sends a number, /runCase?case=N&agent=NAME runs a
case, from 1 on, in which each message is to be echoed.

The cases are Autobahn's own files, run by kosoku under Python 3. Autobahn's own program
(--original) needs Python 2.7, a PyPy 2.7 or Docker, and looks at more: at the key of the
handshake, at reserved bits and opcodes in what it gets, and at who ends the TCP connection.
Either is installed once into .cache.

--handshake has cases of its own: what is sent before the first frame, well or badly, and what
RFC 6455, 7692, 9110 and 9112 have a server do about it. FAILED is a must that was missed, or
something legal that was not taken; NON-STRICT is a missed should, or a refusal in an odd form;
INFORMATIONAL tells which of two permitted things a server does. Closing is FAILED where a server
leaves a connection open that it has to end. --handshake needs nothing to be installed.

Groups 12 and 13 (compression) are nearly all of the time, and all of it is processor time of
both sides: --jobs beyond twice the cores gains nothing. A case that a timer failed is run once
more, alone, and marked in the report.

exit status: 0 every case is OK or INFORMATIONAL, 1 some are not, 2 it could not run
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    settings = parse(arguments)
    return ended("scripts/testsuite", lambda: _done(settings))


def _done(settings: Settings) -> int:
    if settings.compare is None:
        return _tested(settings)
    print(compare(settings.root, settings.jobs, settings.compare))
    return 0


def _tested(settings: Settings) -> int:
    results = run_handshakes(settings) if settings.handshake else run(settings)
    for line in trouble(results):
        print(line)
    print(f"{summary(results)} (report: {settings.report / 'index.html'})")
    return 0 if all(result.verdict.passes for result in results) else 1


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake in it ends the script with status 2."""
    ours, server_options = split(arguments)
    parser = _parser()
    chosen = parser.parse_args(ours)
    if chosen.client is not None and (chosen.url is not None or server_options):
        parser.error("--client tests a client: neither --url nor options after -- go with it")
    if chosen.handshake and (chosen.client is not None or chosen.original):
        parser.error(
            "--handshake has cases of its own, for servers: neither --client nor --original"
        )
    if chosen.compare is not None and not (chosen.handshake and chosen.url is None):
        parser.error("--compare goes with --handshake, and without --url: it knows its servers")
    if chosen.url is not None and server_options:
        parser.error("options after -- are for our own server, which --url does not start")
    return Settings(
        root=_ROOT,
        url=chosen.url,
        cases=chosen.cases,
        report=chosen.report,
        jobs=chosen.jobs,
        client=chosen.client,
        original=chosen.original,
        handshake=chosen.handshake,
        compare=chosen.compare,
        server_options=server_options,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/testsuite",
        usage="%(prog)s [options] [-- SERVER OPTION ...]",
        description="Run the Autobahn testsuite against wsecho, or any WebSocket server or client.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", help="test this server instead of starting ours")
    parser.add_argument(
        "--client",
        metavar="COMMAND",
        help="test the client that this command runs; {url} in it stands for the server's URL",
    )
    parser.add_argument(
        "--original",
        action="store_true",
        help="run Autobahn's own program, which needs Python 2.7, instead of kosoku",
    )
    parser.add_argument(
        "--handshake",
        action="store_true",
        help="run cases of the opening handshake, in place of Autobahn's, which begin behind it",
    )
    parser.add_argument(
        "--compare",
        metavar="PAGE",
        type=Path,
        help="with --handshake: run all of it against wsecho and six libraries, which are installed"
        " into .cache as for scripts/bench, and write the tables into this page",
    )
    parser.add_argument(
        "--cases",
        metavar="GLOB",
        default="*",
        help="only cases that match, such as '9.*' or '1.1.*,5.*' (default: all)",
    )
    parser.add_argument(
        "--report",
        metavar="DIR",
        type=folder,
        default=_ROOT / "build" / "testsuite",
        help="where to write the report, replacing an earlier one (default: build/testsuite)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_positive,
        default=2 * len(os.sched_getaffinity(0)),
        help="clients at a time (default: twice the cores, here %(default)s)",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of clients; at least 1 is needed")
    return int(text)


def trouble(results: Sequence[Result]) -> list[str]:
    """Say what did not pass: a line for each pair of verdicts, with the cases that got it."""
    cases: dict[str, list[str]] = {}
    for result in results:
        if not result.verdict.passes:
            words = f"behaviour {result.behavior}, closing {result.behavior_close}"
            cases.setdefault(words, []).append(result.case)
    lines = []
    for words, members in cases.items():
        more = f" and {len(members) - _MOST_SHOWN} more" if len(members) > _MOST_SHOWN else ""
        lines.append(f"  {words}: {', '.join(members[:_MOST_SHOWN])}{more}")
    return lines
