# SPDX-License-Identifier: MIT
"""A client of wsecho's rooms for programs in Python.

It stands beside the server and shares only `core` with it: it imports neither Twisted nor
Autobahn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wsecho.client.posting import publish, publish_async

__all__ = ["publish", "publish_async"]

_PLACES: Final = {"publish": "posting", "publish_async": "posting"}
"""What is imported once it is used: whoever only posts needs no `websockets`."""


def __getattr__(name: str) -> Any:
    """Import what is used (PEP 562)."""
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
