# SPDX-License-Identifier: MIT
"""The plugin for pytest in a fresh environment: the wheel, and plugins for each event loop."""

from pathlib import Path

import pytest

from tests.integration.packaging.building import Released, environment, run
from tests.support.documents import DOCS, fences

DOCUMENTED = [
    fence.text
    for fence in fences(DOCS / "howto/test-your-client.md")
    if fence.mark == "check: pytest-asyncio"
]
PROJECT = """
import sys
import pytest
from websockets.asyncio.client import connect
from wsecho.testing import EchoServer

@pytest.mark.asyncio
async def test_it_waits(wsecho: EchoServer) -> None:
    url = wsecho.lab("wait=10ms", "send=hello", "close=1000")
    async with connect(url) as websocket:
        assert [message async for message in websocket] == ["hello"]
    report = await wsecho.areport(url)
    assert report["connections"][0]["wrong"] == []
    assert not {"twisted", "autobahn", "zope"} & set(sys.modules)
"""

TRIO = """
import pytest
import trio
from websockets.sync.client import connect

@pytest.fixture
def anyio_backend():
    return "trio"

@pytest.mark.anyio
async def test_it_waits(wsecho):
    url = wsecho.lab("send=hello", "close")

    def receive():
        with connect(url) as websocket:
            return websocket.recv()

    assert await trio.to_thread.run_sync(receive) == "hello"
    assert len((await wsecho.areport(url))["connections"]) == 1
"""


@pytest.fixture(scope="module")
def programs(released: Released, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of somebody who tests a program of theirs with pytest and its plugins."""
    with_it = ("pytest", "pytest-asyncio", "pytest-xdist", "anyio[trio]", "mypy")
    return environment(tmp_path_factory.mktemp("users") / "venv", released.pure, *with_it)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_project_under_pytest_asyncio(
    programs: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """The fixture is there by itself, once for each worker, and Twisted is nowhere in the tests."""
    (tmp_path / "test_it.py").write_text(PROJECT)
    (tmp_path / "test_too.py").write_text(PROJECT)
    for number, text in enumerate(DOCUMENTED):
        (tmp_path / f"test_documented{number}.py").write_text(text)
    # What else pytest-asyncio warns of.
    scope = ("-o", "asyncio_default_fixture_loop_scope=function")
    strict = ("-W", "error", "-p", "no:cacheprovider", *scope)
    said = run(programs / "python", "-m", "pytest", *strict, *options, cwd=tmp_path)
    assert f"{2 + len(DOCUMENTED)} passed" in said


def test_a_project_on_trio(programs: Path, tmp_path: Path) -> None:
    """By the plugin of anyio."""
    (tmp_path / "test_it.py").write_text(TRIO)
    # Pytest-asyncio would have its own say on a coroutine.
    command = (programs / "python", "-m", "pytest", "-p", "no:asyncio", "-W", "error")
    assert "1 passed" in run(*command, cwd=tmp_path)


def test_its_types_are_known(programs: Path, tmp_path: Path) -> None:
    """To a strict checker: the server's, and what is in a report."""
    assert DOCUMENTED
    (tmp_path / "test_it.py").write_text("\n".join([PROJECT, *DOCUMENTED]))
    said = run(programs / "python", "-m", "mypy", "--strict", "test_it.py", cwd=tmp_path)
    assert said.startswith("Success")
