# SPDX-License-Identifier: MIT
"""Installs a distribution into a fresh environment, and uses it there as a stranger does."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tools import UnfitError, environment, said

_PROBING = Path(__file__).with_name("probing.py")
_LISTENING = re.compile(r"(?m)listening on .* (http://127\.0\.0\.1:\d+/)$")
_UNWANTED = re.compile(r"(?i)traceback|warning|dropin|plugin|twistd")
_PATIENCE = 60.0  # seconds
_QUIET = ("--quiet", "--disable-pip-version-check", "--no-warn-script-location")


def install(distribution: Path, python: Path, folder: Path) -> Path:
    """Install a distribution, with what it needs, into an environment that is made for it.

    Returns:
        the folder of its programs.

    Raises:
        UnfitError: it cannot be.
    """
    said(python, "-m", "venv", folder, cwd=folder.parent)
    said(folder / "bin/pip", "install", *_QUIET, distribution, cwd=folder)
    return folder / "bin"


def use(programs: Path, place: Path) -> str:
    """Start what was installed, echo, and load the page.

    It runs in a folder that nobody may write to, without a home; as nobody, where we are root and
    nobody may run this Python.

    Args:
        programs: where its programs are.
        place: the folder to make, empty and read-only.

    Returns:
        the version, and "compiled" or "pure".

    Raises:
        UnfitError: something is not as it should be.
    """
    place.mkdir(mode=0o555)
    user = nobody(programs)
    said(*user, programs / "wsecho", "check", cwd=place)
    with _served([*user, str(programs / "wsecho"), "--listen", "127.0.0.1:0"], place) as url:
        seen = said(programs / "python", "-I", _PROBING, url, cwd=place).strip()
    if left := list(place.iterdir()):
        raise UnfitError(f"it left {left[0].name} behind")
    return seen


def nobody(programs: Path) -> tuple[str, ...]:
    """Give what is put before a command to run it as nobody; nothing where that cannot be."""
    user = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    if os.getuid() or shutil.which("setpriv") is None:
        return ()
    trial = [*user, str(programs / "python"), "-c", ""]
    return () if subprocess.run(trial, capture_output=True, check=False).returncode else user


def refuse(wheel: Path, python: Path, folder: Path) -> str:
    """Have an older Python told, in one line, that it is.

    Returns:
        the line.

    Raises:
        UnfitError: it is told something else.
    """
    said(python, "-m", "venv", folder, cwd=folder.parent)
    pip = (folder / "bin/pip", "--disable-pip-version-check", "install", "--no-deps")
    lines = said(*pip, wheel, cwd=folder, status=1).splitlines()
    errors = [line for line in lines if line.startswith("ERROR")]
    if len(errors) != 1 or "requires a different Python" not in errors[0]:
        raise UnfitError("an older Python is told: " + " / ".join(errors or lines))
    return errors[0]


@contextmanager
def _served(command: list[str], place: Path) -> Iterator[str]:
    """Run a server; give its address once it listens, and see that it ended well."""
    log = place.with_suffix(".log")
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=place,
            env=environment() | {"HOME": "/nonexistent"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield _address(server, log)
        server.send_signal(signal.SIGTERM)
        status = server.wait(_PATIENCE)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    text = log.read_text()
    if status or _UNWANTED.search(text):
        raise UnfitError(f"it ended with {status}, having said:\n{text}")


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        if found := _LISTENING.search(log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise UnfitError(f"it does not listen, having said:\n{log.read_text()}")
