# SPDX-License-Identifier: MIT
"""The clients: each its name, its program, and how its version is asked for."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .environment import Environment

_PROGRAMS = Path(__file__).parent / "programs"
_VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the matrix."""

    name: str
    """As it is chosen on the command line."""
    title: str
    """As it stands in the table."""
    program: Callable[[Environment], list[str]]
    """Gives the words that start it, before the address."""
    version: Callable[[Environment], str]
    has_memory: bool = True
    """Whether what its process takes is what the client takes."""


def _python(name: str, title: str, package: str) -> Client:
    return Client(
        name,
        title,
        lambda there: [str(there.python), str(_PROGRAMS / f"{name.replace('-', '_')}_.py")],
        lambda there: _said([str(there.python), "-c", _VERSION, package]),
    )


def _ws(there: Environment) -> list[str]:
    # Node looks for packages above the folder of the program, wherever a link to it stands.
    copy = there.node_folder / "ws_.mjs"
    shutil.copyfile(_PROGRAMS / "ws_.mjs", copy)
    return [str(there.node), str(copy)]


def _ws_version(there: Environment) -> str:
    package = there.node_folder / "node_modules" / "ws" / "package.json"
    return str(json.loads(package.read_text())["version"])


def _builtin(runtime: Path) -> list[str]:
    return [str(runtime), str(_PROGRAMS / "builtin_.mjs")]


def _chromium(there: Environment) -> list[str]:
    return [str(there.python), str(_PROGRAMS / "chromium_.py"), str(there.chromium)]


def _chromium_version(there: Environment) -> str:
    # Chromium 156.0.8078.108 built on …
    return _said([str(there.chromium), "--version"]).split()[1]


def _undici_version(there: Environment) -> str:
    versions = "`${process.versions.undici} (Node ${process.versions.node})`"
    return _said([str(there.node), "-p", versions])


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


CLIENTS = (
    _python("websockets", "websockets", "websockets"),
    _python("aiohttp", "aiohttp", "aiohttp"),
    _python("websocket-client", "websocket-client", "websocket-client"),
    _python("autobahn", "Autobahn (Twisted)", "autobahn"),
    _python("picows", "picows", "picows"),
    Client("ws", "ws", _ws, _ws_version),
    Client("undici", "undici", lambda there: _builtin(there.node), _undici_version),
    Client(
        "bun",
        "Bun",
        lambda there: _builtin(there.bun),
        lambda there: _said([str(there.bun), "--version"]),
    ),
    Client("chromium", "Chromium", _chromium, _chromium_version, has_memory=False),
)
