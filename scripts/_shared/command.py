# SPDX-License-Identifier: MIT
"""What every command line here has: options of ours and of the server, and an exit status."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from .errors import CannotRunError

CANNOT_RUN = 2
"""The exit status where there is no result; argparse ends with it after a mistake, too."""
INTERRUPTED = 130


def ended(name: str, work: Callable[[], int]) -> int:
    """Do a script's work and give its exit status, whatever ends it.

    Args:
        name: the script, as it stands before what it says of an error.
        work: gives the status of a run that came to its end.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # progress, in a log too
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work()
    except CannotRunError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return CANNOT_RUN
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Let SIGTERM end a run as Ctrl-C does: cleaning up."""
    raise KeyboardInterrupt


def split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part a command line at its first `--`: what is the script's, and what the server's."""
    border = list(arguments).index("--") if "--" in arguments else len(arguments)
    return list(arguments[:border]), tuple(arguments[border + 1 :])


def folder(text: str) -> Path:
    """Read the name of a folder, in whole; `~` is somebody's home.

    Raises:
        argparse.ArgumentTypeError: it is in the home of nobody.
    """
    try:
        return Path(text).expanduser().resolve()
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"'{text}' is in the home folder of nobody") from None
