# SPDX-License-Identifier: MIT
"""The command line of `scripts/bench`."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from _shared.command import ended, folder, split

from .before import beside, is_checkout
from .judging import Measured, judge
from .report import check_place
from .rows import (
    BARE,
    CLIENT_ROWS,
    CLIENTS,
    CORE,
    CORE_ROWS,
    ECHO_SIZES,
    OURS,
    PEERS,
    ROOM_SIZES,
    ROWS,
    SCALE,
    SCALE_ROWS,
    Row,
    growth_of_echo,
    growth_of_rooms,
    seconds_of,
)
from .session import Settings, chosen, run

_ROOT = Path(__file__).resolve().parents[2]
_USUAL_PEERS = tuple(peer for peer in PEERS if peer != "crossbar")
_MOST_ROUNDS, _MOST_SECONDS = 100, 600.0
_FEWEST, _MOST_CONNECTIONS = 2, 60_000
_USUAL_SECONDS = 1.5


def _epilog() -> str:
    width = max(len(row.name) for row in ROWS)
    times = {row.name: f"{seconds_of(row, _USUAL_SECONDS):4.0f} s" for row in ROWS}
    rows = "\n".join(f"  {row.name:<{width}} {times[row.name]}  {row.title}" for row in ROWS)
    return f"""\
rows, and about how long a round of each takes against all of its peers, once they are installed:
{rows}
  {CORE:<{width}} {_sum(CORE_ROWS):4.0f} s  {", ".join(CORE_ROWS)}
  {SCALE:<{width}} {_sum(SCALE_ROWS):4.0f} s  {", ".join(SCALE_ROWS)}
  {CLIENTS:<{width}} {_sum(CLIENT_ROWS):4.0f} s  {", ".join(CLIENT_ROWS)}
  {"all":<{width}} {_sum(times):4.0f} s  what is measured where no row is named

peers: {", ".join(PEERS)}
  crossbar is for the wamp rows and is installed only when --peers names it
  channels and socketio are for the scale rows, which need redis-server, too; socketio's client
  is for the client rows, whose own core is the client's
  {BARE} is none, but what the machine allows: a loop in C of the system's calls alone

The server has one core and the generator another, and all that a scale row needs shares these
two; close what else is busy. Peers are installed
once into .cache, the generator is compiled there by CC, cc, gcc or clang. Ratios are of values of
the same round. A row that the generator lacks a library's headers for is skipped, and says so.

exit status: 0 every target that was measured is reached, 1 some are not or wsecho failed,
2 nothing could be measured
"""


def _sum(names: Iterable[str]) -> float:
    wanted = set(names)
    return sum(seconds_of(row, _USUAL_SECONDS) for row in ROWS if row.name in wanted)


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    settings = parse(arguments)
    return ended("scripts/bench", lambda: _measured(settings))


def _measured(settings: Settings) -> int:
    check_place(settings.report)
    rows = run(settings)
    print(f"report: {settings.report}")
    return status(rows)


def status(rows: Sequence[Measured]) -> int:
    """Give 1 where a target was missed, or where ours failed and so could not be judged."""
    missed = any(verdict.reached is False for row in rows for verdict in judge(row))
    ours = [(row, entry) for row in rows for entry in row.row.entries if entry.peer == OURS]
    failed = any(None in row.values(entry.name) for row, entry in ours)
    return 1 if missed or failed else 0


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake in it ends the script with status 2."""
    ours, server_options = split(arguments)
    parser = _parser()
    given = parser.parse_args(ours)
    growth = (
        growth_of_rooms(given.room_sizes),
        growth_of_echo(given.echo_sizes),
        growth_of_echo(given.echo_sizes, BARE),
    )
    rows = chosen(_rows(parser, given.rows, growth), given.peers)
    return Settings(
        root=_ROOT,
        rows=beside(rows) if given.against else rows,
        rounds=given.rounds,
        seconds=given.seconds,
        report=given.report,
        server_options=server_options,
        against=given.against,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        usage="%(prog)s [options] [ROW ...] [-- WSECHO OPTION ...]",
        description="Measure wsecho beside its peers: same work, same run, one core each.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", metavar="ROW", nargs="*", help="what to measure (default: all)")
    parser.add_argument(
        "--peers",
        metavar="A,B",
        type=_peers,
        default=_USUAL_PEERS,
        help="against whom, or 'none' (default: all but crossbar)",
    )
    parser.add_argument(
        "--against",
        metavar="DIR",
        type=_checkout,
        help="another checkout of wsecho, measured in each round of each row as 'before'",
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        type=_rounds,
        default=3,
        help="how often each server is measured, in turn (default: 3)",
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=_seconds,
        default=_USUAL_SECONDS,
        help=f"how long each time, after half a second of warm-up (default: {_USUAL_SECONDS:g})",
    )
    _add_sizes(parser)
    parser.add_argument(
        "--report",
        metavar="DIR",
        type=folder,
        default=_ROOT / "build" / "bench",
        help="where to write tables, JSON and chart (default: build/bench)",
    )
    return parser


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    for name, usual, what in (
        ("--room-sizes", ROOM_SIZES, "members of the rooms of growth-rooms"),
        ("--echo-sizes", ECHO_SIZES, "connections of growth-echo"),
    ):
        parser.add_argument(
            name,
            metavar="N,N",
            type=_sizes,
            default=usual,
            help=f"{what} (default: {','.join(map(str, usual))})",
        )


def _rows(
    parser: argparse.ArgumentParser, names: Sequence[str], growth: Sequence[Row]
) -> tuple[Row, ...]:
    known = {row.name: row for row in (*ROWS, *growth)}
    groups = {CORE: CORE_ROWS, SCALE: SCALE_ROWS, CLIENTS: CLIENT_ROWS, "all": tuple(known)}
    wanted = [each for name in names for each in groups.get(name, (name,))]
    for name in wanted:
        if name not in known:
            parser.error(f"there is no row '{name}'; there are {', '.join((*known, *groups))}")
    return tuple(known[name] for name in dict.fromkeys(wanted or known))


def _sizes(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    sizes = [int(part) if part.isdecimal() else 0 for part in parts]
    if len(set(sizes)) < len(sizes) or not all(
        _FEWEST <= size <= _MOST_CONNECTIONS for size in sizes
    ):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no list of different numbers from {_FEWEST} to {_MOST_CONNECTIONS}"
        )
    return tuple(sorted(sizes))


def _peers(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if names == ("none",):
        return ()
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"there is no peer '{name}'; {', '.join(PEERS)}")
    return names


def _checkout(text: str) -> Path:
    found = folder(text)
    if not is_checkout(found):
        raise argparse.ArgumentTypeError(f"'{text}' is no checkout of wsecho")
    return found


def _rounds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_ROUNDS:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 to {_MOST_ROUNDS}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"'{text}' is no time from 0 to {_MOST_SECONDS:g} s")
    return seconds
