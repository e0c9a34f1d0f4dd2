# SPDX-License-Identifier: MIT
"""Every way to install ends with the plugin, the page and the types in place."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.integration.packaging.building import Released, run


def assert_it_works(programs: Path) -> None:
    """The plugin is listed, the page is found."""
    assert "\n    wsecho " in run(programs / "twistd", "--help", cwd=programs)
    found = "from wsecho import page; print((page.built() / 'index.html').is_file())"
    assert run(programs / "python", "-c", found, cwd=programs) == "True\n"
    assert "--listen" in run(programs / "python", "-m", "wsecho", "--help", cwd=programs)
    assert run(programs / "wsecho", "check", cwd=programs).endswith("all is well\n")


def wheel_of(sdist: Path, folder: Path, **variables: str) -> tuple[Path, set[str]]:
    """A wheel, and what is in it."""
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", sdist)
    run(*pip, cwd=folder, **variables)
    [wheel] = folder.glob("*.whl")
    return wheel, names_in(wheel)


def names_in(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def is_compiled(wheel: Path, folder: Path, **variables: str) -> bool:
    """Install a wheel beside what it needs; tell whether its lane is compiled, and reads."""
    if not folder.exists():
        pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder)
        run(*pip, wheel, cwd=wheel.parent)
    program = (
        "import wsecho; from wsecho.lane import speedups as lane; "
        "print(wsecho.__file__, lane.is_compiled,"
        r"lane.read_messages(b'\x81\x82\0\0\0\0hi', 9))"
    )
    where, answer, read = run(
        sys.executable, "-c", program, cwd=folder, **{"PYTHONPATH": str(folder), **variables}
    ).split(" ", 2)
    assert Path(where).is_relative_to(folder)
    assert read == "([(b'hi', False)], 8)\n"
    return answer == "True"


def test_the_wheel_of_linux_is_compiled(released: Released, tmp_path: Path) -> None:
    """The environment of a server can have that left aside."""
    assert is_compiled(released.compiled, tmp_path / "there", WSECHO_PURE="")
    assert not is_compiled(released.compiled, tmp_path / "there", WSECHO_PURE="1")


def test_the_wheel_of_every_platform_does_the_same_in_python(
    released: Released, tmp_path: Path
) -> None:
    """Nothing is missing but speed."""
    assert not is_compiled(released.pure, tmp_path / "there", WSECHO_PURE="")


def test_an_sdist_without_a_compiler_makes_the_wheel_of_every_platform(
    released: Released, tmp_path: Path
) -> None:
    """Named so, too: else pip would take it for a compiled one, and keep it."""
    wheel, inside = wheel_of(released.sdist, tmp_path, WSECHO_PURE="", CC="/nowhere/cc")
    assert wheel.name == released.pure.name
    assert inside == names_in(released.pure)
    here = str(tmp_path / "there")
    assert not is_compiled(wheel, Path(here))
    assert "--listen" in run(
        sys.executable, "-m", "wsecho", "--help", cwd=tmp_path, PYTHONPATH=here
    )


def test_an_sdist_without_node(released: Released, tmp_path: Path) -> None:
    """The page is in it; with a compiler, the wheel is compiled for all later versions."""
    for number, name in enumerate(("node", "npm")):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {number + 1}\n")
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    (tmp_path / "built").mkdir()
    wheel, inside = wheel_of(released.sdist, tmp_path / "built", WSECHO_PURE="", PATH=path)
    assert "-cp311-abi3-linux_" in wheel.name
    assert inside == names_in(released.compiled)


@pytest.mark.parametrize("version", ["3.8", "3.10"])
def test_an_older_python_is_told_so(released: Released, tmp_path: Path, version: str) -> None:
    """By pip, in one line that names the version that is needed."""
    from _release.pythons import find  # noqa: PLC0415  (the folder is found by conftest)

    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    run(python, "-m", "venv", "old", cwd=tmp_path)
    for distribution in (released.sdist, released.pure):
        done = subprocess.run(
            [tmp_path / "old/bin/pip", "install", "--no-deps", distribution],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
            check=False,
        )
        assert done.returncode == 1
        [line] = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        assert f"'wsecho' requires a different Python: {version}." in line
        assert line.endswith("not in '>=3.11'")
        assert "Traceback" not in done.stderr


def test_without_npm_the_build_fails_in_one_line(clone: Path, tmp_path: Path) -> None:
    """It never ships without a page in silence."""
    bare = tmp_path / "bare"
    run("git", "clone", "--quiet", clone, bare, cwd=tmp_path)
    build = "from wsecho import _build; _build.build_wheel('.')"
    done = subprocess.run(
        # A path without npm, through an interpreter that has none beside it.
        [sys.executable, "-c", f"import sys; sys.executable = '/nowhere/python'; {build}"],
        cwd=bare,
        env={"PATH": "/nowhere", "PYTHONPATH": str(bare / "server")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert "there is no npm" in line
