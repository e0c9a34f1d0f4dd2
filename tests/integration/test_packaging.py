# SPDX-License-Identifier: MIT
"""Every way to install ends with the plugin, the page and the types in place."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = (
    *("wsecho/py.typed", "wsecho/web/index.html", "twisted/plugins/wsecho_plugin.py"),
    "wsecho/lane/_octets.pyi",
    "wsecho/bus/redis/client/lua/publish.lua",
    "wsecho/bus/redis/client/lua/shared/stand.lua",
)
SOURCE = "wsecho/lane/_octets.c"
COMPILED = "wsecho/lane/_octets.abi3.so"


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
    assert run(programs / "wsecho", "check", cwd=programs).endswith("all is well\n")


@pytest.fixture(scope="module")
def sdist(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is uploaded, made of the clone: the page is built once, there, and travels on."""
    folder = tmp_path_factory.mktemp("sdist")
    build = "import sys; from wsecho import _build; print(_build.build_sdist(sys.argv[1]))"
    output = run(sys.executable, "-c", build, folder, cwd=clone, PYTHONPATH=str(clone / "server"))
    return folder / output.splitlines()[-1]


def wheel_of(sdist: Path, folder: Path, **variables: str) -> tuple[Path, set[str]]:
    """A wheel, and what is in it."""
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", sdist)
    run(*pip, cwd=folder, **variables)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return wheel, set(archive.namelist())


def test_a_wheel_from_an_sdist_from_a_clone(sdist: Path, tmp_path: Path) -> None:
    """The longest way."""
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    for name in (*INSIDE, SOURCE):
        assert any(entry.endswith(f"/server/{name}") for entry in names), name

    wheel, inside = wheel_of(sdist, tmp_path)
    assert set(INSIDE) <= inside
    assert not any("node_modules" in name or name.startswith("tests") for name in inside)
    assert_it_works(environment(tmp_path / "venv", wheel))


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


@pytest.mark.skipif(
    not any(shutil.which(name) for name in ("cc", "gcc", "clang")), reason="there is no C compiler"
)
def test_where_a_compiler_is_a_wheel_is_compiled_for_all_versions(
    sdist: Path, tmp_path: Path
) -> None:
    """By Python's stable interface; the environment can have it left aside."""
    wheel, inside = wheel_of(sdist, tmp_path, WSECHO_PURE="")
    assert COMPILED in inside
    assert SOURCE not in inside
    assert "-cp311-abi3-" in wheel.name
    assert is_compiled(wheel, tmp_path / "there", WSECHO_PURE="")
    assert not is_compiled(wheel, tmp_path / "there", WSECHO_PURE="1")


def test_without_a_compiler_it_does_the_same_in_python(sdist: Path, tmp_path: Path) -> None:
    """The build goes on without; nothing is missing but speed."""
    wheel, inside = wheel_of(sdist, tmp_path, CC="/bin/false")
    assert COMPILED not in inside
    assert set(INSIDE) <= inside
    assert not is_compiled(wheel, tmp_path / "there")
    here = str(tmp_path / "there")
    assert "--listen" in run(
        sys.executable, "-m", "wsecho", "--help", cwd=tmp_path, PYTHONPATH=here
    )


def old_python(version: str) -> str:
    """A program of this version, on the path or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in pyenv.glob(f"{version}.*/bin/python")]
    for python in [*found, shutil.which(f"python{version}")]:
        if (
            python
            and not subprocess.run([python, "-V"], capture_output=True, check=False).returncode
        ):
            return python
    pytest.skip(f"there is no Python {version}")


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10"])
def test_an_older_python_is_told_so(sdist: Path, tmp_path: Path, version: str) -> None:
    """By pip, in one line that names the version that is needed."""
    command = [old_python(version), "-c", "import venv; venv.create('old', with_pip=True)"]
    run(*command, cwd=tmp_path)
    done = subprocess.run(
        [tmp_path / "old/bin/pip", "install", "--no-deps", sdist],
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
