# SPDX-License-Identifier: MIT
"""From `MODULE:OBJECT` to an application."""

import sys
from importlib import import_module
from pathlib import Path
from types import TracebackType

from wsecho.hooks.questions import METHODS, all_methods


class AppError(Exception):
    """There is no such application; the reason is one line."""


def load_app(name: str) -> object:
    """Import an application; a class is called without arguments.

    The working folder is the first that is looked in.

    Args:
        name: `MODULE:OBJECT`, the object perhaps an attribute of another, by dots.

    Raises:
        AppError: it cannot be imported or made, or has none of the methods.
    """
    module, _, path = name.partition(":")
    folder = str(Path.cwd())
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    try:
        found: object = import_module(module)
        for attribute in path.split("."):
            found = getattr(found, attribute)
        app = found() if isinstance(found, type) else found
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # what stands in the module is not ours
        raise AppError(_said(error)) from error
    if not all_methods(app):
        *others, last = METHODS
        raise AppError(f"it has none of the methods {', '.join(others)} and {last}")
    return app


def _said(error: BaseException) -> str:
    """Say in one line what went wrong, and in which line of which file where that is not ours."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None or place.tb_frame.f_code.co_filename == __file__ or _is_import(place):
        return f"{kind}: {text}" if text else kind
    where = f"{place.tb_frame.f_code.co_filename}, line {place.tb_lineno}"
    return f"{kind}: {text} ({where})" if text else f"{kind} ({where})"


def _is_import(place: TracebackType) -> bool:
    return "importlib" in place.tb_frame.f_code.co_filename
