# SPDX-License-Identifier: MIT
"""One release: from the commit to the table of what was built and seen."""

import hashlib
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .building import build
from .checking import check
from .pythons import find, find_older
from .sources import export
from .tools import UnfitError, tools
from .trying import install, nobody, refuse, use

VERSIONS = ("3.11", "3.12", "3.13")
"""The Pythons that it is for: those of setup.cfg's classifiers."""


@dataclass(frozen=True)
class Settings:
    """What was asked for."""

    root: Path
    into: Path
    quick: bool


def release(settings: Settings) -> None:
    """Build, check and try what is committed, and say what to type to upload it.

    Raises:
        CannotRunError: it could not be begun.
        UnfitError: something that was built must not be uploaded.
    """
    with _workplace() as work:
        sources = export(settings.root, work / "sources")
        print(f"wsecho {sources.version}, commit {sources.commit}: {_noted(sources.section)}")
        programs = tools(settings.root)
        (work / "built").mkdir()
        built = build(sources, programs, work / "built")
        rows = [f"  {line}" for line in check(built, programs)]
        if not settings.quick:
            rows += [f"  {line}" for line in _trials(built[:-1], sources.version, work)]
        kept = _keep(built, settings.into)
    print("\nbuilt:")
    for path in kept:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"  {path.stat().st_size:9,}  {digest}  {path.name}")
    print("\nseen:", *rows, sep="\n")
    *distributions, package = map(str, kept)
    print("\nNothing was uploaded. To upload it:")
    print(shlex.join([str(programs / "npm"), "publish", package]))
    print(shlex.join([str(programs / "twine"), "upload", *distributions]))


@contextmanager
def _workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wsecho-release-") as name:
        # Nobody is to run what is installed there.
        Path(name).chmod(0o755)
        yield Path(name)


def _noted(section: str) -> str:
    if section == "Unreleased":
        return "CHANGELOG.md has it as Unreleased, which is to be named before it is uploaded"
    return f"CHANGELOG.md has a section {section}"


def _keep(built: Sequence[Path], into: Path) -> list[Path]:
    """Put what was built in place of an earlier release."""
    into.mkdir(parents=True, exist_ok=True)
    for earlier in into.glob("wsecho-*"):
        earlier.unlink()
    for path in built:
        (into / path.name).write_bytes(path.read_bytes())
    return [into / path.name for path in built]


def _trials(built: Sequence[Path], version: str, work: Path) -> Iterator[str]:
    """Try each of what was built under each Python; give a line for each."""
    for python_version in VERSIONS:
        python = find(python_version)
        if python is None:
            yield f"Python {python_version}: there is none here, so it is UNTRIED"
            continue
        for path in built:
            name = f"Python {python_version}, {_kind(path)}"
            print(f"trying {name} ...")
            try:
                seen = _tried(path, python, work / name.replace(" ", "-"))
            except UnfitError as error:
                raise UnfitError(f"{name}: {error}") from None
            _compare(seen, version, path, name)
            yield f"{name}: {seen[0]}"
    # The compiled one is not for an older Python by its name alone, which pip says in other words.
    yield _older(built[1], work)


def _tried(path: Path, python: Path, folder: Path) -> tuple[str, str]:
    """Install and use one; give what is told of it, and what it says that it is."""
    programs = install(path, python, folder)
    seen = use(programs, folder.with_name(f"{folder.name}-place"))
    user = "nobody" if nobody(programs) else "this user"
    told = f"installed, checked, echoed and served the page as {user}, read-only; {seen}"
    return told, seen


def _compare(seen: tuple[str, str], version: str, path: Path, name: str) -> None:
    """See that it is what it was built as."""
    wanted = f"{version} {'pure' if 'none-any' in path.name else 'compiled'}"
    if seen[1] != wanted:
        raise UnfitError(f"{name} is {seen[1]}, where {wanted} was built")


def _older(wheel: Path, work: Path) -> str:
    older = find_older(VERSIONS[0])
    if older is None:
        return f"Python before {VERSIONS[0]}: there is none here, so its refusal is UNTRIED"
    return f"Python {older[0]}: {refuse(wheel, older[1], work / 'older')}"


def _kind(path: Path) -> str:
    if path.suffix != ".whl":
        return "sdist"
    return "pure wheel" if "none-any" in path.name else "compiled wheel"
