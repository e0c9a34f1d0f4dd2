# SPDX-License-Identifier: MIT
"""Finds Pythons: on the path, and those of pyenv that are not."""

import os
import re
import shutil
import subprocess
from pathlib import Path


def find(version: str) -> Path | None:
    """Give a Python of a version that can make environments, such as "3.12"; or None.

    The machine's own goes before one of somebody's home folder, which other users cannot run.
    """
    here = os.environ.get("PATH", os.defpath)
    named = [
        *(shutil.which(f"python{version}", path=path) for path in ("/usr/bin", here)),
        *sorted(_pyenv().glob(f"{version}.*/bin/python{version}")),
    ]
    return next((Path(name) for name in named if name and _is_whole(Path(name), version)), None)


def find_older(than: str) -> tuple[str, Path] | None:
    """Give the newest Python 3 that is older than a version, such as "3.11", with its version."""
    minor = int(than.partition(".")[2])
    versions = [f"3.{number}" for number in reversed(range(minor))]
    return next(((version, found) for version in versions if (found := find(version))), None)


def _pyenv() -> Path:
    return Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def _is_whole(python: Path, version: str) -> bool:
    """Tell whether it is what its name says: a shim of pyenv may lead nowhere."""
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return bool(re.fullmatch(rf"{re.escape(version)}\n", done.stdout))
