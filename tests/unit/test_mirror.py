# SPDX-License-Identifier: MIT
"""These tests mirror the tree: whoever changes a module finds beside it what holds it."""

import ast
from pathlib import Path

from tests.support.imports import PACKAGE

UNIT = Path(__file__).parent


def does_something(module: ast.AST) -> bool:
    """Tell whether a function of a module does more than say what it is for, as Protocols do."""
    return any(
        not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for step in function.body
    )


def place_of_tests(module: Path) -> Path:
    """Return where the tests of a module are: in its place of the tree, under its name."""
    place = module.relative_to(PACKAGE.folder)
    return UNIT / place.with_name(f"test_{module.stem.strip('_')}.py")


def test_each_module_that_does_something_has_its_tests() -> None:
    """Under its own name, whatever else tests it too."""
    missing = [
        name
        for name, path in PACKAGE.modules.items()
        if not place_of_tests(path).is_file() and does_something(ast.parse(path.read_text()))
    ]
    assert missing == []


def test_what_is_missing_is_found() -> None:
    """So that the test above can fail, and asks nothing of what does nothing."""
    assert place_of_tests(PACKAGE.folder / "core" / "none.py") == UNIT / "core" / "test_none.py"
    assert place_of_tests(PACKAGE.folder / "__main__.py") == UNIT / "test_main.py"
    assert not does_something(ast.parse('class A(Protocol):\n  def f(self) -> int:\n    "Do."'))
    assert not does_something(ast.parse("A = 1\ndef f(): ..."))
    assert does_something(ast.parse("class A:\n  async def f(self):\n    'Do.'\n    return 1"))
