# SPDX-License-Identifier: MIT
"""What is built: a commit and nothing else, its version, and what CHANGELOG.md calls it."""

import io
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from _shared.errors import CannotRunError


@dataclass(frozen=True)
class Sources:
    """A commit in a folder of its own."""

    folder: Path
    commit: str
    """Its hash, shortened."""
    when: int
    """When it was made, in seconds since 1970: the time of every file that is built of it."""

    @property
    def version(self) -> str:
        """What the package says that it is.

        Raises:
            CannotRunError: it does not.
        """
        text = (self.folder / "server/wsecho/__init__.py").read_text()
        found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
        if found is None:
            raise CannotRunError('server/wsecho/__init__.py has no line `__version__ = "…"`')
        return found[1]

    @property
    def section(self) -> str:
        """The head of what CHANGELOG.md says of this version: its number, or Unreleased.

        Raises:
            CannotRunError: it says nothing.
        """
        text = (self.folder / "CHANGELOG.md").read_text()
        for head in (self.version, "Unreleased"):
            if re.search(rf"^## {re.escape(head)}\b", text, re.MULTILINE):
                return head
        raise CannotRunError(f"CHANGELOG.md has neither a section {self.version} nor Unreleased")


def export(root: Path, folder: Path) -> Sources:
    """Write what is committed into a folder.

    Args:
        root: the checkout.
        folder: the folder, which is made.

    Raises:
        CannotRunError: something there is not committed, or it is no checkout.
    """
    if changed := _git(root, "status", "--porcelain").decode().splitlines():
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise CannotRunError(
            f"a release is of what is committed, and this is not: {changed[0][3:]}{more}"
        )
    commit, when = _git(root, "log", "-1", "--format=%h %ct").decode().split()
    with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "HEAD"))) as archive:
        archive.extractall(folder, filter="data")
    return Sources(folder, commit, int(when))


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise CannotRunError("there is no git") from None
    if done.returncode:
        raise CannotRunError(f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout
