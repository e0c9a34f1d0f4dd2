# SPDX-License-Identifier: MIT
"""A room's URL and a token on a command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from wsecho.client.errors import Unknown
from wsecho.command.parsing import command_parser
from wsecho.command.room_options import add_room_options, fail_in, token_of

URL = "ws://h/broadcast/a b"


def read(*words: str) -> Callable[[], str] | None:
    """What gives the token, by a command line."""
    parser = command_parser("sing", "", "")
    add_room_options(parser)
    given = parser.parse_args([URL, *words])
    assert given.url == "http://h/broadcast/a%20b"
    return token_of(given)


def test_a_token_comes_from_words_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words win; an empty variable is none."""
    monkeypatch.setenv("WSECHO_TOKEN", "")
    assert read() is None
    monkeypatch.setenv("WSECHO_TOKEN", "a.b.c")
    for words, wanted in (((), "a.b.c"), (("--token", "d.e.f"), "d.e.f")):
        token = read(*words)
        assert token is not None
        assert token() == wanted


def test_a_token_s_file_is_read_whenever_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that somebody may write a fresh one there; a line break at its end is none of it."""
    monkeypatch.setenv("WSECHO_TOKEN", "x.y.z")
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    token = read("--token-file", str(file))
    assert token is not None
    assert token() == "a.b.c"
    file.write_text("d.e.f")
    assert token() == "d.e.f"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "k\n"), r"k\n: No such file or directo"),
        (Unknown("it\x1bis"), r"it\x1bis (unknown)"),
    ],
)
def test_a_complaint(error: Exception, said: str) -> None:
    """Is one line, that does nothing to a terminal."""
    with pytest.raises(SystemExit) as caught:
        fail_in("sing", error, "line 3: ")
    assert str(caught.value.code).startswith(f"wsecho sing: line 3: {said}")
