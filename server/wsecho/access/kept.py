# SPDX-License-Identifier: MIT
"""The files that access is read from, and how they are read again while the server runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_T = TypeVar("_T")


class BadFileError(Exception):
    """A file cannot be used.

    Args:
        path: which.
        reason: why, in one line.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class KeptFile(Generic[_T]):
    """What was read from some files; it stays in force until they can be read anew, all of them.

    Args:
        paths: the files.
        read: makes something of one file's bytes; raises ValueError.

    Raises:
        BadFileError: one cannot be read, or used.
    """

    def __init__(self, paths: tuple[Path, ...], read: Callable[[bytes], _T]) -> None:
        self._paths = paths
        self._read = read
        self.values = self._read_all()

    def reload(self) -> None:
        """Read the files again.

        Raises:
            BadFileError: one cannot be read, or used; nothing has changed.
        """
        self.values = self._read_all()

    def _read_all(self) -> tuple[_T, ...]:
        return tuple(self._read_one(path) for path in self._paths)

    def _read_one(self, path: Path) -> _T:
        try:
            return self._read(path.read_bytes())
        except OSError as error:
            raise BadFileError(path, error.strerror or "it cannot be read") from None
        except ValueError as error:
            raise BadFileError(path, str(error)) from None
