# SPDX-License-Identifier: MIT
"""An application is found by its name, or one line says why not."""

import sys
from pathlib import Path

import pytest

from wsecho.hooks import App
from wsecho.hooks.loading import AppError, load_app

MODULE = """
class Chat:
    def joining(self, visit, room):
        pass

class Inside:
    chat = Chat()

class Silent:
    pass

class Needy(Chat):
    def __init__(self, url):
        pass

class Exiting(Chat):
    def __init__(self):
        raise SystemExit(3)

ready = Chat()
ready.name = "mine"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that has modules."""
    (tmp_path / "hooked_chat.py").write_text(MODULE)
    (tmp_path / "hooked_broken.py").write_text("import json\n1 / 0\n")
    (tmp_path / "hooked_wrong.py").write_text("def (:\n")
    # The standard library has one of that name, too.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("hooked_chat", "hooked_broken", "hooked_wrong"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_class_is_called_and_an_object_is_taken() -> None:
    """From the working folder, by dots too."""
    assert type(load_app("hooked_chat:Chat")).__name__ == "Chat"
    assert load_app("hooked_chat:ready").name == "mine"  # type: ignore[attr-defined]
    assert type(load_app("hooked_chat:Inside.chat")).__name__ == "Chat"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hooked_nowhere:Chat", "ModuleNotFoundError: No module named 'hooked_nowhere'"),
        ("hooked_chat:Chatt", "has no attribute 'Chatt'"),
        ("hooked_broken:App", "ZeroDivisionError: division by zero .*hooked_broken.py, line 2"),
        ("hooked_wrong:App", "SyntaxError: .*line 1"),
        ("hooked_chat:Needy", "TypeError: .*missing 1 required positional argument: 'url'"),
        ("hooked_chat:Exiting", "SystemExit: 3 .*hooked_chat.py, line"),
        ("hooked_chat:Silent", "none of the methods connecting, joining, publishing and happened"),
    ],
)
def test_what_is_no_application_is_said_in_one_line(name: str, said: str) -> None:
    """With the line of the file, where that is not ours."""
    with pytest.raises(AppError, match=said) as error:
        load_app(name)
    assert "\n" not in str(error.value)


def test_what_is_inherited_from_the_description_is_no_method(tmp_path: Path) -> None:
    """Who writes `class Chat(App)` for its types is asked only what it answers."""
    (tmp_path / "hooked_typed.py").write_text(
        "from wsecho.hooks import App\nclass Typed(App):\n  def joining(self, visit, room): pass\n"
        "class Empty(App):\n  pass\n"
    )
    assert type(load_app("hooked_typed:Typed")).__mro__[1] is App
    with pytest.raises(AppError, match="none of the methods"):
        load_app("hooked_typed:Empty")
