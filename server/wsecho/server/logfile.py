# SPDX-License-Identifier: MIT
"""The log's file: appended to, and begun anew once somebody has moved it away.

Whoever rotates logs moves the file and then tells the server, or does not. So the name is looked
at before each write: a line that is written after the move is in the new file, one that was
written before is in the old one, and none is in neither.
"""

import os
from pathlib import Path


class LogFile:
    """A file to log into, with as much of Python's files as `Log` asks for.

    Args:
        path: its name, which stays the same wherever the process goes.

    Raises:
        OSError: it cannot be opened, or made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._descriptor = self._open()
        self._is_torn = False

    def write(self, text: str) -> None:
        """Append a text, whole.

        Raises:
            OSError: the system does not take it.
        """
        if self._is_elsewhere():
            self._try_to_reopen()
        octets = text.encode(errors="backslashreplace")
        if self._is_torn:
            # Else this line would be the end of one that the system has taken a part of.
            octets = b"\n" + octets
        while octets:
            taken = os.write(self._descriptor, octets)
            self._is_torn = octets[taken - 1 : taken] != b"\n"
            octets = octets[taken:]

    def flush(self) -> None:
        """Do nothing: all is written at once."""

    def reopen(self) -> None:
        """Go on in the file that has the name now; make it if there is none.

        Raises:
            OSError: that cannot be; the old file is written on.
        """
        fresh = self._open()
        os.close(self._descriptor)
        self._descriptor = fresh
        self._is_torn = False

    def close(self) -> None:
        """Close it; nothing may be written any more."""
        os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _is_elsewhere(self) -> bool:
        try:
            named = self._path.stat()
        except OSError:
            return True
        return not os.path.samestat(named, os.fstat(self._descriptor))

    def _try_to_reopen(self) -> None:
        try:
            self.reopen()
        except OSError:
            # Better in the old one than in none; the next line tries again.
            return
