# SPDX-License-Identifier: MIT
"""What the packaging tests build and install with, away from this checkout's environment."""

import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).parents[3]

_AUTHOR: Final = ("-c", "user.name=A test", "-c", "user.email=test@example.org")


@frozen
class Released:
    """What `scripts/release` left in a folder, and what it said."""

    folder: Path
    said: str

    @property
    def sdist(self) -> Path:
        """The source distribution."""
        return self._only("*.tar.gz")

    @property
    def pure(self) -> Path:
        """The wheel of every platform."""
        return self._only("*-py3-none-any.whl")

    @property
    def compiled(self) -> Path:
        """The wheel of Linux."""
        return self._only("*-cp311-abi3-manylinux*.whl")

    @property
    def package(self) -> Path:
        """The package of npm's."""
        return self._only("*.tgz")

    def _only(self, pattern: str) -> Path:
        [found] = self.folder.glob(pattern)
        return found


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed; give what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment(folder: Path, *install: str | Path) -> Path:
    """A new virtual environment with something installed; returns its programs' folder."""
    venv.create(folder, with_pip=True, symlinks=True)
    run(folder / "bin/pip", "install", "--quiet", *install, cwd=folder)
    return folder / "bin"


def cloned(clone: Path) -> Path:
    """What git tracks of this checkout, and nothing that was ever built, all of it committed."""
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone, cwd=ROOT)
    # The working tree's own state, so that a change is tested before it is committed.
    changed = run("git", "ls-files", "--modified", "--others", "--exclude-standard", cwd=ROOT)
    for name in changed.splitlines():
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
        else:
            (clone / name).unlink(missing_ok=True)
    run("git", "add", "--all", cwd=clone)
    commit = ("commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", "As it stands")
    run("git", *_AUTHOR, *commit, cwd=clone)
    return clone
