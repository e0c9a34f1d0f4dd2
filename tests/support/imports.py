# SPDX-License-Identifier: MIT
"""The package's own imports, read from its source: who knows whom.

`python -m tests.support.imports` prints each folder: its rooms (files and folders), the arrows
between them, and the circles, of which there are to be none.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from attrs import field, frozen

T = TypeVar("T")

Arrows: TypeAlias = Mapping[T, frozenset[T]]


@frozen
class Imports:
    """What the modules of a package import of each other, for types alone too.

    Args:
        folder: the package's.

    Attributes:
        modules: where each module is, by its full name; a package's own is its `__init__`.
        arrows: what each module imports.
    """

    folder: Path
    modules: Mapping[str, Path] = field(init=False)
    arrows: Arrows[str] = field(init=False)

    @modules.default
    def _find(self) -> Mapping[str, Path]:
        return {self._name(path): path for path in sorted(self.folder.rglob("*.py"))}

    @arrows.default
    def _read(self) -> Arrows[str]:
        return {
            name: frozenset(self._known(imported(path))) - {name, self.folder.name}
            for name, path in self.modules.items()
        }

    def rooms(self, package: str) -> Arrows[str]:
        """Return what the rooms of a folder, files and folders, know of each other."""
        arrows: dict[str, set[str]] = {}
        for name, others in self.arrows.items():
            if (room := _room(package, name)) is not None:
                known = {_room(package, other) for other in others}
                arrows.setdefault(room, set()).update(known - {None, room})  # type: ignore[arg-type]
        return {room: frozenset(others) for room, others in arrows.items()}

    def packages(self) -> list[str]:
        """List the folders that hold modules, the package itself first."""
        return [name for name, path in self.modules.items() if path.name == "__init__.py"]

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.folder.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _known(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            # What is imported from a module is no module itself.
            module = name if name in self.modules else name.rpartition(".")[0]
            if module in self.modules:
                yield module


@cache
def imported(path: Path) -> Sequence[str]:
    """The full names that a file imports, wherever in it."""
    names: list[str] = []
    for node in _statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    # There are no statements inside expressions, which are most of a tree.
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)


def circles(arrows: Arrows[T]) -> list[list[T]]:
    """List the circles: what knows itself by way of others, those that go together in one list."""
    reached = {start: _reach(arrows, start) for start in arrows}
    found: list[list[T]] = []
    for one in arrows:
        circle = [other for other in arrows if other in reached[one] and one in reached[other]]
        if circle and circle not in found:
            found.append(circle)
    return found


def _reach(arrows: Arrows[T], start: T) -> set[T]:
    reached: set[T] = set()
    waiting = set(arrows[start])
    while waiting:
        one = waiting.pop()
        reached.add(one)
        waiting |= arrows.get(one, frozenset()) - reached
    return reached


def _room(package: str, name: str) -> str | None:
    """Return the room of a folder that a module is in; None where it is elsewhere."""
    inside = name.removeprefix(f"{package}.")
    return None if inside == name else inside.split(".", 1)[0]


PACKAGE: Final = Imports(Path(__file__).parents[2] / "server" / "wsecho")
"""The server's."""


def main() -> None:
    """Print the folders, their arrows and circles."""
    out = sys.stdout
    out.write("| folder | rooms | arrows | circles |\n| --- | --- | --- | --- |\n")
    for package in PACKAGE.packages():
        arrows = PACKAGE.rooms(package)
        count = sum(map(len, arrows.values()))
        out.write(f"| {package} | {len(arrows)} | {count} | {len(circles(arrows))} |\n")
    files = len(PACKAGE.modules), sum(map(len, PACKAGE.arrows.values()))
    out.write(f"| all files | {files[0]} | {files[1]} | {len(circles(PACKAGE.arrows))} |\n")


if __name__ == "__main__":
    main()
