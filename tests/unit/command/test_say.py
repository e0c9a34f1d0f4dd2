# SPDX-License-Identifier: MIT
"""`wsecho say`, to a room that is none."""

import io
import sys
from typing import Final

import pytest

from wsecho.client.errors import Forbidden
from wsecho.command.say import say
from wsecho.core.wire.positions import Position

URL: Final = "http://127.0.0.1:9/broadcast/a"


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """What was said, by which token; `no` is refused."""
    said: list[tuple[str, str | None]] = []

    def publish(_: str, text: str, *, token: str | None) -> Position:
        if text == "no":
            raise Forbidden("you may not")
        said.append((text, token))
        return Position("e", len(said))

    monkeypatch.setattr("wsecho.command.say.publish", publish)
    monkeypatch.delenv("WSECHO_TOKEN", raising=False)
    return said


def hear(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    """Have something on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))


@pytest.mark.parametrize(
    ("words", "text"), [(["hello"], "hello"), (["hello", "you"], "hello you"), ([""], "")]
)
def test_words_are_one_message(
    room: list[tuple[str, str | None]],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    text: str,
) -> None:
    """As echo has them; its position is printed."""
    assert say([URL, "--token", "a.b.c", "--", *words]) == 0
    assert room == [(text, "a.b.c")]
    assert capsys.readouterr() == ("e:1\n", "")


@pytest.mark.parametrize(
    ("octets", "messages"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        ("é\r\n\u2028x\n".encode(), ["é\r", "\u2028x"]),
    ],
)
def test_each_line_is_a_message(
    room: list[tuple[str, str | None]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    octets: bytes,
    messages: list[str],
) -> None:
    """Ended by a line feed and by nothing else; the last one's may be missing."""
    hear(monkeypatch, octets)
    assert say([URL]) == 0
    assert room == [(message, None) for message in messages]
    assert capsys.readouterr().out.split() == [f"e:{n}" for n in range(1, len(messages) + 1)]


@pytest.mark.parametrize(
    ("line", "why"), [(b"no", "you may not (forbidden)"), (b"\xff", "it is not UTF-8")]
)
def test_the_first_that_is_not_said(
    room: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch, line: bytes, why: str
) -> None:
    """Is named, and ends it."""
    hear(monkeypatch, b"a\nb\n" + line + b"\nc\n")
    with pytest.raises(SystemExit) as caught:
        say([URL])
    assert caught.value.code == f"wsecho say: line 3 was not said: {why}"
    assert [text for text, _ in room] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "why"), [("no", "you may not (forbidden)"), ("\udcff", "it is not UTF-8")]
)
def test_a_text_that_is_not_said(room: list[tuple[str, str | None]], text: str, why: str) -> None:
    """With the reason."""
    with pytest.raises(SystemExit) as caught:
        say([URL, text])
    assert caught.value.code == f"wsecho say: it was not said: {why}"
    assert room == []
