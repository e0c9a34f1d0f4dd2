# SPDX-License-Identifier: MIT
"""Every way to install ends with the plugin, the page and the types in place."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = ("wsecho/py.typed", "wsecho/web/index.html", "twisted/plugins/wsecho_plugin.py")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed, away from this checkout's environment."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks, and nothing that was ever built."""
    clone = tmp_path_factory.mktemp("clone") / "wsecho"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone, cwd=ROOT)
    # The working tree's own state, so that a change is tested before it is committed.
    changed = run("git", "ls-files", "--modified", "--others", "--exclude-standard", cwd=ROOT)
    for name in changed.splitlines():
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    return clone


def environment(folder: Path, *install: str | Path) -> Path:
    """A new virtual environment with something installed; returns its programs' folder."""
    venv.create(folder, with_pip=True, symlinks=True)
    run(folder / "bin/pip", "install", "--quiet", *install, cwd=folder)
    return folder / "bin"


def assert_it_works(programs: Path) -> None:
    """The plugin is listed, the page is found."""
    assert "\n    wsecho " in run(programs / "twistd", "--help", cwd=programs)
    found = "from wsecho import page; print((page.built() / 'index.html').is_file())"
    assert run(programs / "python", "-c", found, cwd=programs) == "True\n"
    assert "--listen" in run(programs / "python", "-m", "wsecho", "--help", cwd=programs)


def test_a_wheel_from_an_sdist_from_a_clone(clone: Path, tmp_path: Path) -> None:
    """The longest way: the page is built once, in the clone, and travels on."""
    build = "import sys; from wsecho import _build; print(_build.build_sdist(sys.argv[1]))"
    output = run(sys.executable, "-c", build, tmp_path, cwd=clone, PYTHONPATH=str(clone / "server"))
    sdist = tmp_path / output.splitlines()[-1]
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    for name in INSIDE:
        assert any(entry.endswith(f"/server/{name}") for entry in names), name

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", sdist, cwd=tmp_path)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert set(INSIDE) <= set(names)
    assert not any("node_modules" in name or name.startswith("tests") for name in names)
    assert_it_works(environment(tmp_path / "venv", wheel))


def test_an_editable_install(clone: Path, tmp_path: Path) -> None:
    """The plugin is found, and so is the page in the checkout."""
    assert_it_works(environment(tmp_path / "venv", "--editable", clone))


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
