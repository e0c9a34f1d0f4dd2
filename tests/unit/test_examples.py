# SPDX-License-Identifier: MIT
"""How many examples there are: few of those that take a while."""

import ast
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.examples import few

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("examples", "fewer"), [(1, 1), (10, 10), (12, 10), (100, 10), (120, 12), (20_000, 2000)]
)
def test_few_are_a_tenth_of_the_profile(
    examples: int, fewer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten, where it has fewer than a hundred; all else is as the profile says."""
    profile = settings(max_examples=examples, stateful_step_count=7)
    monkeypatch.setattr("tests.support.examples.settings", lambda **new: settings(profile, **new))
    assert (few().max_examples, few().stateful_step_count) == (fewer, 7)


def lacking(tree: ast.AST) -> list[str]:
    """The functions of a module that try as many examples as there are."""
    decorated = {
        function.name: {
            step.func.id
            for step in function.decorator_list
            if isinstance(step, ast.Call) and isinstance(step.func, ast.Name)
        }
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return [name for name, names in decorated.items() if "given" in names and "few" not in names]


@pytest.mark.parametrize("folder", ["integration", "browser"])
def test_what_takes_real_sockets_is_tried_few_times(folder: str) -> None:
    """Else a test takes minutes when all the others are thorough."""
    texts = {path.name: path.read_text() for path in (TESTS / folder).rglob("*.py")}
    # To parse all takes seconds, and few have any.
    found = {name: lacking(ast.parse(text)) for name, text in texts.items() if "@given" in text}
    assert {name: names for name, names in found.items() if names} == {}


def test_what_is_tried_often_is_found() -> None:
    """Within a function too."""
    text = "def f():\n  @given(x)\n  def g(): ...\n@few()\n@given(x)\ndef h(): ..."
    assert lacking(ast.parse(text)) == ["g"]
