# SPDX-License-Identifier: MIT
"""A user without rights in a read-only folder installs the wheel, checks, serves and asks."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

from tests.integration.packaging.building import Released
from tests.support.processes import Process

LISTENING = re.compile(r"listening on .* (http://127\.0\.0\.1:\d+/)$")
UNWANTED = re.compile(r"(?i)traceback|dropin|plugin|twistd|not writable|permission")
NOBODY = 65534


@frozen
class Stranger:
    """Somebody who owns nothing but an environment, and stands where nothing may be written."""

    environment: Path
    place: Path
    prefix: tuple[str, ...]
    python: str

    def run(self, *command: str) -> str:
        """Run a command that must succeed; give all that it said."""
        done = subprocess.run(
            [*self.prefix, *command],
            cwd=self.place,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """No home, and no rights beyond."""
        unwanted = ("HOME", "PYTHON", "VIRTUAL_ENV", "XDG")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(unwanted)}
        return kept | {"PATH": f"{self.environment / 'bin'}:/usr/bin:/bin"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may enter; pytest closes its own whenever another run begins."""
    folder = Path(tempfile.mkdtemp(prefix="wsecho-stranger-"))
    folder.chmod(0o755)
    yield folder
    for inner, _, _ in os.walk(folder):
        Path(inner).chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def stranger(released: Released, folder: Path) -> Stranger:
    """Nobody, where we are root; else who we are."""
    from _release.pythons import find  # noqa: PLC0415  (the folder is found by conftest)

    place, environment = folder / "place", folder / "environment"
    environment.mkdir()
    shutil.copy(released.compiled, folder)
    place.mkdir(mode=0o555)
    prefix: tuple[str, ...] = ()
    python = sys.executable
    if os.getuid() == 0:
        os.chown(environment, NOBODY, NOBODY)
        prefix = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
        found = [find(version) for version in ("3.11", "3.12", "3.13")]
        able = [path for path in found if path and can_run([*prefix, str(path)])]
        if not able:
            pytest.skip(
                "there is no Python with venv that nobody may run: apt install python3-venv"
            )
        python = str(able[0])
    return Stranger(environment, place, prefix, python)


def can_run(command: list[str]) -> bool:
    """Tell whether a Python can be run so."""
    return not subprocess.run([*command, "-c", ""], capture_output=True, check=False).returncode


@contextmanager
def served(stranger: Stranger, home: dict[str, str]) -> Iterator[str]:
    """`wsecho`, its address, and its end."""
    given = [f"{name}={text}" for name, text in {**stranger.variables, **home}.items()]
    command = ("env", "-i", *given, "wsecho", "--listen", "127.0.0.1:0")
    process = Process.start(*stranger.prefix, *command, cwd=stranger.place)
    try:
        yield process.wait_for(LISTENING)[1]
        process.popen.terminate()
        assert process.wait() == 0
    finally:
        process.end()
    assert not UNWANTED.search(process.output), process.output


def test_a_stranger_installs_checks_serves_and_asks(stranger: Stranger) -> None:
    """With neither a home nor a place to write to, and nothing to write into what was installed."""
    stranger.run(stranger.python, "-m", "venv", str(stranger.environment))
    [wheel] = stranger.place.parent.glob("*.whl")
    assert not UNWANTED.search(stranger.run("pip", "install", "--no-cache-dir", str(wheel)))
    for inner, _, _ in os.walk(stranger.environment):
        Path(inner).chmod(0o555)
    before = sorted(stranger.environment.rglob("*"))
    checked = stranger.run("wsecho", "check")
    assert checked.endswith("all is well\n")
    assert not UNWANTED.search(checked)
    for home in ({}, {"HOME": "/nonexistent"}, {"HOME": str(stranger.place)}):
        with served(stranger, home) as url:
            assert stranger.run("curl", "-sSf", f"{url}readyz") == "ready\n"
            assert "<title>" in stranger.run("curl", "-sSf", url)
            stranger.run("curl", "-sSf", "-d", "hello", f"{url}broadcast/lobby")
            history = stranger.run("curl", "-sSf", f"{url}broadcast/lobby?history=1")
            assert '"data":"hello"' in history
    assert list(stranger.place.iterdir()) == []
    assert sorted(stranger.environment.rglob("*")) == before
