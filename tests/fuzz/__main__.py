# SPDX-License-Identifier: MIT
"""The command line of `scripts/fuzz`."""

import argparse
import sys
from collections.abc import Sequence

from tests.fuzz.feeding import CORPUS, HAS_ATHERIS, Outcome, feed_by_atheris, names

_LONGEST = 86_400


def main(arguments: Sequence[str]) -> int:
    """Feed some targets; give the exit status."""
    given = _parser().parse_args(arguments)
    unknown = [name for name in given.targets if name not in names()]
    if unknown:
        print(f"scripts/fuzz: there is no target {unknown[0]}; there are {', '.join(names())}")
        return 2
    if not HAS_ATHERIS:
        print("scripts/fuzz: Atheris has no wheel for this Python; see .cache/atheris.log")
        return 2
    asked = tuple(dict.fromkeys(given.targets)) or names()
    passed = [_told(*done) for done in feed_by_atheris(asked, given.seconds)]
    return 0 if passed == [True] * len(asked) else 1


def _told(name: str, outcome: Outcome) -> bool:
    print(f"{name:<22}{outcome.runs:>12,} inputs  {'FAILED' if outcome.trouble else 'ok'}")
    if outcome.trouble:
        print(outcome.trouble)
        for path in CORPUS.glob(f"{name}.failed-*"):
            print(f"  kept: {path}")
    return not outcome.trouble


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz",
        description="Feed the parsers of what strangers send with anything, by Atheris: only the "
        "errors that they document may come out.",
        epilog="What was worth keeping stays in .cache/fuzz for the next time. Exit status: 0 all "
        "is well, 1 a target failed, 2 it could not run.",
    )
    parser.add_argument(
        "targets", metavar="TARGET", nargs="*", help=f"{', '.join(names())} (default: all)"
    )
    parser.add_argument(
        "--seconds",
        metavar="N",
        type=_seconds,
        default=10,
        help="how long each is fed (default: 10)",
    )
    return parser


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LONGEST:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 to {_LONGEST}")
    return int(text)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # progress, in a log too
    sys.exit(main(sys.argv[1:]))
