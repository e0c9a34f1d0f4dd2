# SPDX-License-Identifier: MIT
"""Which nodes are on this machine: each has a socket's file."""

from pathlib import Path
from typing import Final

from attrs import frozen

_ENDING: Final = ".sock"


@frozen
class NodeSockets:
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
