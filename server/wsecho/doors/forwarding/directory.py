# SPDX-License-Identifier: MIT
"""Which node is where: here by its socket's file, on other machines by what carries the rooms."""

from pathlib import Path
from typing import Final, Protocol

from attrs import frozen
from twisted.internet.defer import Deferred

from wsecho.core.nodes import Address

_ENDING: Final = ".sock"


class Directory(Protocol):
    """The nodes of all machines; each keeps its entry alive while it lives."""

    def enter(self, node: str, address: Address, /) -> None:
        """Say where this node is reached by others."""

    def find(self, node: str, /) -> Deferred[Address | None]:
        """Find a node; None for one that is gone, or never was.

        The result may be a `WireError` where that cannot be told now.
        """


@frozen
class Neighbours:
    """The nodes of this machine: each has a socket in a folder that nobody else may enter.

    Args:
        folder: the folder.
    """

    folder: Path

    def path(self, node: str) -> str:
        """Return where a node's socket is, if it is here."""
        return str(self.folder / f"{node}{_ENDING}")

    def has(self, node: str) -> bool:
        """Tell whether a node is here, or was a moment ago."""
        return Path(self.path(node)).is_socket()
