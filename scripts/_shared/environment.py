# SPDX-License-Identifier: MIT
"""What a run needs beside the checkout's sources, made once: `.venv`, and folders in `.cache`."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import CannotRunError
from .process import last_lines, run_whole


def ensure_environment(root: Path, script: str) -> None:
    """Make the project's `.venv` when it is missing or out of date, as `scripts/serve` does.

    Args:
        root: the checkout.
        script: whose name stands before what is told meanwhile.

    Raises:
        CannotRunError: wsecho could not be installed there.
    """
    # _env finds the checkout from the name of the script that sources it.
    command = ["bash", "-c", '. "${0%/*}/_env" && ensure_venv', str(root / "scripts" / script)]
    if subprocess.run(command, check=False).returncode:
        raise CannotRunError("wsecho could not be installed into .venv, see above")


def make_once(home: Path, wanted: str, steps: Iterable[Sequence[str]], trouble: str) -> None:
    """Make a folder by some commands; a half-made one, or one of something else, is made again.

    Args:
        home: the folder; what the commands say is kept beside it.
        wanted: what it is made of, in one line.
        steps: the commands.
        trouble: what to say where one fails, before the name of the log.

    Raises:
        CannotRunError: a command failed.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{home}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once must not build in one folder
        stamp = home / "complete"
        if stamp.exists() and stamp.read_text() == f"{wanted}\n":
            return
        print(f"Installing {wanted} into {home} (once) ...")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        log = Path(f"{home}.log")
        with log.open("wb") as output:
            for step in steps:
                if run_whole(step, output):
                    raise CannotRunError(f"{trouble}, see {log}:{last_lines(log)}")
        stamp.write_text(f"{wanted}\n")
