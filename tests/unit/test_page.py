# SPDX-License-Identifier: MIT
"""Where the built page is, and when and how it is built."""

import json
import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wsecho import __version__, page


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's folder of the page, built after its sources were written."""
    built = (("dist/index.html", 30), ("dist/wsecho.js", 30))
    for name, time in (("package.json", 10), ("src/app.ts", 20), *built):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
        os.utime(file, (time, time))
    monkeypatch.setattr(page, "SOURCES", tmp_path)
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What npm was asked; it succeeds."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=0, stdout=b"")

    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return asked


@pytest.mark.usefixtures("sources")
def test_what_was_built_last_is_current(commands: list[list[str]]) -> None:
    """Nothing is built then."""
    assert page.is_current()
    page.build_if_stale()
    assert commands == []


@pytest.mark.parametrize("name", ["package.json", "src/app.ts", "src/new.ts", "index.html"])
def test_a_source_that_is_newer_has_it_built(
    name: str, sources: Path, commands: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it lies; one that is new, too."""
    (sources / name).touch()
    page.build_if_stale()
    assert commands == [
        ["/bin/npm", "ci", "--no-audit", "--no-fund"],
        ["/bin/npm", "run", "build"],
    ]
    assert "building the page" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dist/other.js", "node_modules/x.js"])
def test_what_is_made_is_no_source(name: str, sources: Path) -> None:
    """Else it would never be current."""
    (sources / name).parent.mkdir(exist_ok=True)
    (sources / name).touch()
    assert page.is_current()


@pytest.mark.parametrize("name", ["index.html", "wsecho.js"])
def test_what_was_never_built_is_not_current(name: str, sources: Path) -> None:
    """Though nothing is newer; the library may be what failed."""
    (sources / "dist" / name).unlink()
    assert not page.is_current()


def test_an_installed_package_has_nothing_to_build(sources: Path) -> None:
    """There are no sources beside it."""
    (sources / "package.json").unlink()
    (sources / "dist" / "index.html").unlink()
    assert page.is_current()


def test_without_npm_it_is_said_how(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    (sources / "src" / "app.ts").touch()
    with pytest.raises(SystemExit, match=r"^the page cannot be built: there is no npm; build the"):
        page.build_if_stale()


@pytest.mark.usefixtures("sources")
def test_what_npm_says_is_shown_where_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And only there; it goes no further."""
    asked: list[str] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command[1])
        return SimpleNamespace(returncode=1, stdout=b"npm error\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/bin/npm")
    with pytest.raises(RuntimeError, match="`npm ci` failed"):
        page.build()
    assert asked == ["ci"]
    assert "npm error" in capsys.readouterr().err


def test_the_page_and_the_library_are_of_the_server_s_release() -> None:
    """The file that a bundler reads says the same as the one that Python reads."""
    described = json.loads((page.SOURCES / "package.json").read_text())
    assert described["version"] == __version__


def test_the_built_page_is_found_or_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the package."""
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(FileNotFoundError, match="the page was not built: build the page with"):
        page.built()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").touch()
    assert page.built() == tmp_path / "web"
