# SPDX-License-Identifier: MIT
"""An import may only point down (README, "How it is built")."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import wsecho

PACKAGE = Path(wsecho.__file__).parent

# From the bottom up. A name at the package's top is a layer of its own.
LAYERS = [
    {"core"},
    {"loops"},
    {"bus"},
    {"router"},
    {"access"},
    {"lane"},
    {"config", "values", "settings"},
    {"doors"},
    {"tls"},
    {
        *(
            "buses",
            "credentials",
            "descriptors",
            "discretion",
            "drain",
            "listening",
            "logs",
            "page",
            "options",
        ),
        *("signals", "steady"),
    },
    {"announcing", "clustering", "reload", "sharing"},
    {"service"},
    {"workers"},
    {"starting"},
    {"__main__", "_build"},
]
CORE_MAY_USE = {
    *("attrs", "base64", "binascii", "collections", "datetime", "enum", "fnmatch", "functools"),
    *("hashlib", "http", "ipaddress", "itertools", "json", "math", "re", "struct"),
    *("typing", "unicodedata", "urllib", "zlib"),
    "mmap",  # for memory that is no file's
}


def modules() -> Iterator[Path]:
    """Every module of the package."""
    return (path for path in PACKAGE.rglob("*.py") if path.parts[-2:] != ("wsecho", "__init__.py"))


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """The full names that a module imports."""
    return tuple(imported(path))


def imported(path: Path) -> Iterator[str]:
    """The same, one by one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if node.module == "wsecho" else str(node.module)


def layer(name: str) -> int:
    """How high a module stands."""
    part = name.split(".")[1]
    [height] = [height for height, names in enumerate(LAYERS) if part in names]
    return height


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """No module knows what is built upon it."""
    own = layer(f"wsecho.{path.relative_to(PACKAGE).with_suffix('').parts[0]}")
    for name in imports(path):
        if name.startswith("wsecho.") and name != "wsecho.__version__":
            assert layer(name) <= own, f"{path.name} imports {name} from above"


@pytest.mark.parametrize("path", list((PACKAGE / "core").glob("*.py")), ids=lambda path: path.name)
def test_the_core_knows_no_input_and_no_output(path: Path) -> None:
    """No Twisted, no Autobahn, no sockets, no clock: only this list."""
    for name in imports(path):
        top = name.split(".")[0]
        assert top in CORE_MAY_USE or name.startswith("wsecho.core"), f"{path.name} imports {name}"
